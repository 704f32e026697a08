#pragma once

#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "billing/testing/testing.h"

namespace turnpike {

/// What goes wrong at the shared sandbox from now on: a rule as docs/sandbox.md has it.
inline void trouble(BillingWorld& world, std::string rule) {
    http::Call call{.method = http::Method::Post,
                    .url = SharedSandbox::get().url() + "/_sandbox/chaos"};
    call.headers = {{"Content-Type", "application/json"}};
    call.body = std::move(rule);
    const auto answer = world.run(world.http.send(call));
    ASSERT_TRUE(answer);
    ASSERT_EQ(answer->status, 200) << answer->body;
}

inline void all_is_well(BillingWorld& world) {
    http::Call call{.method = http::Method::Delete,
                    .url = SharedSandbox::get().url() + "/_sandbox/chaos"};
    ASSERT_TRUE(world.run(world.http.send(call)));
}

}  // namespace turnpike
