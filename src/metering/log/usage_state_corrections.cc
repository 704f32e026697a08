#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "base/check.h"
#include "metering/log/usage_state.h"

namespace turnpike {
namespace {

std::unexpected<Error> damaged(const char* what) {
    return fail(ErrorCode::Unavailable, "usage_log.damaged",
                std::string("the usage log contradicts itself: ") + what);
}

}  // namespace

EventStatus UsageState::status_of(const LogPlace& event) const {
    const auto known = corrected_.find(event);
    return known == corrected_.end() ? EventStatus{} : known->second;
}

std::uint32_t UsageState::segment_at(const Entry& entry, const LogPlace& place) {
    std::size_t number = entry.segments.size() - 1;
    while (number > 0 && entry.segments[number].begins > place) --number;
    return static_cast<std::uint32_t>(number);
}

std::optional<Counter> UsageState::changed(const LoggedChange& change, Instant time) const {
    return corrected(counter_of(counters_[change.counter]),
                     {.segment = change.segment, .change = change.change, .time = time});
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
    std::vector<RecordedCount> counts;
    for (const EventCount& count : original.counts)
        counts.push_back({counters_[count.counter].rule, count.value});
    const auto changes = changes_of(use.correction, status_of(original.place), counts);
    if (!changes) return std::unexpected(changes.error());

    std::string list;
    for (std::size_t i = 0; i < changes->size(); ++i) {
        const std::uint32_t number = original.counts[i].counter;
        const Entry& entry = counters_[number];
        const LoggedChange change{number, segment_at(entry, original.place), (*changes)[i]};
        const auto after = changed(change, original.time);
        check(after.has_value(), "what an event counted can be taken away");
        if (!is_within_limits(counter_of(entry), *after, use.time))
            return std::unexpected(EventComplaint{
                "limit_exceeded", "with that quantity the allowance would be passed"});
        put_change(list, change);
    }
    begin_records(records);
    const bool is_amend = use.correction.kind == Correction::Kind::Amend;
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
        return damaged("a correction has no source");
    if (!is_event_time(record.time) || !is_event_time(record.original_time))
        return damaged("a correction is of another time");
    if (record.place != LogPlace{arrivals_, corrections_} || events_ != arrival_begins_)
        return damaged("a correction stands elsewhere");
    const auto changes = read_changes(record.changes);
    if (!changes || record.original >= record.place)
        return damaged("a correction changes what cannot be");
    for (const LoggedChange& change : *changes) {
        if (change.counter >= counters_.size()) return damaged("a correction has no counter");
        const auto after = changed(change, record.original_time);
        if (!after) return damaged("a correction takes away what was not counted");
        if (!is_within_limits(counter_of(counters_[change.counter]), *after, record.time))
            return damaged("a correction passes a limit");
        Entry& entry = counters_[change.counter];
        put_back(entry, *after);
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
