#include "metering/append_job.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace turnpike {

SubjectWindows known_windows(const AppendJob& job) {
    SubjectWindows windows;
    if (!job.look.known) return windows;
    for (const std::string_view subject : job.subjects) {
        if (windows.contains(subject)) continue;
        if (auto known = job.look.known(subject, job.system_now))
            windows.emplace(subject, *std::move(known));
    }
    return windows;
}

bool has_all(const SubjectWindows& windows, const AppendJob& job) {
    return std::ranges::all_of(job.subjects,
                               [&](std::string_view subject) { return windows.contains(subject); });
}

void find_windows(const AppendJob& job, sql::Transaction& tx, SubjectWindows& windows) {
    for (const std::string_view subject : job.subjects)
        if (!windows.contains(subject))
            windows.emplace(subject, job.look.find(tx, subject, job.system_now));
}

PlacedEvents take_placed(std::vector<Placed> placed, AppendReport& report) {
    std::vector<std::size_t> positions(placed.size());
    std::iota(positions.begin(), positions.end(), std::size_t{0});
    report.outcomes.resize(placed.size());
    return take_placed(std::move(placed), positions, report);
}

PlacedEvents take_placed(std::vector<Placed> placed, const std::vector<std::size_t>& positions,
                         AppendReport& report) {
    PlacedEvents events;
    for (const std::size_t i : positions) {
        if (placed[i]) {
            events.pending.push_back(*std::move(placed[i]));
            events.positions.push_back(i);
        } else {
            report.outcomes[i] = {Verdict::Rejected, std::move(placed[i]).error(), {}};
        }
    }
    return events;
}

void take_outcomes(std::vector<UsageOutcome> outcomes, const PlacedEvents& events,
                   AppendReport& report) {
    for (std::size_t i = 0; i < outcomes.size(); ++i) {
        if (outcomes[i].verdict == Verdict::Accepted)
            report.moved.push_back(events.pending[i].event.customer);
        report.outcomes[events.positions[i]] = std::move(outcomes[i]);
    }
    std::ranges::sort(report.moved);
    const auto repeated = std::ranges::unique(report.moved);
    report.moved.erase(repeated.begin(), repeated.end());
}

UsageOutcome over_limit() {
    return {Verdict::Rejected,
            EventComplaint{"limit_exceeded", "the allowance of this period is used up"},
            {}};
}

}  // namespace turnpike
