#include "invoicing/refund.h"

#include <algorithm>
#include <array>

#include "base/check.h"

namespace turnpike {
namespace {

struct RefundName {
    RefundStatus status;
    std::string_view text;
};
constexpr auto kRefundNames = std::to_array<RefundName>({
    {RefundStatus::Creating, "creating"},
    {RefundStatus::Pending, "pending"},
    {RefundStatus::Succeeded, "succeeded"},
    {RefundStatus::Failed, "failed"},
    {RefundStatus::Canceled, "canceled"},
});

struct DisputeName {
    DisputeStatus status;
    std::string_view text;
};
constexpr auto kDisputeNames = std::to_array<DisputeName>({
    {DisputeStatus::Inquiry, "inquiry"},
    {DisputeStatus::NeedsResponse, "needs_response"},
    {DisputeStatus::UnderReview, "under_review"},
    {DisputeStatus::Won, "won"},
    {DisputeStatus::Lost, "lost"},
    {DisputeStatus::Closed, "closed"},
});

}  // namespace

std::string_view to_text(RefundStatus status) {
    const auto* row = std::ranges::find(kRefundNames, status, &RefundName::status);
    check(row != kRefundNames.end(), "every refund status has a name");
    return row->text;
}

std::optional<RefundStatus> parse_refund_status(std::string_view text) {
    const auto* row = std::ranges::find(kRefundNames, text, &RefundName::text);
    if (row == kRefundNames.end()) return std::nullopt;
    return row->status;
}

std::string_view to_text(DisputeStatus status) {
    const auto* row = std::ranges::find(kDisputeNames, status, &DisputeName::status);
    check(row != kDisputeNames.end(), "every dispute status has a name");
    return row->text;
}

std::optional<DisputeStatus> parse_dispute_status(std::string_view text) {
    const auto* row = std::ranges::find(kDisputeNames, text, &DisputeName::text);
    if (row == kDisputeNames.end()) return std::nullopt;
    return row->status;
}

bool is_closed(DisputeStatus status) {
    return status == DisputeStatus::Won || status == DisputeStatus::Lost ||
           status == DisputeStatus::Closed;
}

Result<Money> refundable(const Invoice& invoice, const RefundWish& wish) {
    const Currency currency = invoice.amount_paid.currency();
    if (wish.currency && *wish.currency != currency)
        return fail(ErrorCode::Unprocessable, "refund.wrong_currency",
                    "the invoice is in another currency: " + std::string(to_text(currency)));
    if (invoice.amount_paid.minor() == 0)
        return conflict("refund.not_paid", "nothing has been paid on this invoice");
    if (invoice.disputed)
        return conflict("refund.disputed",
                        "the payment is disputed: its money is the bank's to give back");
    const Money left(
        std::max<std::int64_t>(invoice.amount_paid.minor() - invoice.refunded.minor(), 0),
        currency);
    if (left.minor() == 0)
        return conflict("refund.nothing_left", "all that was paid has gone back already");
    const Money wanted(wish.amount.value_or(left.minor()), currency);
    if (wanted.minor() <= left.minor()) return wanted;
    auto error = fail(ErrorCode::Unprocessable, "refund.exceeds_payment",
                      "of this payment " + left.text() + " can go back");
    error.error().details.emplace_back("amount_left", std::to_string(left.minor()));
    return error;
}

}  // namespace turnpike
