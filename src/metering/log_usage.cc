#include "metering/log_usage.h"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/check.h"
#include "crypto/crc32c.h"
#include "metering/log/place_text.h"
#include "metering/until_durable.h"

namespace turnpike {
namespace {

/// Looks at the ledger, before an event whose period is closed each time is given back.
constexpr int kLooksMax = 3;

UsageOutcome outcome_of(LogVerdict verdict) {
    switch (verdict) {
        case LogVerdict::Accepted: return {};
        case LogVerdict::Duplicate: return {Verdict::Duplicate, std::nullopt, {}};
        case LogVerdict::Conflict: return {Verdict::Conflict, std::nullopt, {}};
        case LogVerdict::LimitExceeded: return over_limit();
        case LogVerdict::PeriodClosed:
            return {Verdict::Rejected,
                    EventComplaint{"period_closed",
                                   "the customer's billing period has just closed; send it again"},
                    {}};
    }
    check(false, "every verdict is handled");
    return {};
}

// An event's id is its place in the log: 13 characters for the arrival, 13 for the position.
UsageEventId id_at(const LogPlace& place) {
    std::string text = std::string(UsageEventId::kPrefix) + "_";
    put_place(text, place.arrival);
    put_place(text, place.position);
    return UsageEventId::trusted(std::move(text));
}

/// nullopt when it is nobody's id.
std::optional<LogPlace> place_of(std::string_view id) {
    if (!UsageEventId::parse(id)) return std::nullopt;
    id.remove_prefix(UsageEventId::kPrefix.size() + 1);
    return LogPlace{place_from(id.substr(0, kPlaceDigits)), place_from(id.substr(kPlaceDigits))};
}

EventQuery query_of(const EventFilter& filter) {
    EventQuery query{.customer = {},
                     .meter_key = filter.meter_key,
                     .since = filter.page.since,
                     .until = filter.page.until,
                     .before = place_of(filter.page.after.id),
                     .count_max = static_cast<std::size_t>(filter.page.fetch())};
    if (filter.customer) query.customer = filter.customer->text();
    return query;
}

/// Those of `events` that the log asked to place again.
PlacedEvents closed_ones(PlacedEvents events, const std::vector<LogVerdict>& verdicts) {
    PlacedEvents closed;
    for (std::size_t i = 0; i < verdicts.size(); ++i) {
        if (verdicts[i] != LogVerdict::PeriodClosed) continue;
        closed.pending.push_back(std::move(events.pending[i]));
        closed.positions.push_back(events.positions[i]);
    }
    return closed;
}

}  // namespace

std::uint32_t content_check(const PendingUsage& pending) {
    const std::string content = content_of(pending.event, pending.stated, pending.said);
    return crc32c(std::as_bytes(std::span(content)));
}

asio::awaitable<Result<std::vector<LogVerdict>>> LogUsage::record(std::span<const LoggedUse> uses,
                                                                  Instant received_at) {
    Result<std::vector<LogVerdict>> verdicts;
    const auto start = [&](LogWriter::Done done) {
        verdicts = log_.append(uses, received_at, std::move(done));
        return error_of(verdicts);
    };
    const auto failed = co_await until_durable(start);
    if (failed) co_return come_back(*failed);
    co_return verdicts;
}

/// A window that the log has refused is not asked of memory again.
asio::awaitable<SubjectWindows> LogUsage::windows_of(const AppendJob& job, Ask first) {
    KnownWindows known;
    if (first == Ask::Memory) known = known_windows(job);
    if (known.are_all) co_return std::move(known.windows);
    // A transaction that is repeated begins with what it was given.
    co_return co_await ledger_.read([&](sql::Transaction& tx) {
        SubjectWindows found = known.windows;
        find_windows(job, tx, found);
        return found;
    });
}

asio::awaitable<Result<AppendReport>> LogUsage::append(AppendJob job) {
    const bool tells_counters = job.counters == AppendJob::Counters::Report;
    AppendReport report;
    PlacedEvents events;
    for (int look = 1; look <= kLooksMax; ++look) {
        auto placed = job.place(co_await windows_of(job, look == 1 ? Ask::Memory : Ask::Ledger));
        events = look == 1 ? take_placed(std::move(placed), report)
                           : take_placed(std::move(placed), events.positions, report);
        if (events.pending.empty()) break;

        std::vector<std::vector<Counter>> counters(tells_counters ? events.pending.size() : 0);
        std::vector<LoggedUse> uses;
        uses.reserve(events.pending.size());
        for (std::size_t i = 0; i < events.pending.size(); ++i) {
            const PendingUsage& pending = events.pending[i];
            uses.push_back({pending.event, pending.counts, content_check(pending),
                            tells_counters ? &counters[i] : nullptr});
        }
        const auto verdicts = co_await record(uses, job.system_now);
        if (!verdicts) co_return failure(verdicts);
        std::vector<UsageOutcome> outcomes;
        outcomes.reserve(verdicts->size());
        for (std::size_t i = 0; i < verdicts->size(); ++i) {
            outcomes.push_back(outcome_of((*verdicts)[i]));
            if (tells_counters) outcomes.back().counters = std::move(counters[i]);
        }
        take_outcomes(std::move(outcomes), events, report);
        events = closed_ones(std::move(events), *verdicts);
        if (events.pending.empty()) break;
    }
    co_return report;
}

UsageStore::Counters LogUsage::counters(sql::Transaction& /*tx*/, const CustomerId& customer,
                                        const Contract& contract, Instant period_start,
                                        Instant now) {
    const ContractKey key{customer.text(), text_of(contract)};
    Counters counters;
    for (Counter& counter : log_.counters_at(key, period_start, now))
        counters[counter.meter_key].push_back(std::move(counter));
    return counters;
}

asio::awaitable<Result<std::vector<ClosedPeriod>>> LogUsage::close(CloseJob job) {
    const ContractKey contract{job.customer.text(), job.subscription.text()};
    const auto start = [&](LogWriter::Done done) {
        return error_of(log_.close(contract, job.before, std::move(done)));
    };
    const auto failed = co_await until_durable(start);
    if (failed) co_return come_back(*failed);
    co_return closed_periods(log_.counters_of(contract, job.from, job.before));
}

asio::awaitable<Result<std::vector<LoggedEvent>>> LogUsage::scan(EventQuery query) {
    co_return log_.newest_events(query);
}

asio::awaitable<Result<std::vector<RecordedEvent>>> LogUsage::list_events(EventFilter filter) {
    auto scanned = co_await asio::co_spawn(scans_, scan(query_of(filter)), asio::use_awaitable);
    if (!scanned) co_return come_back(scanned.error());
    std::vector<RecordedEvent> events;
    events.reserve(scanned->size());
    for (LoggedEvent& logged : *scanned)
        events.push_back({id_at(logged.place), std::move(logged.event), logged.received_at,
                          std::move(logged.counts)});
    co_return events;
}

}  // namespace turnpike
