#include "rating/adjustment.h"

#include <map>

namespace turnpike {

std::vector<OverageLine> adjust_overage(std::span<const OverageLine> owed,
                                        std::span<const ChargedOverage> charged) {
    std::map<std::size_t, OverageLine> by_segment;
    for (const OverageLine& line : owed) by_segment.emplace(line.segment, line);
    for (const ChargedOverage& before : charged) {
        const OverageLine nothing{before.segment, Quantity{}, before.unit_price,
                                  Money(0, before.amount.currency())};
        OverageLine& line = by_segment.emplace(before.segment, nothing).first->second;
        line.quantity = line.quantity - before.quantity;
        line.amount = line.amount - before.amount;
    }
    std::vector<OverageLine> lines;
    for (const auto& [segment, line] : by_segment)
        if (line.quantity != Quantity{} || line.amount.minor() != 0) lines.push_back(line);
    return lines;
}

}  // namespace turnpike
