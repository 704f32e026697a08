#include <span>
#include <utility>
#include <vector>

#include "metering/log/identity_hash.h"
#include "metering/log/usage_log.h"

namespace turnpike {
namespace {

/// More than the records of these corrections can take.
std::size_t bytes_max(std::span<const LoggedCorrection> corrections) {
    constexpr std::size_t kRecordsPerCorrection = 2;  // source, correction
    std::size_t bytes = kRecordBytesMax;
    for (const LoggedCorrection& one : corrections)
        bytes += kRecordsPerCorrection * (kRecordBytesMax + one.event.source.size()) +
                 one.event.id.size() + one.correction.id.size() + kEventPropertiesMax +
                 kUsageCountsMax * kChangeBytesMax;
    return bytes;
}

CorrectionVerdict rejected(EventComplaint complaint) {
    return {Verdict::Rejected, std::move(complaint)};
}

}  // namespace

Result<CorrectionVerdict> UsageLog::decide(IdentitySet::Batch& identities,
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
    const auto decided = state_.correct({.source = event.source,
                                         .id = event.id,
                                         .time = event.time,
                                         .content = correction.content,
                                         .correction = correction.correction,
                                         .original = *correction.original},
                                        records_);
    if (!decided) return rejected(decided.error());
    identities.insert(hash, correction.content);
    return CorrectionVerdict{};
}

Result<std::vector<CorrectionVerdict>> UsageLog::correct(
    std::span<const LoggedCorrection> corrections, Instant received_at, LogWriter::Done durable) {
    const auto decide_one = [&](IdentitySet::Batch& identities, std::size_t i) {
        return decide(identities, corrections[i]);
    };
    return decide_all<CorrectionVerdict>({corrections.size(), bytes_max(corrections), received_at},
                                         decide_one, std::move(durable));
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
    auto found = turnpike::find_events(directory_ + "/segments", writer_->durable_sequence(), known,
                                       this->names());
    if (!found) return failure(found);
    for (std::size_t i = 0; i < known.size(); ++i) events[places[i]] = std::move((*found)[i]);
    return events;
}

}  // namespace turnpike
