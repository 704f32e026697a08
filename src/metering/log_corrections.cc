#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "metering/log_usage.h"
#include "metering/log_wait.h"

namespace turnpike {

asio::awaitable<Result<AppendReport>> LogUsage::append_in_order(const AppendJob& job,
                                                                PlacedEvents events,
                                                                AppendReport report) {
    for (PlacedEvents& stretch : stretches_of(std::move(events))) {
        std::vector<UsageOutcome> outcomes;
        if (stretch.pending.front().correction) {
            auto corrected = co_await correct(stretch.pending, job.system_now);
            if (!corrected) co_return failure(corrected);
            outcomes = *std::move(corrected);
        } else {
            auto decided = co_await decide(job, stretch.pending);
            if (!decided) co_return failure(decided);
            outcomes = *std::move(decided);
        }
        take_outcomes(std::move(outcomes), stretch, report);
    }
    co_return report;
}

asio::awaitable<Result<std::vector<CorrectionVerdict>>> LogUsage::decide_corrections(
    const std::vector<PendingUsage>& corrections, Instant received_at) {
    std::vector<CustomerEventName> names;
    names.reserve(corrections.size());
    for (const PendingUsage& pending : corrections)
        names.push_back(
            {pending.event.customer.text(), pending.correction->source, pending.correction->id});
    const auto found = log_.find_events(names);
    if (!found) co_return failure(found);
    std::vector<LoggedCorrection> logged;
    logged.reserve(corrections.size());
    for (std::size_t i = 0; i < corrections.size(); ++i)
        logged.push_back({corrections[i].event, *corrections[i].correction,
                          content_check(corrections[i]), (*found)[i]});
    co_return log_.correct(logged, received_at);
}

/// An event that is looked for may have come a moment ago: only what is durable is read.
asio::awaitable<Result<std::vector<UsageOutcome>>> LogUsage::correct(
    const std::vector<PendingUsage>& corrections, Instant received_at) {
    const auto wait = [&](LogWriter::Done done) {
        log_.when_durable(std::move(done));
        return std::optional<Error>();
    };
    if (const auto failed = co_await until_durable(wait)) co_return come_back(*failed);
    auto verdicts = co_await asio::co_spawn(scans_, decide_corrections(corrections, received_at),
                                            asio::use_awaitable);
    if (!verdicts) co_return come_back(verdicts.error());
    if (const auto failed = co_await until_durable(wait)) co_return come_back(*failed);

    std::vector<UsageOutcome> outcomes;
    outcomes.reserve(verdicts->size());
    for (CorrectionVerdict& verdict : *verdicts)
        outcomes.push_back({verdict.verdict, std::move(verdict.complaint), {}});
    co_return outcomes;
}

}  // namespace turnpike
