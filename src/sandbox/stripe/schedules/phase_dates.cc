#include "sandbox/stripe/schedules/phase_dates.h"

namespace turnpike::twin {
namespace {

/// Adds up lengths from one moment on.
class Ruler {
public:
    Instant end_of(Instant start, BillingInterval length) {
        if (!unit_ || *unit_ != length.unit || start != reached_) {
            unit_ = length.unit;
            origin_ = start;
            units_ = 0;
        }
        units_ += length.count;
        reached_ = add_intervals(origin_, {length.unit, 1}, units_);
        return reached_;
    }

private:
    std::optional<BillingInterval::Unit> unit_;
    Instant origin_{}, reached_{};
    std::int64_t units_ = 0;
};

}  // namespace

std::expected<std::vector<Period>, PhaseDateError> lay_out(const std::vector<PhaseDates>& phases) {
    using Rule = PhaseDateError::Rule;
    Ruler ruler;
    std::vector<Period> periods;
    for (std::size_t i = 0; i < phases.size(); ++i) {
        const PhaseDates& phase = phases[i];
        if (i == 0 && !phase.start) return std::unexpected(PhaseDateError{i, Rule::NoStart});
        const Instant start = i == 0 ? *phase.start : periods.back().end;
        if (phase.start && *phase.start != start)
            return std::unexpected(PhaseDateError{i, Rule::Gap});
        const bool said = phase.end || phase.length;
        const auto next = i + 1 < phases.size() ? phases[i + 1].start : std::nullopt;
        Instant end{};
        if (phase.end || (!said && next))
            end = phase.end ? *phase.end : *next;
        else
            end = ruler.end_of(start, phase.length.value_or(phase.usual));
        if (end <= start) return std::unexpected(PhaseDateError{i, Rule::Empty});
        periods.push_back({start, end});
    }
    return periods;
}

}  // namespace turnpike::twin
