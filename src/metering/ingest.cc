#include "metering/ingest.h"

#include <algorithm>
#include <memory>
#include <utility>

namespace turnpike {
namespace {

std::unexpected<EventComplaint> complaint(std::string_view code, std::string detail) {
    return std::unexpected(EventComplaint{code, std::move(detail)});
}

std::string quoted(std::string_view text) { return "'" + std::string(text) + "'"; }

class Placement {
public:
    Placement(const IngestJob& job, const SubjectWindows& windows) : job_(job), windows_(windows) {}

    Placed place(const SentEvent& sent) {
        const bool is_plain = sent.type.empty();
        const Meter* meter =
            is_plain ? job_.catalog.meter(sent.meter_key) : job_.catalog.meter_of_event(sent.type);
        if (meter == nullptr && is_plain)
            return complaint("unknown_meter", "there is no meter " + quoted(sent.meter_key));
        if (meter == nullptr)
            return complaint("unknown_meter",
                             "no meter counts events of type " + quoted(sent.type));
        const auto quantity = quantity_of(sent, *meter);
        if (!quantity) return std::unexpected(quantity.error());
        const auto& window = windows_.at(sent.subject);
        if (!window)
            return complaint("unknown_customer", "there is no customer " + quoted(sent.subject));
        const Allowance* allowance = window->plan->allowance(meter->key);
        if (allowance == nullptr)
            return complaint("not_in_plan", "the plan '" + window->plan->key +
                                                "' does not include '" + meter->key + "'");

        UsageEvent event{.source = std::string(sent.source),
                         .id = std::string(sent.id),
                         .customer = window->customer,
                         .meter_key = meter->key,
                         .quantity = *quantity,
                         .time = sent.time.value_or(window->now),
                         .latency_us = sent.latency_us};
        // A customer on a test clock may send real times as well as the clock's.
        if (auto bad = complaint_about(event, std::max(window->now, job_.system_now)))
            return std::unexpected(*std::move(bad));
        auto where = window_of(window->contract, window->period, window->plan->id,
                               meter->aggregation, *allowance);
        where.revision = window->revision;
        return PendingUsage{std::move(event),
                            sent.time ? TimeStated::Yes : TimeStated::No,
                            {{std::make_shared<const UsageWindow>(std::move(where)), *quantity}}};
    }

private:
    static std::expected<Quantity, EventComplaint> quantity_of(const SentEvent& sent,
                                                               const Meter& meter) {
        const Quantity one = Quantity::whole(1);
        if (meter.aggregation == Meter::Aggregation::Count) return one;
        if (sent.quantity) return *sent.quantity;
        if (sent.data == SentEvent::Data::Absent) return one;
        return complaint("missing_field", "quantity is missing");
    }

    const IngestJob& job_;
    const SubjectWindows& windows_;
};

}  // namespace

AppendJob append_job(const IngestJob& job) {
    AppendJob append{.subjects = {}, .look = job.look, .place = {}, .system_now = job.system_now};
    append.subjects.reserve(job.entries.size());
    for (const EventEntry& entry : job.entries)
        if (entry) append.subjects.push_back(entry->subject);
    append.place = [job](const SubjectWindows& windows) {
        Placement placement(job, windows);
        std::vector<Placed> placed;
        placed.reserve(job.entries.size());
        for (const EventEntry& entry : job.entries)
            placed.push_back(entry ? placement.place(*entry) : std::unexpected(entry.error()));
        return placed;
    };
    return append;
}

}  // namespace turnpike
