#include "import/usage_taking.h"

#include <list>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "entitlements/window_look.h"
#include "json/scanner.h"
#include "json/value.h"
#include "metering/ingest.h"

namespace turnpike {
namespace {

/// What POST /v1/events would take, so that it counts as everything does.
std::string event_text(const ForeignCustomer& customer, const ForeignUsage& usage,
                       const CustomerId& id, Instant now) {
    return Json{{"source", kImportSource}, {"id", usage_event_id(customer, usage)},
                {"customer", id.text()},   {"meter", usage.meter},
                {"quantity", usage.used},  {"time", format_rfc3339(now)}}
        .dump();
}

void refuse_change(ForeignCustomer& customer, const ForeignUsage& usage, const std::string& was) {
    customer.refuse(
        "usage_differs", usage.place,
        fmt::format("{} of {} were taken over, and now it says {}", was, usage.meter, usage.used));
}

void count(Tally& tally, ForeignCustomer& customer, const ForeignUsage& usage,
           const UsageOutcome& outcome) {
    switch (outcome.verdict) {
        case Verdict::Accepted: ++tally.created; return;
        case Verdict::Duplicate: ++tally.already_there; return;
        case Verdict::Conflict: refuse_change(customer, usage, "others"); break;
        case Verdict::Rejected:
            customer.refuse(outcome.complaint->code, usage.place, outcome.complaint->detail);
            break;
    }
    ++tally.refused;
}

asio::awaitable<Result<AppendReport>> append(BillingContexts& billing,
                                             std::vector<std::string> texts) {
    std::list<std::string> decoded;
    JsonScanner scanner(decoded);
    std::vector<EventEntry> entries;
    entries.reserve(texts.size());
    for (const auto& text : texts) entries.push_back(read_event(scanner, text));
    const auto snapshot = billing.catalog.get();
    const IngestJob job{entries, *snapshot, window_looks(billing.catalog, billing.standings)(),
                        billing.clock.now()};
    auto work = append_job(job);
    co_return co_await billing.usage.append(std::move(work));
}

}  // namespace

std::string usage_event_id(const ForeignCustomer& customer, const ForeignUsage& usage) {
    return fmt::format("{}/{}/{}/{}", customer.catalog, customer.external_id, usage.meter,
                       format_rfc3339(usage.period.start));
}

asio::awaitable<Result<Tally>> take_usage(BillingContexts& billing, ForeignCustomer& customer,
                                          std::optional<CustomerId> id) {
    Tally tally;
    std::vector<const ForeignUsage*> fresh;
    std::vector<std::string> texts;
    for (const auto& usage : customer.usage) {
        EventFilter filter;
        filter.name = EventName{kImportSource, usage_event_id(customer, usage)};
        const auto known = co_await billing.usage.list_events(std::move(filter));
        if (!known) co_return failure(known);
        if (known->empty()) {
            fresh.push_back(&usage);
            if (id) texts.push_back(event_text(customer, usage, *id, billing.clock.now()));
        } else if (const auto was = known->front().event.quantity;
                   was == Quantity::whole(usage.used)) {
            ++tally.already_there;
        } else {
            ++tally.refused;
            refuse_change(customer, usage, was.text());
        }
    }
    if (!id) tally.created = static_cast<std::int64_t>(fresh.size());
    if (texts.empty()) co_return tally;
    const auto report = co_await append(billing, std::move(texts));
    if (!report) co_return failure(report);
    for (std::size_t i = 0; i < fresh.size(); ++i)
        count(tally, customer, *fresh[i], report->outcomes[i]);
    co_return tally;
}

}  // namespace turnpike
