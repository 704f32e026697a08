#pragma once

#include "access/principal.h"
#include "audit/audit.h"
#include "http/message.h"

namespace turnpike {

/// Who asks, and with which request: for what is done now, or begun now and finished later.
Authority authority_of(const Principal& caller, const http::Request& request);

}  // namespace turnpike
