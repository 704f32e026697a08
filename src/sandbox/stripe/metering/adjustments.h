#pragma once

#include <string>

#include "sandbox/stripe/core/context.h"

/// What v1 and v2 share of taking meter events back.
namespace turnpike::twin {

struct CanceledEvent {
    std::string event_name;
    std::string identifier;
};
/// Reads event_name, type and cancel[identifier], and cancels that event.
/// Errors: 400 for one that is not there, or that arrived more than 24 hours ago.
Outcome<CanceledEvent> cancel_event(Operation& operation);

/// Stripe's words for an identifier that is taken.
std::string already_exists_message(const std::string& identifier);

}  // namespace turnpike::twin
