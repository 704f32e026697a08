#pragma once

#include <string>

#include "app/commands/local_stack.h"
#include "base/error.h"

namespace turnpike {

/// The customer of the first look: bound to a test clock, so that a month can pass in a second.
struct Demo {
    std::string customer;  ///< external id
    std::string admin_token, customer_token;
    std::string test_clock;
    Instant clock_time;
};

/// Makes the demo customer through the server's own API, or finds the one of an earlier start.
/// Errors: Unavailable "up.demo_refused" with the server's answer.
Result<Demo> prepare_demo(LocalStack& stack);

/// URLs, tokens, and the commands that walk through the main job.
void print_welcome(LocalStack& stack, const Demo& demo);

}  // namespace turnpike
