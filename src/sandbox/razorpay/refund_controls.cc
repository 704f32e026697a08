#include "sandbox/razorpay/refund_controls.h"

#include <array>

#include "sandbox/documents.h"
#include "sandbox/razorpay/payments.h"

namespace turnpike::twin::razorpay {
namespace {

/// {"refunds": "process" | "wait"}: further refunds of this payment are done at once, or pending.
Answer set_refunds(Operation& operation) {
    auto& params = operation.params;
    auto payment = object_of_path(operation, "payment");
    if (!payment) return payment;
    const auto refunds = params.one_of("refunds", {"process", "wait"});
    if (!refunds) params.complain(bad_request("The refunds field is required.", "refunds"));
    if (const auto complaint = params.complaint()) return Refusal(*complaint);
    (*payment)["_refunds_wait"] = *refunds == "wait";
    operation.ctx.put(*payment);
    return payment;
}

/// {"status": "processed" | "failed"} ends a pending refund; {"speed": "normal"} slows one that was
/// to be instant.
Answer settle(Operation& operation) {
    auto& ctx = operation.ctx;
    auto& params = operation.params;
    auto refund = object_of_path(operation, "refund");
    if (!refund) return refund;
    const auto status = params.one_of("status", {"processed", "failed"});
    const auto speed = params.one_of("speed", {"normal"});
    if (!status && !speed) params.complain(bad_request("The status field is required.", "status"));
    if (const auto complaint = params.complaint()) return Refusal(*complaint);
    if (text_of(*refund, "status") != "pending")
        return bad_request("The refund is " + text_of(*refund, "status") + " already");
    if (speed && text_of(*refund, "speed_processed") == "normal")
        return bad_request("The refund goes at normal speed already", "speed");
    if (speed) refund = slow_refund(ctx, *std::move(refund));
    if (status == "processed") return process_refund(ctx, *std::move(refund));
    if (status == "failed") return fail_refund(ctx, *std::move(refund));
    return refund;
}

constexpr auto kRefundControlRoutes = std::to_array<Route>({
    {"POST", "/_sandbox/payments/{id}/refunds", set_refunds},
    {"POST", "/_sandbox/refunds/{id}", settle},
});

}  // namespace

std::span<const Route> refund_control_routes() { return kRefundControlRoutes; }

}  // namespace turnpike::twin::razorpay
