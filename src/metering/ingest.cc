#include "metering/ingest.h"

#include <utility>

#include "metering/placement.h"

namespace turnpike {

AppendJob append_job(const IngestJob& job) {
    AppendJob append{.subjects = {}, .look = job.look, .place = {}, .system_now = job.system_now};
    append.subjects.reserve(job.entries.size());
    for (const EventEntry& entry : job.entries)
        if (entry) append.subjects.push_back(entry->subject);
    append.place = [job](SubjectWindows& windows) {
        Placement placement(job.catalog, job.system_now);
        const auto place = [&](const EventEntry& entry) -> Placed {
            if (!entry) return std::unexpected(entry.error());
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
