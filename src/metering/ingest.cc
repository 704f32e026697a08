#include "metering/ingest.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

namespace turnpike {
namespace {

using Placed = std::expected<PendingUsage, EventComplaint>;

std::unexpected<EventComplaint> complaint(std::string_view code, std::string detail) {
    return std::unexpected(EventComplaint{code, std::move(detail)});
}

/// Places events; asks for each subject once.
class Placement {
public:
    Placement(sql::Transaction& tx, const Catalog& catalog, const FindWindow& find_window,
              Instant system_now)
        : tx_(tx), catalog_(catalog), find_window_(find_window), system_now_(system_now) {}

    Placed place(const CloudEvent& sent) {
        const Meter* meter = catalog_.meter_of_event(sent.type);
        if (meter == nullptr)
            return complaint("unknown_meter", "no meter counts events of type '" + sent.type + "'");
        const auto quantity = quantity_of(sent, *meter);
        if (!quantity) return std::unexpected(quantity.error());
        const auto& window = window_of_subject(sent.subject);
        if (!window)
            return complaint("unknown_customer", "there is no customer '" + sent.subject + "'");
        const Allowance* allowance = window->plan->allowance(meter->key);
        if (allowance == nullptr)
            return complaint("not_in_plan", "the plan '" + window->plan->key +
                                                "' does not include '" + meter->key + "'");

        UsageEvent event{.source = sent.source,
                         .id = sent.id,
                         .customer = window->customer,
                         .meter_key = meter->key,
                         .quantity = *quantity,
                         .time = sent.time.value_or(window->now),
                         .latency_us = sent.latency_us};
        // A customer on a test clock may send real times as well as the clock's.
        if (auto bad = complaint_about(event, std::max(window->now, system_now_)))
            return std::unexpected(*std::move(bad));
        return pending_usage(
            std::move(event), sent.time ? TimeStated::Yes : TimeStated::No,
            window_of(window->contract, window->period, window->plan->id, *allowance));
    }

private:
    static std::expected<Quantity, EventComplaint> quantity_of(const CloudEvent& sent,
                                                               const Meter& meter) {
        const Quantity one = Quantity::whole(1);
        if (meter.aggregation == Meter::Aggregation::Count) return one;
        if (sent.quantity) return *sent.quantity;
        if (sent.data == CloudEvent::Data::Absent) return one;
        return complaint("missing_field", "data.quantity is missing");
    }

    const std::optional<CustomerWindow>& window_of_subject(const std::string& subject) {
        const auto known = windows_.find(subject);
        if (known != windows_.end()) return known->second;
        auto found = find_window_(tx_, subject, system_now_);
        std::optional<CustomerWindow> window;
        if (found) window = *std::move(found);
        return windows_.emplace(subject, std::move(window)).first->second;
    }

    sql::Transaction& tx_;
    const Catalog& catalog_;
    const FindWindow& find_window_;
    Instant system_now_;
    std::map<std::string, std::optional<CustomerWindow>> windows_;
};

}  // namespace

IngestReport ingest(const IngestJob& job, sql::Transaction& tx, IdSource& ids) {
    IngestReport report;
    report.outcomes.resize(job.entries.size());
    Placement placement(tx, job.catalog, job.find_window, job.system_now);
    std::vector<PendingUsage> pending;
    std::vector<std::size_t> positions;
    for (std::size_t i = 0; i < job.entries.size(); ++i) {
        Placed placed = job.entries[i] ? placement.place(*job.entries[i])
                                       : std::unexpected(job.entries[i].error());
        if (!placed) {
            report.outcomes[i] = {Verdict::Rejected, std::move(placed).error()};
            continue;
        }
        pending.push_back(*std::move(placed));
        positions.push_back(i);
    }

    const auto recorded = record_usage(tx, pending, job.system_now, ids);
    std::set<CustomerId> moved;
    for (std::size_t i = 0; i < recorded.size(); ++i) {
        report.outcomes[positions[i]] = recorded[i];
        if (recorded[i].verdict == Verdict::Accepted) moved.insert(pending[i].event.customer);
    }
    report.moved.assign(moved.begin(), moved.end());
    return report;
}

}  // namespace turnpike
