#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "json/json.h"
#include "sandbox/stripe/core/context.h"
#include "sandbox/stripe/coupons/applied.h"

/// What an item of a subscription costs for a period, and what a part of that period is worth.
namespace turnpike::twin {

/// The price of a whole period and what discounts take off it; minor units.
struct PeriodCharge {
    std::int64_t gross = 0;
    std::vector<DiscountShare> discounts{};
    /// Taken off any part of the period, however short. Classic billing only.
    std::vector<DiscountShare> flat_discounts{};
};
/// A part of it. What the discounts take off is gross - net.
struct ChargedPart {
    std::int64_t gross = 0;
    std::int64_t net = 0;
    std::vector<DiscountShare> discounts{};
};
/// Which way money goes: exact halves of a cent are rounded towards minus infinity (prorate()).
enum class Direction : std::uint8_t { Charge, Credit };
/// That of `part`, which lies in the charged `period`, in this currency; of a credit negative. The
/// shares from its start and from its end to the end of the period are each rounded once, and so
/// gross and net. Pure.
ChargedPart part_of_charge(const PeriodCharge& charge, Period period, Period part,
                           const std::string& currency, Direction direction);

/// The private member "_cycle" of a proration, from which it is credited in its turn: what it is a
/// part of.
Json write_charge(const PeriodCharge& charge, Period period);

/// What a credit for unused time is of.
struct Billed {
    Json price;
    std::int64_t quantity = 1;
    PeriodCharge charge;  ///< for the whole `period`
    Period period;
    Instant until;  ///< how far it was billed: the end of the period, or before it
    /// {"invoice": .., "invoice_line_items": [..]}; null while the charge waits for an invoice.
    Json credited_items;
};

/// How prorations are computed; the subscription's billing_mode chooses.
struct ProrationRules {
    /// What has been paid for the item's unused time. nullopt: nothing.
    std::optional<Billed> (*unused)(Context&, const Json& subscription, const Json& item,
                                    Instant at);
    /// What a whole period of each item costs, in the order of the items. `discounts` are the terms
    /// of those of the subscription as a whole.
    std::vector<PeriodCharge> (*cycle)(const Json& subscription, const std::vector<Json>& discounts,
                                       Instant at);
};
const ProrationRules& proration_rules(const Json& subscription);

}  // namespace turnpike::twin
