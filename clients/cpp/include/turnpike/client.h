#pragma once

// All of the library: find_package(turnpike), link turnpike::client, include this.

#include "turnpike/client/client.h"       // IWYU pragma: export
#include "turnpike/client/clock.h"        // IWYU pragma: export
#include "turnpike/client/error.h"        // IWYU pragma: export
#include "turnpike/client/event.h"        // IWYU pragma: export
#include "turnpike/client/hold.h"         // IWYU pragma: export
#include "turnpike/client/recorder.h"     // IWYU pragma: export
#include "turnpike/client/reservation.h"  // IWYU pragma: export
#include "turnpike/client/result.h"       // IWYU pragma: export
#include "turnpike/client/standing.h"     // IWYU pragma: export
