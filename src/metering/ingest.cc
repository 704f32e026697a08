#include "metering/ingest.h"

#include <algorithm>
#include <utility>

#include "metering/placement.h"

namespace turnpike {
namespace {

/// What it does is known only to who finds the event.
Placed place_correction(const SentEvent& sent, const Result<CustomerWindow>& customer,
                        Instant system_now) {
    if (!customer)
        return std::unexpected(EventComplaint{
            "unknown_customer", "there is no customer '" + std::string(sent.subject) + "'"});
    Correction correction{sent.corrects->kind, std::string(sent.corrects->source),
                          std::string(sent.corrects->id), sent.quantity.value_or(Quantity{})};
    UsageEvent event{.source = std::string(sent.source),
                     .id = std::string(sent.id),
                     .customer = customer->customer,
                     .meter_key = {},
                     .quantity = {},
                     .time = sent.time.value_or(customer->now),
                     .latency_us = {}};
    if (auto bad = complaint_about(event, std::max(customer->now, system_now)))
        return std::unexpected(*std::move(bad));
    std::string said = said_of(correction);
    return PendingUsage{std::move(event),
                        sent.time ? TimeStated::Yes : TimeStated::No,
                        {},
                        std::move(said),
                        std::move(correction)};
}

}  // namespace

AppendJob append_job(const IngestJob& job) {
    AppendJob append{.subjects = {}, .look = job.look, .place = {}, .system_now = job.system_now};
    append.subjects.reserve(job.entries.size());
    for (const EventEntry& entry : job.entries) {
        if (!entry) continue;
        append.subjects.push_back(entry->subject);
        append.has_corrections |= entry->corrects.has_value();
    }
    append.place = [job](SubjectWindows& windows) {
        Placement placement(job.catalog, job.system_now);
        const auto place = [&](const EventEntry& entry) -> Placed {
            if (!entry) return std::unexpected(entry.error());
            if (entry->corrects)
                return place_correction(*entry, windows.at(entry->subject), job.system_now);
            return placement.place(*entry, windows, entry->time ? TimeStated::Yes : TimeStated::No);
        };
        std::vector<Placed> placed;
        placed.reserve(job.entries.size());
        for (const EventEntry& entry : job.entries) placed.push_back(place(entry));
        return placed;
    };
    return append;
}

}  // namespace turnpike
