#include <string_view>
#include <utility>

#include "json/value.h"
#include "payments/currencies.h"
#include "payments/razorpay/notes.h"
#include "payments/razorpay/translate.h"
#include "payments/reply_reader.h"

namespace turnpike::razorpay {
namespace {

/// A retrieval and a suspicion of fraud ask for papers; the other phases take the money.
bool asks_only(const std::string& phase) { return phase == "retrieval" || phase == "fraud"; }

std::string dispute_word(const std::string& status, const std::string& phase) {
    const bool open = status == "open" || status == "under_review";
    if (open && asks_only(phase)) return "inquiry";
    return status == "open" ? "needs_response" : status;
}

}  // namespace

Result<ProviderRefund> read_refund(const Json& object) {
    ReplyReader fields(object, "refund");
    ProviderRefund refund;
    refund.id = fields.text("id");
    refund.payment = fields.text("payment_id");
    refund.amount = read_returned(fields, "refund");
    const auto status = fields.text("status");
    refund.status = status == "processed" ? "succeeded" : status;
    refund.metadata = fields.texts("notes");
    const auto reason = note_in(object, kReasonNote);
    if (!reason.empty()) refund.reason = reason;
    refund.created = fields.instant("created_at");
    return fields.finish(std::move(refund));
}

Result<ProviderDispute> read_dispute(const Json& object) {
    ReplyReader fields(object, "dispute");
    ProviderDispute dispute;
    dispute.id = fields.text("id");
    dispute.payment = fields.text("payment_id");
    dispute.amount = read_returned(fields, "dispute");
    dispute.status =
        dispute_word(fields.text("status"), fields.maybe_text("phase").value_or("chargeback"));
    dispute.reason = fields.maybe_text("reason_code").value_or("general");
    dispute.created = fields.instant("created_at");
    dispute.respond_by = fields.maybe_instant("respond_by");
    return fields.finish(std::move(dispute));
}

}  // namespace turnpike::razorpay
