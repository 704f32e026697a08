#pragma once

#include <optional>

#include "access/handler_testing.h"
#include "access/keyed_request.h"

namespace turnpike::testing {

struct Repetition {
    Result<http::Response> first;
    std::optional<http::Response> again;  ///< absent when nothing was kept, and it would run again
};

/// Runs `call(caller, request)` under an Idempotency-Key, lets the process die when its effect is
/// committed and before its answer is on the way, and sends the same again.
template <class Call>
Repetition repeat_after_crash(KeyedRequests& keys, Principal caller, http::Request request,
                              Call call) {
    static int number = 0;
    request.method = http::Method::Post;
    const std::string key = "repeated-" + std::to_string(++number);
    const auto begun = run(keys.begin(caller.name, request, key));
    EXPECT_TRUE(begun) << begun.error().message;
    caller.keyed = begun->run.get();
    Repetition repetition{call(caller, request), {}};
    keys.forget_leases();
    auto later = run(keys.begin(caller.name, request, key));
    if (later) repetition.again = std::move(later->answer);
    return repetition;
}

}  // namespace turnpike::testing
