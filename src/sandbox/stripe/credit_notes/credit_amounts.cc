#include "sandbox/stripe/credit_notes/credit_amounts.h"

#include <algorithm>

#include "base/decimal.h"

namespace turnpike::twin {
namespace {

std::int64_t share_up_to(std::int64_t total, std::int64_t end, std::int64_t whole) {
    return static_cast<std::int64_t>(
        divide_rounded(static_cast<Int128>(total) * end, whole, Rounding::HalfUp));
}

}  // namespace

std::int64_t share_of(std::int64_t total, const Stretch& stretch) {
    return share_up_to(total, stretch.before + stretch.size, stretch.whole) -
           share_up_to(total, stretch.before, stretch.whole);
}

std::optional<std::int64_t> credit_of_units(const CreditableLine& line, std::int64_t units) {
    if (line.quantity < 1 || units > line.quantity - line.credited_quantity) return std::nullopt;
    return share_of(line.amount, {line.credited_quantity, units, line.quantity});
}

std::int64_t left_to_credit(const CreditableLine& line) {
    return std::max<std::int64_t>(line.amount - line.credited, 0);
}

CreditSplit split_credit(std::int64_t total, std::int64_t amount_remaining) {
    const std::int64_t pre = std::min(total, std::max<std::int64_t>(amount_remaining, 0));
    return {pre, total - pre};
}

std::string_view type_of(const CreditSplit& split) {
    if (split.post_payment == 0) return "pre_payment";
    return split.pre_payment == 0 ? "post_payment" : "mixed";
}

std::int64_t sum_of(const Payout& payout) {
    return payout.new_refund + payout.linked_refunds + payout.to_balance + payout.out_of_band;
}

}  // namespace turnpike::twin
