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
#include "metering/log/records/place_text.h"
#include "metering/log_wait.h"

namespace turnpike {
namespace {

/// \param full  of LimitExceeded
UsageOutcome outcome_of(LogVerdict verdict, const FullWindow& full) {
    switch (verdict) {
        case LogVerdict::Accepted: return {};
        case LogVerdict::Duplicate: return {Verdict::Duplicate, std::nullopt, {}};
        case LogVerdict::Conflict: return {Verdict::Conflict, std::nullopt, {}};
        case LogVerdict::LimitExceeded: return over_limit(full);
    }
    check(false, "every verdict is handled");
    return {};
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
    if (!filter.name) return query;
    query.source = filter.name->source;
    query.id = filter.name->id;
    query.count_max = 1;  // there is no other
    return query;
}

RecordedEvent recorded_from(LoggedEvent logged) {
    return {id_at(logged.place),      std::move(logged.event), logged.received_at,
            std::move(logged.counts), logged.status,           std::move(logged.corrects)};
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

asio::awaitable<SubjectWindows> LogUsage::windows_of(const AppendJob& job) {
    KnownWindows known = known_windows(job);
    if (known.are_all) co_return std::move(known.windows);
    // A transaction that is repeated begins with what it was given.
    co_return co_await ledger_.read([&](sql::Transaction& tx) {
        SubjectWindows found = known.windows;
        find_windows(job, tx, found);
        return found;
    });
}

asio::awaitable<std::vector<Placed>> LogUsage::place(const AppendJob& job) {
    SubjectWindows windows = co_await windows_of(job);
    auto placed = job.place(windows);
    const auto sought = windows.take_sought();
    if (sought.empty()) co_return placed;
    SubjectWindows more = co_await ledger_.read([&](sql::Transaction& tx) {
        SubjectWindows found = windows;
        find_past_windows(job, tx, sought, found);
        return found;
    });
    co_return job.place(more);
}

asio::awaitable<Result<std::vector<UsageOutcome>>> LogUsage::decide(
    const AppendJob& job, const std::vector<PendingUsage>& events) {
    const bool tells_counters = job.counters == AppendJob::Counters::Report;
    std::vector<std::vector<Counter>> counters(tells_counters ? events.size() : 0);
    std::vector<FullWindow> full(events.size());
    std::vector<LoggedUse> uses;
    uses.reserve(events.size());
    for (std::size_t i = 0; i < events.size(); ++i) {
        const PendingUsage& pending = events[i];
        uses.push_back({pending.event, pending.counts, content_check(pending),
                        tells_counters ? &counters[i] : nullptr, &full[i]});
    }
    const auto verdicts = co_await record(uses, job.system_now);
    if (!verdicts) co_return failure(verdicts);
    std::vector<UsageOutcome> outcomes;
    outcomes.reserve(events.size());
    for (std::size_t i = 0; i < events.size(); ++i) {
        outcomes.push_back(outcome_of((*verdicts)[i], full[i]));
        if (tells_counters) outcomes.back().counters = std::move(counters[i]);
    }
    co_return outcomes;
}

asio::awaitable<Result<AppendReport>> LogUsage::append(AppendJob job) {
    AppendReport report;
    PlacedEvents events = take_placed(co_await place(job), report);
    if (events.pending.empty()) co_return report;
    if (job.has_corrections)
        co_return co_await append_in_order(job, std::move(events), std::move(report));
    auto outcomes = co_await decide(job, events.pending);
    if (!outcomes) co_return failure(outcomes);
    take_outcomes(*std::move(outcomes), events, report);
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

asio::awaitable<Result<std::vector<UsedPeriod>>> LogUsage::used_periods(PeriodQuery query) {
    const ContractKey contract{query.customer.text(), query.subscription.text()};
    const auto counters = log_.counters_of(contract, query.ended_after, query.began_before);
    const auto start = [&](LogWriter::Done done) {
        log_.when_durable(std::move(done));
        return std::optional<Error>();
    };
    const auto failed = co_await until_durable(start);
    if (failed) co_return come_back(*failed);
    co_return periods_of(counters);
}

asio::awaitable<Result<std::vector<LoggedEvent>>> LogUsage::scan(EventQuery query) {
    // Most names that are asked for in vain would be looked for in all of the log.
    if (query.source && query.id) {
        const auto known = log_.knows(*query.source, *query.id);
        if (!known) co_return failure(known);
        if (!*known) co_return std::vector<LoggedEvent>();
    }
    co_return log_.newest_events(query);
}

asio::awaitable<Result<std::optional<LoggedEvent>>> LogUsage::look_at(LogPlace place) {
    co_return log_.event_at(place);
}

asio::awaitable<Result<std::uint64_t>> LogUsage::scan_history(const PlacedCounter& counter,
                                                              EntryRange range,
                                                              const SeeEntry& see) {
    co_return log_.read_history(counter, range, see);
}

asio::awaitable<Result<std::optional<CounterHistory>>> LogUsage::read_history(HistoryQuery query,
                                                                              SeeEntry see) {
    const ContractKey contract{query.customer.text(), query.subscription.text()};
    const auto placed = log_.placed_counter(contract, query.meter_key, query.period_start);
    if (!placed) co_return std::nullopt;
    const auto start = [&](LogWriter::Done done) {
        log_.when_durable(std::move(done));
        return std::optional<Error>();
    };
    const auto failed = co_await until_durable(start);
    if (failed) co_return come_back(*failed);
    const EntryRange range{query.after, query.last};
    const auto entries =
        co_await asio::co_spawn(histories_, scan_history(*placed, range, see), asio::use_awaitable);
    if (!entries) co_return come_back(entries.error());
    co_return CounterHistory{placed->counter, *entries};
}

asio::awaitable<Result<std::vector<RecordedEvent>>> LogUsage::list_events(EventFilter filter) {
    auto scanned = co_await asio::co_spawn(scans_, scan(query_of(filter)), asio::use_awaitable);
    if (!scanned) co_return come_back(scanned.error());
    std::vector<RecordedEvent> events;
    events.reserve(scanned->size());
    for (LoggedEvent& logged : *scanned) events.push_back(recorded_from(std::move(logged)));
    co_return events;
}

asio::awaitable<Result<std::optional<FollowedEvent>>> LogUsage::follow_event(UsageEventId id) {
    const auto place = place_of(id.text());
    // Ids of other stores may be larger than any place.
    if (!place || id_at(*place) != id) co_return std::nullopt;
    auto logged = co_await asio::co_spawn(scans_, look_at(*place), asio::use_awaitable);
    if (!logged) co_return come_back(logged.error());
    if (!*logged) co_return std::nullopt;
    const std::string subscription = (*logged)->subscription;
    FollowedEvent followed{recorded_from(**std::move(logged)), {}};
    const ContractKey contract{followed.recorded.event.customer.text(), subscription};
    for (const MovedCounter& moved : followed.recorded.counts) {
        auto counter = log_.counter(contract, moved.meter_key, moved.window_start, moved.reset);
        check(counter.has_value(), "what an event moved is there");
        followed.counters.push_back(*std::move(counter));
    }
    co_return followed;
}

}  // namespace turnpike
