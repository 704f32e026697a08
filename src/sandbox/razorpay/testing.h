#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/id.h"
#include "base/time.h"
#include "http/message.h"
#include "json/value.h"
#include "sandbox/razorpay/twin.h"
#include "sql/testing.h"

namespace turnpike::twin::razorpay::testing {

struct Reply {
    int status = 0;
    Json body;
    std::string text;
    http::Headers headers;
    /// body.error.description and its like; "" when absent.
    [[nodiscard]] std::string error(const std::string& member) const;
};

/// A twin in a folder of its own, spoken to without a network. The sandbox's clock stands at
/// 2027-01-10T06:30:00Z, noon in India, and is moved by advance().
class TwinUnderTest {
public:
    TwinUnderTest();

    Reply call(http::Method method, std::string_view target, std::string_view body = "",
               http::Headers headers = {});
    Reply get(std::string_view target) { return call(http::Method::Get, target); }
    Reply post(std::string_view target, std::string_view json = "") {
        return call(http::Method::Post, target, json);
    }
    Reply patch(std::string_view target, std::string_view json) {
        return call(http::Method::Patch, target, json);
    }
    /// What a person's browser sends; `form` is "action=authorise".
    Reply submit(std::string_view path, std::string_view form);

    /// The id of a new monthly plan of INR 500.00 (or what `json` says).
    std::string plan(std::string_view json = R"({"period": "monthly", "interval": 1, "item":
        {"name": "Gold", "amount": 50000, "currency": "INR"}})");
    /// The id of a new subscription to `plan`, with further members of the body.
    std::string subscription(const std::string& plan, const std::string& more = "");
    /// The same, authorised by card.
    std::string active_subscription(const std::string& plan, const std::string& more = "");
    Json look(const std::string& subscription);
    void advance(std::int64_t seconds);
    /// What banks say to this subscription from now on: "succeed" or "fail".
    void let_charges(const std::string& subscription, const std::string& outcome);

    /// Names of all events so far that webhooks were queued for, oldest first. Call listen() first.
    void listen();
    std::vector<std::string> events();
    /// The body of the newest one of them.
    Json last_event();

    void restart();
    void use_keys(std::string keys) { keys_ = std::move(keys); }
    [[nodiscard]] ManualClock& clock() { return clock_; }
    [[nodiscard]] Twin& twin() { return *twin_; }
    void run_due_work();

private:
    sql::TempFolder folder_;
    ManualClock clock_;
    RandomIdSource ids_;
    std::string keys_ = "rzp_test_first:secret";
    std::unique_ptr<Twin> twin_;
};

inline constexpr std::int64_t kDay = 86'400;

}  // namespace turnpike::twin::razorpay::testing
