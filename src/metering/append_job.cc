#include "metering/append_job.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include <boost/unordered/unordered_flat_set.hpp>

namespace turnpike {

KnownWindows known_windows(const AppendJob& job) {
    KnownWindows known;
    if (!job.look.known) return known;
    known.are_all = true;
    for (const std::string_view subject : job.subjects) {
        if (known.windows.contains(subject)) continue;
        if (auto window = job.look.known(subject, job.system_now))
            known.windows.add(subject, *std::move(window));
        else
            known.are_all = false;
    }
    return known;
}

void find_windows(const AppendJob& job, sql::Transaction& tx, SubjectWindows& windows) {
    for (const std::string_view subject : job.subjects)
        if (!windows.contains(subject))
            windows.add(subject, job.look.find(tx, subject, job.system_now));
}

void find_past_windows(const AppendJob& job, sql::Transaction& tx,
                       std::span<const SubjectWindows::Sought> sought, SubjectWindows& windows) {
    for (const auto& one : sought)
        if (!windows.knows(one))
            windows.add_past(one, job.look.find_past(tx, *windows.at(one.subject), one.moment));
}

PlacedEvents take_placed(std::vector<Placed> placed, AppendReport& report) {
    report.outcomes.resize(placed.size());
    PlacedEvents events;
    events.pending.reserve(placed.size());
    events.positions.reserve(placed.size());
    for (std::size_t i = 0; i < placed.size(); ++i) {
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
    boost::unordered_flat_set<std::string_view> moved;
    for (const CustomerId& customer : report.moved) moved.insert(customer.text());
    std::vector<CustomerId> more;
    for (std::size_t i = 0; i < outcomes.size(); ++i) {
        const CustomerId& customer = events.pending[i].event.customer;
        if (outcomes[i].verdict == Verdict::Accepted && events.pending[i].correction)
            report.corrected.push_back(customer);
        if (outcomes[i].verdict == Verdict::Accepted && moved.insert(customer.text()).second)
            more.push_back(customer);
        report.outcomes[events.positions[i]] = std::move(outcomes[i]);
    }
    // Not one by one: the set looks at the texts of those that are there.
    std::ranges::move(more, std::back_inserter(report.moved));
}

std::vector<PlacedEvents> stretches_of(PlacedEvents events) {
    std::vector<PlacedEvents> stretches;
    bool is_correcting = false;
    for (std::size_t i = 0; i < events.pending.size(); ++i) {
        const bool corrects = events.pending[i].correction.has_value();
        if (stretches.empty() || corrects != is_correcting) stretches.emplace_back();
        is_correcting = corrects;
        stretches.back().pending.push_back(std::move(events.pending[i]));
        stretches.back().positions.push_back(events.positions[i]);
    }
    return stretches;
}

UsageOutcome over_limit(const FullWindow& full) {
    return {Verdict::Rejected,
            complaint_of(full.bound, full.window->meter_key, full.window->reset),
            {}};
}

}  // namespace turnpike
