#include "app/bench/bench_server.h"

#include <filesystem>
#include <string_view>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <fmt/format.h>

#include "app/bench/bench.h"
#include "app/bench/bench_connection.h"
#include "app/commands/local_stack.h"
#include "app/config/data_dir.h"
#include "app/config/data_folder.h"
#include "app/ledger/ledger.h"
#include "catalog/catalog_file.h"
#include "catalog/preset.h"
#include "catalog/service.h"
#include "customers/service.h"
#include "json/value.h"
#include "metering/log/files/durable_file.h"

namespace turnpike {
namespace {

using std::chrono::microseconds;
using std::chrono::steady_clock;

constexpr std::size_t kSecretBytes = 32;
constexpr auto kReadyMax = std::chrono::seconds(60);
constexpr auto kReadyPoll = std::chrono::milliseconds(1);
constexpr std::string_view kSlowSync = "libturnpike_slow_sync.so";

std::string own_path() { return std::filesystem::read_symlink("/proc/self/exe").string(); }

std::string meter_key(int number) {
    return number == 0 ? std::string(kBenchMeter) : fmt::format("meter_{:02}", number);
}

/// The preset, with more meters, of which every plan includes as much.
Result<CatalogFile> catalog_of(const BenchWorld& world) {
    auto file = read_catalog_file(*preset_catalog("api-metering"));
    if (!file) return file;
    for (int i = 1; i < world.meters; ++i) {
        Meter meter = file->meters.front();
        meter.key = meter_key(i);
        meter.event_type = bench_event_type(i);
        file->meters.push_back(std::move(meter));
    }
    for (FilePlan& plan : file->plans) {
        plan.allowances.clear();
        for (const Meter& meter : file->meters)
            plan.allowances.push_back({meter.key, kBenchLimit, OveragePolicy::Block, std::nullopt});
    }
    return file;
}

Result<std::monostate> make_ledger(const std::string& directory, const BenchWorld& world) {
    const auto file = catalog_of(world);
    if (!file) return failure(file);
    Config config;
    config.data_dir = directory;
    config.database_url = "sqlite:" + DataFolder{directory}.ledger();
    const auto db = open_migrated_ledger(config);
    if (!db) return failure(db);
    RandomIdSource ids;
    const Instant now = SystemClock().now();
    return (*db)->write_blocking([&](sql::Transaction& tx) -> Result<std::monostate> {
        if (const auto applied = apply_catalog(tx, *file, now, ids); !applied)
            return failure(applied);
        for (int i = 0; i < world.customers; ++i)
            if (const auto made = ensure_customer(tx, bench_customer(i), std::nullopt, now, ids);
                !made)
                return failure(made);
        return std::monostate{};
    });
}

Result<std::vector<std::string>> environment_of(std::chrono::milliseconds sync_delay) {
    std::vector<std::string> environment;
    if (sync_delay.count() == 0) return environment;
    const auto library = std::filesystem::path(own_path()).replace_filename(kSlowSync).string();
    if (!exists(library))
        return invalid_argument("bench.no_library",
                                library +
                                    ": not there; --sync-delay-ms needs this library, which "
                                    "the build makes beside the program");
    environment.push_back("LD_PRELOAD=" + library);
    environment.push_back(fmt::format("TURNPIKE_BENCH_SYNC_DELAY_MS={}", sync_delay.count()));
    return environment;
}

}  // namespace

std::string bench_customer(int number) { return fmt::format("user-{:06}", number); }

std::string bench_event_type(int meter) {
    return meter == 0 ? "api.call" : fmt::format("bench.meter_{:02}", meter);
}

Result<BenchServer> BenchServer::start(const BenchWorld& world,
                                       std::chrono::milliseconds sync_delay) {
    auto environment = environment_of(sync_delay);
    if (!environment) return failure(environment);
    BenchServer server;
    server.environment_ = *std::move(environment);
    const std::string& directory = server.directory();
    const auto made = make_ledger(directory, world);
    if (!made) return failure(made);
    const auto secret = load_or_make_secret(directory, kJwtSecretFile, kSecretBytes);
    if (!secret) return failure(secret);
    server.token_ = day_token(*secret, "bench", Role::Admin);
    server.port_ = free_port();
    server.arguments_ = {own_path(), "serve", "--data=" + directory,
                         fmt::format("--listen=127.0.0.1:{}", server.port_), "--access-log=off",
                         "--log-level=error", "--jwt-secret=" + *secret,
                         // Nobody is asked: nothing is sold while it is measured.
                         "--stripe-secret-key=sk_test_bench", "--stripe-webhook-secret=whsec_bench",
                         "--stripe-api-base=http://127.0.0.1:9"};
    const auto started = server.restart();
    if (!started) return failure(started);
    return server;
}

Result<microseconds> BenchServer::restart() {
    const auto begun = steady_clock::now();
    auto process = BackgroundProgram::start(arguments_, environment_);
    if (!process) return failure(process);
    process_.emplace(*std::move(process));
    const std::string request = head("GET /readyz") + "\r\n";
    boost::asio::io_context io;
    boost::asio::steady_timer pause(io);
    while (steady_clock::now() - begun < kReadyMax && !process_->has_ended()) {
        if (const auto connection = BenchConnection::open(port_)) {
            const auto answer = connection->exchange(request);
            if (answer && is_ok(*answer))
                return std::chrono::duration_cast<microseconds>(steady_clock::now() - begun);
        }
        pause.expires_after(kReadyPoll);
        pause.wait();
    }
    return unavailable("bench.not_ready", "the server did not get ready; try: turnpike doctor");
}

std::string BenchServer::head(std::string_view method_and_target) const {
    return fmt::format("{} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {}\r\n",
                       method_and_target, token_);
}

Result<Json> BenchServer::usage_of(int customer) const {
    const auto connection = BenchConnection::open(port_);
    const auto answer = connection ? connection->exchange(usage_request(customer)) : std::nullopt;
    if (!answer || !is_ok(*answer))
        return unavailable("bench.refused", "the server refused to tell the usage");
    return parse_json(body_of(*answer));
}

Result<std::uint64_t> BenchServer::recorded_events() const {
    const auto log = UsageLog::open({.directory = DataFolder{directory()}.usage()});
    if (!log) return failure(log);
    return (*log)->events();
}

}  // namespace turnpike
