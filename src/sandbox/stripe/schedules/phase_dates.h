#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <vector>

#include "base/time.h"
#include "subscriptions/billing_period.h"

/// When the phases of a subscription schedule start and end. Pure.
namespace turnpike::twin {

/// What a request says of one phase's dates. `end` and `length` exclude each other.
struct PhaseDates {
    std::optional<Instant> start{};  ///< nullopt: where the phase before it ends
    std::optional<Instant> end{};
    std::optional<BillingInterval> length{};
    /// How long a last phase lasts of which nothing is said.
    BillingInterval usual{};
};

struct PhaseDateError {
    enum class Rule : std::uint8_t {
        NoStart,  ///< the first phase has no start_date
        Gap,      ///< a phase does not start where the one before it ends
        Empty,    ///< a phase does not end after it started
    };
    std::size_t phase = 0;
    Rule rule = Rule::NoStart;
    friend bool operator==(const PhaseDateError&, const PhaseDateError&) = default;
};

/// Lays the phases end to end. Lengths in one unit that follow each other are counted from where
/// the first of them started, as billing periods are: two months from 31 January end on 31 March,
/// also when they are two phases of a month each.
std::expected<std::vector<Period>, PhaseDateError> lay_out(const std::vector<PhaseDates>& phases);

}  // namespace turnpike::twin
