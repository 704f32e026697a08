#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "sandbox/stripe/schedules/schedules.h"
#include "sandbox/stripe/testing/billing_testing.h"
#include "sandbox/stripe/wire/billing_document.h"

namespace turnpike::twin {

/// A customer on a test clock that stands at 1 March 2026, midnight, and two monthly prices of
/// $31.00 and $62.00: a day of March costs a dollar, or two.
class ScheduleTest : public ::testing::Test {
protected:
    ScheduleTest() {
        clock_ = sandbox_.test_clock(date("2026-03-01"));
        customer_ = sandbox_.customer("pm_card_visa", "&test_clock=" + clock_);
        one_ = sandbox_.price("One", 3100);
        two_ = sandbox_.price("Two", 6200);
        sandbox_.new_events();
    }
    static Instant date(const std::string& day) { return *parse_rfc3339(day + "T00:00:00Z"); }
    static std::string seconds(const std::string& day) {
        return std::to_string(unix_seconds(date(day)));
    }
    static std::string day_of(const Json& seconds_since_1970) {
        return format_rfc3339(from_unix_seconds(seconds_since_1970.get<std::int64_t>()))
            .substr(0, 10);
    }
    static std::string path_of(const Json& schedule) {
        return "/v1/subscription_schedules/" + text_of(schedule, "id");
    }
    static std::string phase(int index, const std::string& price, const std::string& more) {
        const std::string name = "&phases[" + std::to_string(index) + "]";
        std::string form = name + "[items][0][price]=" + price;
        for (std::size_t at = 0; at < more.size();) {
            const std::size_t end = std::min(more.find(' ', at), more.size());
            form += name + more.substr(at, end - at);
            at = end + 1;
        }
        return form;
    }
    static std::string months(int count) {
        return "[duration][interval]=month [duration][interval_count]=" + std::to_string(count);
    }
    /// phases[0] of an update in March: the phase that runs from the 1st on.
    static std::string running(const std::string& price, const std::string& more = "") {
        const std::string dates =
            "[start_date]=" + seconds("2026-03-01") + " [end_date]=" + seconds("2026-04-01");
        return phase(0, price, dates + (more.empty() ? "" : " " + more)).substr(1);
    }
    Json create(const std::string& phases) {
        return sandbox_.post("/v1/subscription_schedules", "customer=" + customer_ + phases);
    }
    Json get(const Json& schedule) { return sandbox_.get(path_of(schedule)); }
    Json subscription_of(const Json& schedule) {
        std::string id = text_of(schedule, "subscription");
        if (id.empty()) id = text_of(schedule, "released_subscription");
        return sandbox_.get("/v1/subscriptions/" + id);
    }
    Json subscribe(const std::string& price, const std::string& more = "") {
        return sandbox_.post("/v1/subscriptions",
                             "customer=" + customer_ + "&items[0][price]=" + price + more);
    }
    Json invoices() { return sandbox_.get("/v1/invoices", "customer=" + customer_)["data"]; }
    std::vector<std::int64_t> newest_lines() {
        return amounts_of(invoices().at(0)["lines"]["data"]);
    }
    std::vector<std::int64_t> pending() {
        return amounts_of(
            sandbox_.get("/v1/invoiceitems", "customer=" + customer_ + "&pending=true")["data"]);
    }
    void until(const std::string& day) { sandbox_.advance(clock_, date(day)); }
    std::string refusal(const std::string& path, const std::string& form) {
        const StripeError error = sandbox_.refused(path, form);
        return error.param + ": " + error.message;
    }

    BillingSandbox sandbox_;
    std::string clock_, customer_, one_, two_;
};

}  // namespace turnpike::twin
