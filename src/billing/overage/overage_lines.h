#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/id.h"
#include "base/money.h"
#include "billing/overage/overage_charge.h"
#include "billing/records/stored_close.h"
#include "payments/provider.h"
#include "sql/sql.h"

namespace turnpike {

/// Which amounts share a line where no line may come to less than `least`: for each, the place of
/// the one whose line it is on, or nullopt: it waits. What is large enough has a line of its own,
/// unless others need it to make theirs: then as many as it takes, the smallest first, and the line
/// is the largest one's. Pure.
std::vector<std::optional<std::size_t>> share_lines(std::span<const std::int64_t> amounts,
                                                    std::int64_t least);

/// Takes over the amounts that wait since earlier closes, and decides which charges share a line.
/// Only while it is undecided where the lines go.
void plan_lines(sql::Transaction& tx, const PeriodClose& close, Currency currency,
                BillingTraits::LineAmount line_amount);
/// Whether this close has something to bill, or something waits for the next one to be.
bool has_amounts(sql::Transaction& tx, const PeriodClose& close);

/// One line of an invoice: a charge, with those that are too small for lines of their own.
struct BilledLine {
    std::vector<OverageCharge*> charges;  ///< the one whose line it is first; at least one
    [[nodiscard]] const OverageCharge& head() const { return *charges.front(); }
    [[nodiscard]] Money amount() const;
    [[nodiscard]] std::string description() const;
    [[nodiscard]] bool is_billed() const { return head().provider_item.has_value(); }
};
/// In the order of the charges; what waits is on none.
std::vector<BilledLine> lines_of(std::vector<OverageCharge>& charges);

}  // namespace turnpike
