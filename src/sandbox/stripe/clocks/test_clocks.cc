#include "sandbox/stripe/clocks/test_clocks.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <utility>

#include "sandbox/stripe/clocks/billing_engine.h"
#include "sandbox/stripe/customers/customers.h"
#include "sandbox/stripe/wire/billing_document.h"
#include "sandbox/stripe/wire/fields.h"
#include "subscriptions/billing_period.h"

namespace turnpike::twin {
namespace {

constexpr std::string_view kTestClockKind = "test_helpers.test_clock";
constexpr auto kLifetime = std::chrono::days(30);

std::string target_name() { return "target_frozen_time"; }

Instant frozen_time(const Json& clock) { return *instant_of(clock, "frozen_time"); }

Refusal no_such_clock(const std::string& id) { return no_such_object("testclock", id); }

/// The end of two cycles of the shortest subscription on the clock; two years without any.
Instant farthest_target(Context& ctx, const Json& clock) {
    const auto now = frozen_time(clock);
    std::optional<Instant> farthest;
    for (const auto& customer : ctx.list_ids("customer", {.parent = text_of(clock, "id")})) {
        for (const auto& subscription : ctx.list("subscription", {.customer = customer})) {
            if (is_ended(subscription)) continue;
            for (const auto& item : part_of(part_of(subscription, "items"), "data")) {
                const auto& price = part_of(item, "price");
                if (part_of(price, "recurring").empty()) continue;
                const auto end = add_intervals(now, interval_of(price), 2);
                farthest = std::min(farthest.value_or(end), end);
            }
        }
    }
    return farthest.value_or(add_intervals(now, {BillingInterval::Unit::Year, 1}, 2));
}

Answer create_clock(Operation& operation) {
    auto& ctx = operation.ctx;
    auto& params = operation.params;
    Json clock;
    clock["id"] = ctx.new_id("clock");
    clock["object"] = std::string(kTestClockKind);
    clock["created"] = unix_seconds(ctx.now());
    clock["deletes_after"] = unix_seconds(ctx.now() + kLifetime);
    clock["livemode"] = false;
    clock["name"] = nullptr;
    clock["status"] = "ready";
    clock["status_details"] = Json::object();
    const auto frozen = params.timestamp("frozen_time");
    if (!frozen) params.complain(missing_param("frozen_time"));
    set_text(params, "name", clock);
    if (const auto complaint = params.complaint()) return Refusal(*complaint);

    clock["frozen_time"] = unix_seconds(*frozen);
    ctx.put(clock);
    ctx.emit("test_helpers.test_clock.created", clock);
    return clock;
}

Answer get_clock(Operation& operation) {
    if (const auto complaint = operation.params.complaint()) return Refusal(*complaint);
    auto clock = operation.ctx.find(kTestClockKind, operation.path("test_clock"));
    if (!clock) return no_such_clock(operation.path("test_clock"));
    return *std::move(clock);
}

Answer list_clocks(Operation& operation) { return list_objects(operation, kTestClockKind, {}); }

/// Takes the clock's customers, and what they have subscribed to, along.
Answer delete_clock(Operation& operation) {
    if (const auto complaint = operation.params.complaint()) return Refusal(*complaint);
    auto& ctx = operation.ctx;
    const auto& id = operation.path("test_clock");
    const auto clock = ctx.find(kTestClockKind, id);
    if (!clock) return no_such_clock(id);
    for (const auto& customer : ctx.list("customer", {.parent = id})) {
        const auto deleted = delete_customer_and_contracts(ctx, customer);
        if (!deleted) return deleted;
    }
    ctx.remove(kTestClockKind, id);
    ctx.emit("test_helpers.test_clock.deleted", *clock);
    return Json{{"id", id}, {"object", std::string(kTestClockKind)}, {"deleted", true}};
}

Answer advance_clock(Operation& operation) {
    auto& params = operation.params;
    const auto target = params.timestamp("frozen_time");
    if (!target) params.complain(missing_param("frozen_time"));
    if (const auto complaint = params.complaint()) return Refusal(*complaint);
    return start_advance(operation.ctx, operation.path("test_clock"), *target);
}

constexpr auto kTestClockRoutes = std::to_array<OperationRoute>({
    {"POST", "/v1/test_helpers/test_clocks", create_clock},
    {"GET", "/v1/test_helpers/test_clocks", list_clocks},
    {"GET", "/v1/test_helpers/test_clocks/{test_clock}", get_clock},
    {"DELETE", "/v1/test_helpers/test_clocks/{test_clock}", delete_clock},
    {"POST", "/v1/test_helpers/test_clocks/{test_clock}/advance", advance_clock},
});

}  // namespace

Answer start_advance(Context& ctx, const std::string& id, Instant target) {
    auto clock = ctx.find(kTestClockKind, id);
    if (!clock) return no_such_clock(id);
    const std::string status = text_of(*clock, "status");
    if (status == "internal_failure")
        return bad_param("", "",
                         "The test clock has failed to advance and stays where it is. Delete it, "
                         "and begin again with a new one.");
    if (status != "ready")
        return bad_param("", "",
                         "The test clock is still advancing. Wait until its status is ready.");
    if (target <= frozen_time(*clock))
        return bad_param("frozen_time", "",
                         "The frozen time must be after the test clock's current frozen time.");
    if (target > farthest_target(ctx, *clock))
        return bad_param("frozen_time", "",
                         "You can only advance a test clock by up to two intervals of the shortest "
                         "subscription on it (two years without subscriptions).");

    (*clock)["status"] = "advancing";
    (*clock)["status_details"] = {{"advancing", {{target_name(), unix_seconds(target)}}}};
    ctx.put(*clock);
    ctx.emit("test_helpers.test_clock.advancing", *clock);
    return *std::move(clock);
}

Answer finish_advance(Context& ctx, const std::string& clock_id) {
    const auto moving = ctx.find(kTestClockKind, clock_id);
    if (!moving || text_of(*moving, "status") != "advancing") return Json();
    const auto target =
        instant_of(part_of(part_of(*moving, "status_details"), "advancing"), target_name());
    const auto ran = run_engine(ctx, clock_id, *target);
    if (!ran) return Refusal(ran.error());
    Json clock = *moving;
    clock["frozen_time"] = unix_seconds(*target);
    clock["status"] = "ready";
    clock["status_details"] = Json::object();
    ctx.put(clock);
    ctx.emit("test_helpers.test_clock.ready", clock);
    return clock;
}

Answer fail_advance(Context& ctx, const std::string& clock_id) {
    auto clock = ctx.find(kTestClockKind, clock_id);
    if (!clock) return Json();
    (*clock)["status"] = "internal_failure";
    (*clock)["status_details"] = Json::object();
    ctx.put(*clock);
    ctx.emit("test_helpers.test_clock.internal_failure", *clock);
    return *std::move(clock);
}

const Feature& test_clock_feature() {
    static constexpr Feature kFeature{.operations = kTestClockRoutes};
    return kFeature;
}

}  // namespace turnpike::twin
