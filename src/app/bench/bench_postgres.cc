#include "app/bench/bench_postgres.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <thread>

#include <fmt/format.h>

#include "app/bench/bench.h"
#include "app/commands/process.h"
#include "app/config/data_dir.h"

namespace turnpike {
namespace {

constexpr int kConnections = 2;
constexpr int kBatches = 200;  // of each connection

constexpr std::string_view kSchema = R"sql(
SET client_min_messages = warning;
DROP TABLE IF EXISTS turnpike_bench_events, turnpike_bench_counters;
CREATE TABLE turnpike_bench_events (
    source TEXT NOT NULL, event_id TEXT NOT NULL, customer_id TEXT NOT NULL,
    meter_key TEXT NOT NULL,
    quantity BIGINT NOT NULL, event_time BIGINT NOT NULL, received_at BIGINT NOT NULL,
    PRIMARY KEY (source, event_id));
CREATE TABLE turnpike_bench_counters (
    customer_id TEXT NOT NULL, meter_key TEXT NOT NULL, used BIGINT NOT NULL,
    hard_limit BIGINT NOT NULL, PRIMARY KEY (customer_id, meter_key));
INSERT INTO turnpike_bench_counters
SELECT 'user-' || lpad(n::text, 6, '0'), 'api_calls', 0, 1000000000000
  FROM generate_series(0, {} - 1) n;
)sql";
constexpr std::string_view kDrop = "DROP TABLE turnpike_bench_events, turnpike_bench_counters";

constexpr std::string_view kStaging = R"sql(
CREATE TEMP TABLE staging (source TEXT, event_id TEXT, customer_id TEXT, meter_key TEXT,
                           quantity BIGINT, event_time BIGINT, received_at BIGINT);
)sql";

constexpr std::string_view kRecord = R"sql(\.
WITH fresh AS (
    INSERT INTO turnpike_bench_events SELECT * FROM staging ON CONFLICT DO NOTHING
    RETURNING customer_id, meter_key, quantity),
sums AS (SELECT customer_id, meter_key, sum(quantity) AS total FROM fresh GROUP BY 1, 2)
UPDATE turnpike_bench_counters c SET used = used + total FROM sums
 WHERE c.customer_id = sums.customer_id AND c.meter_key = sums.meter_key
   AND used + total <= hard_limit;
TRUNCATE staging;
COMMIT;
)sql";

constexpr std::string_view kLimitSchema = R"sql(
SET client_min_messages = warning;
DROP TABLE IF EXISTS turnpike_bench_limits;
CREATE TABLE turnpike_bench_limits (
    customer_id TEXT PRIMARY KEY, used BIGINT NOT NULL, hard_limit BIGINT NOT NULL);
INSERT INTO turnpike_bench_limits VALUES ('user-000000', 0, 1000000000000);
)sql";
constexpr std::string_view kConsume = R"sql(
UPDATE turnpike_bench_limits SET used = used + 1
 WHERE customer_id = 'user-000000' AND used + 1 <= hard_limit;
)sql";
constexpr std::string_view kUsed = "SELECT used FROM turnpike_bench_limits";
constexpr std::string_view kDropLimits = "DROP TABLE turnpike_bench_limits";

/// What one connection sends. Each has its own customers, so that the two never wait for each
/// other.
std::string statements_of(const PostgresLoad& load, int connection) {
    std::string text(kStaging);
    const int customers = std::max(1, load.customers / kConnections);
    for (int batch = 0; batch < kBatches; ++batch) {
        text += "BEGIN;\nCOPY staging FROM stdin;\n";
        for (int i = 0; i < load.batch; ++i)
            text += fmt::format(
                "bench\tb{:016}\tuser-{:06}\tapi_calls\t1000000\t1725148800000000\t"
                "1725148800000000\n",
                (connection * kBatches + batch) * load.batch + i,
                i % customers * kConnections + connection);
        text += kRecord;
    }
    return text;
}

Result<std::string> psql(const std::string& url, const std::string& how, const std::string& what) {
    return run_program({"psql", "--no-psqlrc", "--quiet", "--tuples-only", "--no-align",
                        "--set=ON_ERROR_STOP=1", url, how, what});
}

}  // namespace

Result<std::uint64_t> postgres_events_per_second(const PostgresLoad& load) {
    const auto prepared =
        psql(load.url, "--command", fmt::format(fmt::runtime(kSchema), load.customers));
    if (!prepared) return failure(prepared);
    std::array<std::string, kConnections> files;
    for (int i = 0; i < kConnections; ++i) {
        files[static_cast<std::size_t>(i)] = fmt::format("{}/postgres-{}.sql", load.directory, i);
        const auto saved =
            write_text_file(files[static_cast<std::size_t>(i)], statements_of(load, i));
        if (!saved) return failure(saved);
    }
    std::array<Result<std::string>, kConnections> done;
    const auto begun = std::chrono::steady_clock::now();
    {
        std::vector<std::jthread> threads;
        for (std::size_t i = 0; i < files.size(); ++i)
            threads.emplace_back([&, i] { done[i] = psql(load.url, "--file", files[i]); });
    }
    const auto wall = std::chrono::steady_clock::now() - begun;
    const auto dropped = psql(load.url, "--command", std::string(kDrop));
    for (const auto& one : done)
        if (!one) return failure(one);
    if (!dropped) return failure(dropped);
    const std::int64_t events = std::int64_t{kConnections} * kBatches * load.batch;
    return per_second(static_cast<std::uint64_t>(events),
                      std::chrono::duration_cast<std::chrono::microseconds>(wall));
}

Result<std::uint64_t> postgres_grants_per_second(const PostgresGrants& load) {
    const auto prepared = psql(load.url, "--command", std::string(kLimitSchema));
    if (!prepared) return failure(prepared);
    const std::string script = load.directory + "/postgres-consume.sql";
    const auto saved = write_text_file(script, std::string(kConsume));
    if (!saved) return failure(saved);
    const auto done =
        run_program({"pgbench", "--no-vacuum", "--protocol=prepared",
                     fmt::format("--client={}", load.connections),
                     fmt::format("--time={}", load.seconds), "--file=" + script, load.url});
    const auto used = psql(load.url, "--command", std::string(kUsed));
    const auto dropped = psql(load.url, "--command", std::string(kDropLimits));
    if (!done) return failure(done);
    if (!used) return failure(used);
    if (!dropped) return failure(dropped);
    std::uint64_t granted = 0;
    std::from_chars(used->data(), used->data() + used->size(), granted);
    return granted / static_cast<std::uint64_t>(load.seconds);
}

}  // namespace turnpike
