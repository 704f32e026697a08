#include <optional>
#include <span>
#include <utility>
#include <variant>
#include <vector>

#include "metering/log/event_recount.h"
#include "metering/log/files/log_directory.h"
#include "metering/log/identity/identity_hash.h"
#include "metering/log/usage_log.h"

namespace turnpike {
namespace {

/// More than the records of the correction can take, beside its changes.
std::size_t bytes_max(const LoggedCorrection& one) {
    constexpr std::size_t kRecords = 3;  // arrival, source, correction
    return kRecords * kRecordBytesMax + one.event.source.size() + one.event.id.size() +
           one.correction.id.size() + kEventPropertiesMax;
}

CorrectionVerdict rejected(EventComplaint complaint) {
    return {Verdict::Rejected, std::move(complaint)};
}

}  // namespace

Result<UsageLog::CorrectionStep> UsageLog::decide(IdentitySet::Batch& identities,
                                                  const LoggedCorrection& correction) noexcept {
    const UsageEvent& event = correction.event;
    const IdentityHash hash = identity_hash(key_, event.source, event.id);
    const auto known = identities.find(hash);
    if (!known) return failure(known);
    if (*known)
        return CorrectionVerdict{**known == correction.content ? Verdict::Duplicate
                                                               : Verdict::Conflict};
    if (!correction.original)
        return rejected({"unknown_event",
                         "the customer has no event of this source and id; a correction is none"});
    const CorrectionUse use{.source = event.source,
                            .id = event.id,
                            .time = event.time,
                            .content = correction.content,
                            .correction = correction.correction,
                            .original = *correction.original};
    if (auto job = state_.begin_recount(use)) return *std::move(job);
    const auto decided = state_.correct(use, records_);
    if (!decided) return rejected(decided.error());
    identities.insert(hash, correction.content);
    return CorrectionVerdict{};
}

Result<UsageLog::CorrectionStep> UsageLog::step(
    const LoggedCorrection& correction, Instant received_at,
    const std::optional<std::vector<CounterTally>>& recounted) {
    const std::scoped_lock lock(sequencer_);
    if (recounted) state_.tell_recount(*recounted);
    const std::size_t changes =
        correction.original ? state_.change_bytes_max(*correction.original) : 0;
    const auto room =
        writer_->has_room(bytes_max(correction) + changes + expiry_bytes_max(received_at));
    if (!room) return failure(room);
    begin(received_at);
    auto identities = identities_->batch();
    auto decided = decide(identities, correction);
    writer_->submit(records_, [](const std::optional<Error>&) {});
    return decided;
}

/// An event that was decided before the job began may not be on disk yet.
Result<std::vector<CounterTally>> UsageLog::recount(const RecountJob& job) const {
    const auto durable = wait_until_durable();
    if (!durable) return failure(durable);
    return recount_events(segments_in(directory_), writer_->durable_sequence(), job, names());
}

Result<CorrectionVerdict> UsageLog::correct(const LoggedCorrection& correction,
                                            Instant received_at) {
    std::optional<std::vector<CounterTally>> recounted;
    while (true) {
        auto next = step(correction, received_at, recounted);
        if (!next) return failure(next);
        if (auto* const verdict = std::get_if<CorrectionVerdict>(&*next))
            return std::move(*verdict);
        auto found = recount(std::get<RecountJob>(*next));
        if (!found) return failure(found);
        recounted = *std::move(found);
    }
}

Result<std::vector<CorrectionVerdict>> UsageLog::correct(
    std::span<const LoggedCorrection> corrections, Instant received_at) {
    const std::scoped_lock alone(correcting_);
    std::vector<CorrectionVerdict> verdicts;
    verdicts.reserve(corrections.size());
    for (const LoggedCorrection& correction : corrections) {
        auto verdict = correct(correction, received_at);
        {
            const std::scoped_lock lock(sequencer_);
            state_.forget_recount();
        }
        if (!verdict) return failure(verdict);
        verdicts.push_back(*std::move(verdict));
    }
    return verdicts;
}

Result<std::vector<std::optional<FoundEvent>>> UsageLog::find_events(
    std::span<const CustomerEventName> names) const {
    std::vector<CustomerEventName> known;
    std::vector<std::size_t> places;
    {
        auto identities = identities_->batch();
        for (std::size_t i = 0; i < names.size(); ++i) {
            const auto found = identities.find(identity_hash(key_, names[i].source, names[i].id));
            if (!found) return failure(found);
            if (!*found) continue;
            known.push_back(names[i]);
            places.push_back(i);
        }
    }
    std::vector<std::optional<FoundEvent>> events(names.size());
    if (known.empty()) return events;
    auto found = turnpike::find_events(segments_in(directory_), writer_->durable_sequence(), known,
                                       this->names());
    if (!found) return failure(found);
    for (std::size_t i = 0; i < known.size(); ++i) events[places[i]] = std::move((*found)[i]);
    return events;
}

}  // namespace turnpike
