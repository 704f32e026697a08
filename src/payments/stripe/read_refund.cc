#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "json/value.h"
#include "payments/currencies.h"
#include "payments/reply_reader.h"
#include "payments/stripe/translate.h"

namespace turnpike::stripe {
namespace {

using Word = std::pair<std::string_view, std::string_view>;

/// Where the port's word is another.
constexpr auto kRefundWords = std::to_array<Word>({{"requires_action", "pending"}});
constexpr auto kDisputeWords = std::to_array<Word>({
    {"warning_needs_response", "inquiry"},
    {"warning_under_review", "inquiry"},
    {"warning_closed", "closed"},
    {"prevented", "closed"},
});

template <std::size_t N>
std::string ports_word(const std::array<Word, N>& words, const std::string& theirs) {
    const auto* word = std::ranges::find(words, theirs, &Word::first);
    return word == words.end() ? theirs : std::string(word->second);
}

std::string read_payment_of(ReplyReader& fields) {
    if (auto intent = fields.maybe_reference("payment_intent")) return *std::move(intent);
    return fields.reference("charge");
}

}  // namespace

Result<ProviderRefund> read_refund(const Json& object) {
    ReplyReader fields(object, "refund");
    ProviderRefund refund;
    refund.id = fields.text("id");
    refund.payment = read_payment_of(fields);
    refund.amount = read_returned(fields, "refund");
    refund.status = ports_word(kRefundWords, fields.text("status"));
    refund.reason = fields.maybe_text("reason");
    refund.failure_reason = fields.maybe_text("failure_reason");
    refund.created = fields.instant("created");
    refund.metadata = fields.texts("metadata");
    return fields.finish(std::move(refund));
}

Result<ProviderDispute> read_dispute(const Json& object) {
    ReplyReader fields(object, "dispute");
    ProviderDispute dispute;
    dispute.id = fields.text("id");
    dispute.payment = read_payment_of(fields);
    dispute.amount = read_returned(fields, "dispute");
    dispute.status = ports_word(kDisputeWords, fields.text("status"));
    dispute.reason = fields.maybe_text("reason").value_or("general");
    dispute.created = fields.instant("created");
    if (const Json* details = fields.object("evidence_details"))
        dispute.respond_by =
            ReplyReader(*details, "dispute.evidence_details").maybe_instant("due_by");
    return fields.finish(std::move(dispute));
}

}  // namespace turnpike::stripe
