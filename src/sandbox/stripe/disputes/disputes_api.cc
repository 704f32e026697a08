#include <array>
#include <utility>

#include "json/value.h"
#include "sandbox/stripe/disputes/disputes.h"
#include "sandbox/stripe/disputes/evidence.h"
#include "sandbox/stripe/wire/billing_document.h"

namespace turnpike::twin {
namespace {

Outcome<Json> require_dispute(Operation& operation) {
    const std::string& id = operation.path("dispute");
    auto dispute = operation.ctx.find("dispute", id);
    if (!dispute) {
        auto refusal = no_such_object("dispute", id);
        refusal.error().param = "dispute";
        return refusal;
    }
    return *std::move(dispute);
}

Refusal not_answerable(const Json& dispute) {
    StripeError error;
    error.message = is_closed(dispute) ? "This dispute is already closed"
                                       : "Evidence has already been submitted for this dispute.";
    return Refusal(std::move(error));
}

/// The evidence goes to the bank, which has not decided yet.
void submit_evidence(Json& dispute) {
    Json& details = dispute["evidence_details"];
    details["submission_count"] = integer_of(details, "submission_count") + 1;
    dispute["status"] = is_inquiry(dispute) ? "warning_under_review" : "under_review";
}

bool says(const Json& dispute, std::string_view text) {
    return text_of(dispute.at("evidence"), "uncategorized_text") == text;
}

/// What the bank of test mode makes of the evidence, by Stripe's two magic texts.
std::optional<Verdict> verdict_of(const Json& dispute) {
    if (says(dispute, "winning_evidence")) return Verdict::Won;
    if (says(dispute, "losing_evidence")) return Verdict::Lost;
    return std::nullopt;
}

Answer get_dispute(Operation& operation) {
    if (auto complaint = operation.params.complaint()) return Refusal(*std::move(complaint));
    return require_dispute(operation);
}

Answer update_dispute(Operation& operation) {
    Context& ctx = operation.ctx;
    Params& params = operation.params;
    const auto evidence = read_evidence(params);
    const bool submits = params.boolean("submit").value_or(evidence.has_value());
    const auto metadata = params.metadata();
    if (auto complaint = params.complaint()) return Refusal(*std::move(complaint));
    auto dispute = require_dispute(operation);
    if (!dispute) return dispute;
    if ((evidence || submits) && !needs_response(*dispute)) return not_answerable(*dispute);

    merge_metadata(*dispute, metadata);
    if (evidence) (*dispute)["evidence"].update(*evidence);
    (*dispute)["evidence_details"]["has_evidence"] = has_evidence(dispute->at("evidence"));
    if (submits) submit_evidence(*dispute);
    ctx.update_and_emit("charge.dispute.updated", *dispute);
    // The answer is from before the bank's decision, as at Stripe, where that takes a moment.
    if (!submits) return dispute;
    if (is_inquiry(*dispute) && says(*dispute, "escalate_inquiry_evidence"))
        escalate_inquiry(ctx, *dispute);
    else if (const auto verdict = verdict_of(*dispute))
        close_dispute(ctx, *dispute, *verdict);
    return dispute;
}

/// The seller accepts the claim.
Answer post_close(Operation& operation) {
    if (auto complaint = operation.params.complaint()) return Refusal(*std::move(complaint));
    auto dispute = require_dispute(operation);
    if (!dispute) return dispute;
    if (is_closed(*dispute)) return not_answerable(*dispute);
    return close_dispute(operation.ctx, *std::move(dispute), Verdict::Lost);
}

Answer list_disputes(Operation& operation) {
    ListFilter filter;
    filter.parent = operation.params.text("charge").value_or("");
    const std::string intent = operation.params.text("payment_intent").value_or("");
    read_created(operation.params, filter);
    return list_objects(operation, "dispute", filter, [&](const Json& dispute) {
        return intent.empty() || text_of(dispute, "payment_intent") == intent;
    });
}

constexpr auto kDisputeRoutes = std::to_array<OperationRoute>({
    {"GET", "/v1/disputes", list_disputes},
    {"GET", "/v1/disputes/{dispute}", get_dispute},
    {"POST", "/v1/disputes/{dispute}", update_dispute},
    {"POST", "/v1/disputes/{dispute}/close", post_close},
});

constexpr auto kDisputeExpandables = std::to_array<Expandable>({
    {"dispute", "charge", "charge"},
    {"dispute", "payment_intent", "payment_intent"},
});

}  // namespace

const Feature& dispute_feature() {
    static constexpr Feature kFeature{.operations = kDisputeRoutes,
                                      .expandables = kDisputeExpandables};
    return kFeature;
}

}  // namespace turnpike::twin
