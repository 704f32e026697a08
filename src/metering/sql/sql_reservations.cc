#include "metering/sql/sql_reservations.h"

#include <memory>
#include <utility>

#include "metering/append_job.h"
#include "metering/sql/counter_book.h"
#include "metering/sql/record.h"
#include "metering/sql/stored_hold.h"
#include "metering/usage_delta.h"

namespace turnpike {
namespace {

constexpr std::size_t kCustomersPerPass = 100;

bool is_remembered(const StoredHold& hold, Instant now) {
    return !hold.shown.ended_at || !is_forgotten(*hold.shown.ended_at, now);
}

std::vector<Counter> counters_after(CounterBook& book, const PendingUsage& pending) {
    std::vector<Counter> counters;
    counters.reserve(pending.counts.size());
    for (const UsageCount& count : pending.counts)
        counters.push_back(book.look(pending.event.customer, count, pending.event.time));
    return counters;
}

StoredHold hold_of(const PendingUsage& pending, const ReserveJob& job, std::string content,
                   IdSource& ids) {
    const UsageEvent& event = pending.event;
    StoredHold hold{.shown = {.id = ids.make<ReservationId>(job.usage.system_now),
                              .state = ReservationState::Open,
                              .customer = event.customer,
                              .meter_key = event.meter_key,
                              .source = event.source,
                              .event_id = event.id,
                              .reserved = job.reserved,
                              .time = event.time,
                              .expires_at = job.expires_at},
                    .contract = pending.counts.front().window->contract,
                    .content = std::move(content),
                    .properties = event.properties,
                    .counts = {}};
    for (const UsageCount& count : pending.counts)
        hold.counts.push_back({count.window->reset, count.window->period.start, count.value});
    return hold;
}

/// What the name stands for, when it stands for anything.
std::optional<ReserveReport> known_report(sql::Transaction& tx, const UsageEvent& event,
                                          const std::string& content, Instant now) {
    if (!is_name_taken(tx, event.source, event.id)) return std::nullopt;
    ReserveReport report{.verdict = ReserveVerdict::Conflict};
    const auto hold = load_hold_named(tx, event.source, event.id);
    if (!hold || hold->content != content || !is_remembered(*hold, now)) return report;
    report.verdict = ReserveVerdict::Same;
    report.reservation = hold->shown;
    return report;
}

ReserveReport reserve_placed(const ReserveJob& job, const PendingUsage& pending,
                             sql::Transaction& tx, IdSource& ids) {
    const UsageEvent& event = pending.event;
    const Instant now = job.usage.system_now;
    CounterBook book(tx, now);
    book.expire(event.customer);
    const std::string content = content_hash(pending);
    ReserveReport report;
    if (auto known = known_report(tx, event, content, now)) {
        report = *std::move(known);
    } else if (!book.can_hold(event.customer, pending.counts)) {
        report.verdict = ReserveVerdict::Unsupported;
    } else if (book.hold(event.customer, pending.counts, event.time)) {
        const StoredHold hold = hold_of(pending, job, content, ids);
        insert_hold(tx, hold, now);
        report.reservation = hold.shown;
    } else {
        report.verdict = ReserveVerdict::LimitExceeded;
    }
    report.counters = counters_after(book, pending);
    book.save();
    return report;
}

ReserveReport reserve_job(const ReserveJob& job, sql::Transaction& tx, IdSource& ids) {
    SubjectWindows windows;
    find_windows(job.usage, tx, windows);
    auto placed = std::move(job.usage.place(windows).front());
    if (!placed) return {.complaint = std::move(placed).error()};
    return reserve_placed(job, *placed, tx, ids);
}

/// The event that the commit records.
PendingUsage usage_of(const StoredHold& hold, const std::vector<Quantity>& values,
                      const std::optional<std::string>& properties) {
    const Reservation& shown = hold.shown;
    PendingUsage pending{.event = {.source = shown.source,
                                   .id = shown.event_id,
                                   .customer = shown.customer,
                                   .meter_key = shown.meter_key,
                                   .quantity = values.front(),
                                   .time = shown.time,
                                   .latency_us = std::nullopt,
                                   .properties = properties.value_or(hold.properties)},
                         .stated = TimeStated::No,
                         .counts = {}};
    for (std::size_t i = 0; i < hold.counts.size(); ++i) {
        UsageWindow window{.contract = hold.contract,
                           .meter_key = shown.meter_key,
                           .reset = hold.counts[i].reset,
                           .period = {hold.counts[i].window_start, hold.counts[i].window_start},
                           .plan_version = PlanVersionId::trusted(""),
                           .included = {}};
        pending.counts.push_back(
            {std::make_shared<const UsageWindow>(std::move(window)), values[i]});
    }
    return pending;
}

EndReport commit_open(StoredHold& hold, const CommitJob& job, CounterBook& book,
                      const RecordJob& record) {
    const auto values = book.commit(hold, job.quantity);
    if (!values) return {EndVerdict::Exceeds, hold.shown, book.commit_max(hold)};
    hold.shown.state = ReservationState::Committed;
    hold.shown.quantity = job.quantity;
    hold.shown.ended_at = job.system_now;
    end_hold(record.tx, hold);
    drop_name(record.tx, hold.shown.id);
    const PendingUsage pending = usage_of(hold, *values, job.properties);
    insert_counted(record, pending, hold.content,
                   book.places_of(hold.shown.customer, pending.counts));
    const UsageOutcome accepted;
    save_deltas(record.tx, std::span(&pending, 1), std::span(&accepted, 1), job.system_now,
                record.ids);
    return {EndVerdict::Ended, hold.shown};
}

/// What has expired ends first, then `decide_end(hold, book)` answers for the one that is meant.
template <class DecideEnd>
EndReport end_job(sql::Transaction& tx, const ReservationId& id, Instant now,
                  DecideEnd decide_end) {
    auto hold = load_hold(tx, id);
    if (!hold || !is_remembered(*hold, now)) return {EndVerdict::Unknown, std::nullopt};
    CounterBook book(tx, now);
    book.expire(hold->shown.customer);
    hold = load_hold(tx, id);
    EndReport report = decide_end(*hold, book);
    book.save();
    return report;
}

}  // namespace

asio::awaitable<Result<ReserveReport>> SqlReservations::reserve(ReserveJob job) {
    auto work = [&](sql::Transaction& tx) { return reserve_job(job, tx, ids_); };
    co_return co_await db_.write(work);
}

asio::awaitable<Result<EndReport>> SqlReservations::commit(CommitJob job) {
    auto work = [&](sql::Transaction& tx) {
        const RecordJob record{tx, ids_, job.system_now, AppendJob::Counters::Omit};
        const auto decide_end = [&](StoredHold& hold, CounterBook& book) -> EndReport {
            const auto verdict =
                commit_verdict(hold.shown.state, hold.shown.quantity, job.quantity);
            if (verdict != EndVerdict::Ended) return {verdict, hold.shown};
            return commit_open(hold, job, book, record);
        };
        return end_job(tx, job.id, job.system_now, decide_end);
    };
    co_return co_await db_.write(work);
}

asio::awaitable<Result<EndReport>> SqlReservations::release(ReservationId id, Instant system_now) {
    auto work = [&](sql::Transaction& tx) {
        const auto decide_end = [&](StoredHold& hold, CounterBook& book) -> EndReport {
            const auto verdict = release_verdict(hold.shown.state);
            if (verdict != EndVerdict::Ended) return {verdict, hold.shown};
            book.release(hold);
            hold.shown.state = ReservationState::Released;
            hold.shown.ended_at = system_now;
            end_hold(tx, hold);
            return {verdict, hold.shown};
        };
        return end_job(tx, id, system_now, decide_end);
    };
    co_return co_await db_.write(work);
}

asio::awaitable<Result<std::optional<Reservation>>> SqlReservations::find(ReservationId id,
                                                                          Instant system_now) {
    auto work = [&](sql::Transaction& tx) -> std::optional<Reservation> {
        const auto hold = load_hold(tx, id);
        if (!hold || !is_remembered(*hold, system_now)) return std::nullopt;
        return as_of(hold->shown, system_now);
    };
    co_return co_await db_.read(work);
}

asio::awaitable<Result<std::vector<CustomerId>>> SqlReservations::expire(Instant system_now) {
    auto look = [&](sql::Transaction& tx) {
        return load_due_customers(tx, system_now, kCustomersPerPass);
    };
    const std::vector<CustomerId> customers = co_await db_.read(look);
    for (const CustomerId& customer : customers) {
        auto work = [&](sql::Transaction& tx) {
            CounterBook book(tx, system_now);
            book.expire(customer);
            book.save();
            return std::monostate{};
        };
        co_await db_.write(work);
    }
    co_return customers;
}

}  // namespace turnpike
