#include "sandbox/razorpay/controls.h"

#include <array>
#include <chrono>

#include "sandbox/documents.h"
#include "sandbox/razorpay/engine.h"
#include "sandbox/razorpay/payments.h"

namespace turnpike::twin::razorpay {
namespace {

constexpr auto kAdvanceMax = std::chrono::seconds(std::chrono::days(366));

Json clock_document(const Context& ctx) {
    const auto offset = std::chrono::floor<std::chrono::seconds>(ctx.account().clock_offset);
    return Json{
        {"entity", "clock"}, {"now", ctx.now_seconds()}, {"offset_seconds", offset.count()}};
}

Answer show_clock(Operation& operation) {
    if (const auto complaint = operation.params.complaint()) return Refusal(*complaint);
    return clock_document(operation.ctx);
}

Answer move_clock(Operation& operation) {
    auto& ctx = operation.ctx;
    auto& params = operation.params;
    const auto by = params.integer("advance_seconds", 1, kAdvanceMax.count());
    const auto to = params.timestamp("now");
    if (by.has_value() == to.has_value())
        params.complain(bad_request("Give either advance_seconds or now"));
    if (const auto complaint = params.complaint()) return Refusal(*complaint);
    return move_clock_to(ctx, to ? *to : ctx.now() + std::chrono::seconds(*by));
}

/// What a subscription's bank says from now on: {"charges": "succeed" | "fail"}.
Answer set_instrument(Operation& operation) {
    auto& params = operation.params;
    auto subscription = object_of_path(operation, "subscription");
    if (!subscription) return subscription;
    const auto charges = params.one_of("charges", {"succeed", "fail"});
    if (!charges) params.complain(bad_request("The charges field is required.", "charges"));
    if (const auto complaint = params.complaint()) return Refusal(*complaint);
    if (part_of(*subscription, "_instrument").empty())
        return bad_request("Nobody has authorised this subscription yet");
    Instrument instrument = instrument_of(*subscription);
    instrument.bank = *charges == "fail" ? Instrument::Bank::Declines : Instrument::Bank::Approves;
    (*subscription)["_instrument"] = to_json(instrument);
    operation.ctx.put(*subscription);
    return subscription;
}

Answer show_account(Operation& operation) {
    if (const auto complaint = operation.params.complaint()) return Refusal(*complaint);
    return Json{{"id", operation.ctx.account().id}, {"entity", "account"}};
}

constexpr auto kControlRoutes = std::to_array<Route>({
    {"GET", "/_sandbox/account", show_account},
    {"GET", "/_sandbox/clock", show_clock},
    {"POST", "/_sandbox/clock", move_clock},
    {"POST", "/_sandbox/subscriptions/{id}/instrument", set_instrument},
});

}  // namespace

Answer move_clock_to(Context& ctx, Instant target) {
    if (target <= ctx.now() || target - ctx.now() > kAdvanceMax)
        return bad_request("now must lie ahead of the clock, by at most 366 days", "now");
    ctx.advance_clock(target - ctx.now());
    run_engine(ctx, target);
    return clock_document(ctx);
}

std::span<const Route> control_routes() { return kControlRoutes; }

}  // namespace turnpike::twin::razorpay
