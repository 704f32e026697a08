#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

/// The arithmetic of credit notes. Pure. Amounts are in the smallest unit of the invoice's
/// currency.
namespace turnpike::twin {

/// A stretch of something that is shared out piece by piece: [before, before + size) of `whole`.
struct Stretch {
    std::int64_t before = 0;  ///< not negative
    std::int64_t size = 0;    ///< not negative; before + size <= whole
    std::int64_t whole = 1;   ///< positive
};
/// What the stretch is worth of `total`, rounded half up where it ends: the pieces of a whole add
/// up to `total`, however it was cut.
std::int64_t share_of(std::int64_t total, const Stretch& stretch);

/// A line of an invoice, and what credit notes that are not void have taken from it. A line is
/// credited by amount or by quantity; the first credit decides for the later ones.
struct CreditableLine {
    std::int64_t amount = 0;    ///< before discounts
    std::int64_t quantity = 1;  ///< units billed
    std::int64_t credited = 0;  ///< of `amount`
    std::int64_t credited_quantity = 0;
    bool credited_by_amount = false;
};
/// The next `units` of the line; nullopt when there are not so many left to credit.
std::optional<std::int64_t> credit_of_units(const CreditableLine& line, std::int64_t units);
/// What is left to credit; 0 for a line that is a credit itself.
std::int64_t left_to_credit(const CreditableLine& line);

/// A credit note first takes from what is still to be paid, then from what was paid.
struct CreditSplit {
    std::int64_t pre_payment = 0;
    std::int64_t post_payment = 0;

    friend bool operator==(const CreditSplit&, const CreditSplit&) = default;
};
CreditSplit split_credit(std::int64_t total, std::int64_t amount_remaining);
/// "pre_payment", "post_payment" or "mixed".
std::string_view type_of(const CreditSplit& split);

/// Where the part goes that was paid already.
struct Payout {
    std::int64_t new_refund = 0;
    std::int64_t linked_refunds = 0;
    std::int64_t to_balance = 0;
    std::int64_t out_of_band = 0;
};
/// Each at most kAmountMax by then, so that the sum holds.
std::int64_t sum_of(const Payout& payout);

}  // namespace turnpike::twin
