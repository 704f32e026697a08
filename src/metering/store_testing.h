#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "metering/log/log_testing.h"
#include "metering/log_usage.h"
#include "metering/service.h"
#include "metering/testing.h"
#include "sql/testing.h"

namespace turnpike::testing {

using Verdicts = std::vector<std::string>;

/// One request that needs no look at the ledger.
inline AppendJob job_of(std::vector<PendingUsage> events, Instant now = kStart) {
    AppendJob job{.subjects = {}, .look = {}, .place = {}, .system_now = now};
    for (const PendingUsage& event : events) job.has_corrections |= event.correction.has_value();
    job.place = [events = std::move(events)](const SubjectWindows&) {
        return std::vector<Placed>(events.begin(), events.end());
    };
    return job;
}

inline Verdicts record(UsageStore& store, std::vector<PendingUsage> events, Instant now = kStart) {
    const auto report = run(store.append(job_of(std::move(events), now)));
    EXPECT_TRUE(report) << report.error().message;
    Verdicts verdicts;
    for (const UsageOutcome& outcome : report->outcomes)
        verdicts.push_back(outcome.complaint ? std::string(outcome.complaint->code)
                                             : std::string(to_text(outcome.verdict)));
    return verdicts;
}

inline std::vector<RecordedEvent> events_of(UsageStore& store, EventFilter filter = {}) {
    if (filter.page.limit == PageQuery::kLimitDefault) filter.page.limit = 10'000;
    auto events = run(store.list_events(std::move(filter)));
    EXPECT_TRUE(events) << events.error().message;
    return *std::move(events);
}

enum class Kind : std::uint8_t { Sqlite, Postgres, Log };
// GoogleTest looks for this name.
inline void PrintTo(Kind kind, std::ostream* out) {  // NOLINT(readability-identifier-naming)
    *out << static_cast<int>(kind);
}
inline std::string kind_name(const ::testing::TestParamInfo<Kind>& info) {
    const char* const names[] = {"Sqlite", "Postgres", "Log"};
    return names[static_cast<std::size_t>(info.param)];
}

/// A store and the ledger beside it.
struct StoreWorld {
    /// \param log  a directory; nullptr: usage is in the ledger
    StoreWorld(std::unique_ptr<sql::Database> ledger, const std::string* log)
        : db(std::move(ledger)), world(*db) {
        if (log != nullptr) open_log(*log);
    }
    /// Anew, when it is open.
    void open_log(const std::string& directory) {
        log_usage.reset();
        usage_log.reset();
        auto opened = UsageLog::open({directory, kSmallSegmentBytes, 1'000});
        ASSERT_TRUE(opened) << opened.error().message;
        usage_log = *std::move(opened);
        log_usage = std::make_unique<LogUsage>(*db, *usage_log);
    }

    std::unique_ptr<sql::Database> db;
    MeteredWorld world;
    std::unique_ptr<UsageLog> usage_log;
    std::unique_ptr<LogUsage> log_usage;

    UsageStore& store() { return log_usage ? *log_usage : world.usage(); }
    std::int64_t used(const CustomerId& customer) {
        return db->read_blocking([&](sql::Transaction& tx) {
            const auto counters = store().counters(tx, customer, std::nullopt, kStart, kStart);
            const auto calls = counters.find("api_calls");
            return calls == counters.end() ? -1
                                           : calls->second.front().used.scaled() / Quantity::kOne;
        });
    }
};

/// The same test over each store: instantiate it with Kinds. A SetUp() of its own calls this one
/// first, and returns when nothing is given: PostgreSQL is not there, and the test is skipped.
class StoreTest : public ::testing::TestWithParam<Kind> {
protected:
    void SetUp() override {
        std::string url = "sqlite::memory:";
        if (GetParam() == Kind::Postgres) url = sql::postgres_test_url();
        if (url.empty()) GTEST_SKIP() << "TURNPIKE_TEST_POSTGRES is not set";
        const std::string* log = GetParam() == Kind::Log ? &folder_.path() : nullptr;
        given_.emplace(sql::open_test_database(url), log);
        alice_ = world().add_customer("alice");
    }
    MeteredWorld& world() { return given_->world; }
    UsageStore& store() { return given_->store(); }
    /// Of the log: as a process that ended, and one that begins. The others have no memory.
    void restart() {
        if (GetParam() == Kind::Log) given_->open_log(folder_.path());
    }

    ScratchFolder folder_;
    std::optional<StoreWorld> given_;
    CustomerId alice_ = CustomerId::trusted("");  ///< without a subscription
};

}  // namespace turnpike::testing
