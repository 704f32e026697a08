#pragma once

#include "sandbox/stripe/core/context.h"
#include "sandbox/stripe/core/feature.h"

namespace turnpike::twin {

const Feature& webhook_endpoint_feature();

}  // namespace turnpike::twin
