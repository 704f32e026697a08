#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "base/check.h"
#include "metering/log/state/contradiction.h"
#include "metering/log/state/usage_state.h"
#include "metering/recount.h"

namespace turnpike {

EventStatus UsageState::status_of(const LogPlace& event) const {
    const auto known = corrected_.find(event);
    return known == corrected_.end() ? EventStatus{} : known->second;
}

std::uint32_t UsageState::segment_at(const Entry& entry, const LogPlace& place) {
    std::size_t number = entry.segments.size() - 1;
    while (number > 0 && entry.segments[number].begins > place) --number;
    return static_cast<std::uint32_t>(number);
}

std::expected<std::vector<ValueChange>, EventComplaint> UsageState::changes_for(
    const CorrectionUse& use) const {
    std::vector<RecordedCount> counts;
    for (const EventCount& count : use.original.counts)
        counts.push_back({counters_[count.counter].rule, count.value});
    return changes_of(use.correction, status_of(use.original.place), counts);
}

Revaluation UsageState::revaluation_of(const FoundEvent& event, const EventCount& count,
                                       const ValueChange& change) const {
    return {segment_at(counters_[count.counter], event.place), event.time, change};
}

const CounterTally* UsageState::told_of(const LogPlace& original, std::uint32_t counter) const {
    if (!recount_ || !recount_->is_told || recount_->job.original != original) return nullptr;
    const auto at = recount_->job.position_of(counter);
    return at ? &recount_->tallies[*at] : nullptr;
}

std::optional<RecountJob> UsageState::begin_recount(const CorrectionUse& use) {
    const FoundEvent& original = use.original;
    const auto changes = changes_for(use);
    if (!changes) return std::nullopt;
    RecountJob job{.customer = counted_by(original.counts.front().counter).customer,
                   .original = original.place,
                   .last_arrival = arrivals_,
                   .counters = {}};
    bool is_told = true;
    for (std::size_t i = 0; i < changes->size(); ++i) {
        const EventCount& count = original.counts[i];
        const Entry& entry = counters_[count.counter];
        if (!rests_on_others(counter_of(entry), revaluation_of(original, count, (*changes)[i])))
            continue;
        is_told = is_told && told_of(original.place, count.counter) != nullptr;
        RecountedCounter counter{.counter = count.counter, .segments = {}, .unique = count.unique};
        for (const Segment& segment : entry.segments) counter.segments.push_back(segment.begins);
        job.counters.push_back(std::move(counter));
    }
    if (is_told) return std::nullopt;
    RunningRecount& running = recount_.emplace(RunningRecount{.job = job, .tallies = {}});
    for (const RecountedCounter& counter : job.counters)
        running.tallies.emplace_back(counter.unique);
    return job;
}

void UsageState::tell_recount(std::span<const CounterTally> found) {
    for (std::size_t i = 0; i < found.size(); ++i) recount_->tallies[i].add(found[i]);
    recount_->is_told = true;
}

void UsageState::note(const EventCount& count, Instant time) {
    const auto at = recount_->job.position_of(count.counter);
    if (!at) return;
    recount_->tallies[*at].add(
        {next_place(), time, counters_[count.counter].segments.size() - 1, count});
}

LoggedChange UsageState::logged(const FoundEvent& event, const EventCount& count,
                                const ValueChange& change) const {
    const Entry& entry = counters_[count.counter];
    LoggedChange logged{count.counter, segment_at(entry, event.place), change.difference()};
    if (adds_up(entry.rule)) return logged;
    const Counter counter = counter_of(entry);
    const Revaluation revaluation = revaluation_of(event, count, change);
    const CounterTally* const told = told_of(event.place, count.counter);
    check(told != nullptr || !rests_on_others(counter, revaluation), "a recount came before");
    logged.becomes = recounted(counter, revaluation,
                               told == nullptr ? OtherEvents{} : told->beside(event.place));
    if (logged.becomes && logged.becomes->is_value_gone) logged.gone = count.unique.value_or(0);
    return logged;
}

std::optional<Counter> UsageState::changed(const LoggedChange& change, Instant time) const {
    Counter counter = counter_of(counters_[change.counter]);
    if (adds_up(rule_of(counter))) {
        if (change.becomes) return std::nullopt;
        return corrected(std::move(counter),
                         {.segment = change.segment, .change = change.change, .time = time});
    }
    if (!change.becomes) return counter;
    return moved_to(std::move(counter), *change.becomes);
}

std::size_t UsageState::change_bytes_max(const FoundEvent& original) const {
    std::size_t bytes = 0;
    for (const EventCount& count : original.counts)
        bytes += change_bytes_of(counters_[count.counter].segments.size());
    return bytes;
}

void UsageState::put_back(Entry& entry, const Counter& counter) {
    entry.used = counter.used;
    entry.held = counter.held;
    entry.hard_limit = counter.hard_limit;
    for (std::size_t i = 0; i < entry.segments.size(); ++i)
        entry.segments[i].from_used = counter.segments[i].from_used;
    if (entry.past != kNoPast) pasts_[entry.past].trail = counter.trail;
    queue_past(entry);
}

std::expected<std::monostate, EventComplaint> UsageState::correct(const CorrectionUse& use,
                                                                  std::string& records) {
    const FoundEvent& original = use.original;
    const bool is_amend = use.correction.kind == Correction::Kind::Amend;
    const auto changes = changes_for(use);
    if (!changes) return std::unexpected(changes.error());

    std::string list;
    for (std::size_t i = 0; i < changes->size(); ++i) {
        const LoggedChange change = logged(original, original.counts[i], (*changes)[i]);
        const auto after = changed(change, original.time);
        check(after.has_value(), "what an event counted can be taken away");
        const auto bound =
            is_amend ? bound_passed(counter_of(counters_[change.counter]), *after, use.time)
                     : std::nullopt;
        if (bound) return std::unexpected(complaint_of(*bound, after->meter_key, after->reset));
        put_change(list, change);
    }
    begin_records(records);
    const CorrectionRecord record{
        .place = {arrivals_, corrections_},
        .received_at = received_at_,
        .source = name(NameTable::Source, use.source, records),
        .id = use.id,
        .time = use.time,
        .content = use.content,
        .original = original.place,
        .original_source = original.source,
        .original_id = use.correction.id,
        .original_time = original.time,
        .original_properties = original.properties,
        .quantity = is_amend ? std::optional(use.correction.quantity) : std::nullopt,
        .changes = list};
    write_record(records, record);
    check(apply_record(record).has_value(), "what was just written can be applied");
    return std::monostate{};
}

Result<std::monostate> UsageState::apply_record(const CorrectionRecord& record) {
    const std::size_t sources = names(NameTable::Source).size();
    if (record.source >= sources || record.original_source >= sources)
        return contradiction("a correction has no source");
    if (!is_event_time(record.time) || !is_event_time(record.original_time))
        return contradiction("a correction is of another time");
    if (record.place != LogPlace{arrivals_, corrections_} || events_ != arrival_begins_)
        return contradiction("a correction stands elsewhere");
    const auto changes = read_changes(record.changes);
    if (!changes || record.original >= record.place)
        return contradiction("a correction changes what cannot be");
    for (const LoggedChange& change : *changes) {
        if (change.counter >= counters_.size()) return contradiction("a correction has no counter");
        const auto after = changed(change, record.original_time);
        if (!after) return contradiction("a correction takes away what was not counted");
        Entry& entry = counters_[change.counter];
        if (record.quantity && bound_passed(counter_of(entry), *after, record.time))
            return contradiction("a correction passes a limit");
        put_back(entry, *after);
        const bool is_value_gone = change.becomes && change.becomes->is_value_gone;
        // What the counter has forgotten needs not be taken from it.
        if (is_value_gone && entry.past != kNoPast &&
            pasts_[entry.past].unique.erase(change.gone) == 0)
            return contradiction("a correction takes away a value that was not there");
        entry.is_corrected = true;
    }
    EventStatus& status = corrected_[record.original];
    if (record.quantity)
        status.amended = record.quantity;
    else
        status.is_voided = true;
    ++corrections_;
    return std::monostate{};
}

Result<std::monostate> UsageState::apply_record(const CorrectedRecord& record) {
    corrected_[record.original] = {record.is_voided, record.amended};
    return std::monostate{};
}

}  // namespace turnpike
