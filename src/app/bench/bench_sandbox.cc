#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <fmt/format.h>

#include "app/bench/bench.h"
#include "app/commands/cli.h"
#include "app/commands/progress_bar.h"
#include "app/commands/scratch_dir.h"
#include "app/commands/signals.h"
#include "base/id.h"
#include "base/time.h"
#include "json/value.h"
#include "sandbox/sandbox.h"
#include "sql/database.h"

namespace turnpike {
namespace {

using std::chrono::microseconds;
using std::chrono::steady_clock;
using Times = std::vector<microseconds>;

constexpr std::int64_t kStart = 1'767'225'600;  // 2026-01-01T00:00:00Z
constexpr std::int64_t kMonth = 31 * 24 * 3600;

/// Stripe's twin in this process, called without a network.
class TwinInProcess {
public:
    static Result<TwinInProcess> start(const BenchSandboxOptions& options) {
        auto parts = std::make_unique<Parts>();
        SandboxConfig config;
        config.data_dir = parts->folder.path();
        config.customers_per_clock_max = options.subscriptions;
        auto sandbox = Sandbox::start(config, parts->clock, parts->ids);
        if (!sandbox) return failure(sandbox);
        parts->sandbox = *std::move(sandbox);
        return TwinInProcess(std::move(parts));
    }
    [[nodiscard]] const std::string& folder() const { return parts_->folder.path(); }

    /// Errors: Unavailable "bench.refused".
    [[nodiscard]] Result<Json> call(http::Method method, std::string_view path,
                                    std::string_view form = "") const {
        http::Request request;
        request.method = method;
        request.target = path;
        request.path = path.substr(0, path.find('?'));
        request.headers = {{"Authorization", "Bearer sk_test_bench"},
                           {"Content-Type", "application/x-www-form-urlencoded"}};
        request.body = form;
        const auto answer = parts_->sandbox->answer(std::move(request));
        if (answer.status != 200)
            return unavailable("bench.refused", fmt::format("{}: {}", path, answer.body));
        return parse_json(answer.body);
    }
    [[nodiscard]] Result<std::string> post(std::string_view path, std::string_view form) const {
        const auto made = call(http::Method::Post, path, form);
        if (!made) return failure(made);
        return made->at("id").get<std::string>();
    }

private:
    struct Parts {
        ScratchDir folder;
        SystemClock clock;
        RandomIdSource ids;
        std::unique_ptr<Sandbox> sandbox;
    };
    explicit TwinInProcess(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
    std::unique_ptr<Parts> parts_;
};

/// A customer with a card and one monthly subscription; its id. `more` is of the customer.
Result<std::string> subscribed_customer(const TwinInProcess& twin, const std::string& price,
                                        const std::string& more) {
    auto customer = twin.post("/v1/customers",
                              "payment_method=pm_card_visa&invoice_settings[default_payment_method]"
                              "=pm_card_visa" +
                                  more);
    if (!customer) return failure(customer);
    const auto subscription =
        twin.post("/v1/subscriptions", "customer=" + *customer + "&items[0][price]=" + price);
    if (!subscription) return failure(subscription);
    return customer;
}

struct Row {
    std::string_view what;
    Times times;  ///< sorted
};

/// Times `count` calls of `work`, which must succeed.
template <class Work>
Result<Row> timed(std::string_view what, int count, Work work) {
    Row row{.what = what, .times = {}};
    for (int i = 0; i < count; ++i) {
        const auto began = steady_clock::now();
        const auto done = work();
        row.times.push_back(std::chrono::duration_cast<microseconds>(steady_clock::now() - began));
        if (!done) return failure(done);
    }
    std::ranges::sort(row.times);
    return row;
}

/// What nothing that keeps its state in this database can be quicker than: a row, committed.
Result<Row> time_inserts(const std::string& folder, int count) {
    const auto database = sql::Database::open(
        {.url = "sqlite:" + folder + "/reference.db", .durability = sql::Durability::Relaxed});
    if (!database) return failure(database);
    (*database)->write_blocking([](sql::Transaction& tx) {
        tx.run("CREATE TABLE objects (id INTEGER PRIMARY KEY, body TEXT NOT NULL)");
        return true;
    });
    const std::string body(2000, 'x');
    return timed("reference: one row of 2,000 bytes in SQLite", count, [&]() -> Result<bool> {
        return (*database)->write_blocking([&](sql::Transaction& tx) {
            tx.run("INSERT INTO objects (body) VALUES ($1)", {body});
            return true;
        });
    });
}

Result<std::vector<Row>> time_calls(const TwinInProcess& twin, const std::string& price,
                                    int count) {
    const auto customer = subscribed_customer(twin, price, "");
    if (!customer) return failure(customer);
    std::vector<Result<Row>> rows;
    rows.push_back(time_inserts(twin.folder(), count));
    rows.push_back(timed("POST /v1/customers", count, [&] {
        return twin.call(http::Method::Post, "/v1/customers", "email=ada@example.com");
    }));
    rows.push_back(timed("GET /v1/customers/{id}", count, [&] {
        return twin.call(http::Method::Get, "/v1/customers/" + *customer);
    }));
    rows.push_back(timed("POST /v1/customers/{id}", count, [&, n = 0]() mutable {
        return twin.call(http::Method::Post, "/v1/customers/" + *customer,
                         fmt::format("metadata[n]={}", n++));
    }));
    rows.push_back(timed("GET /v1/invoices?customer=", count, [&] {
        return twin.call(http::Method::Get, "/v1/invoices?customer=" + *customer);
    }));
    rows.push_back(timed("POST /v1/customers and /v1/subscriptions, paid", count,
                         [&] { return subscribed_customer(twin, price, ""); }));
    std::vector<Row> all;
    for (auto& row : rows) {
        if (!row) return failure(row);
        all.push_back(*std::move(row));
    }
    return all;
}

/// From the request until the clock is ready.
Result<microseconds> time_month(const TwinInProcess& twin, const std::string& price, int count) {
    const auto clock =
        twin.post("/v1/test_helpers/test_clocks", fmt::format("frozen_time={}", kStart));
    if (!clock) return failure(clock);
    ProgressBar bar("subscribing");
    for (int i = 0; i < count; ++i) {
        bar.show(static_cast<std::uint64_t>(i), static_cast<std::uint64_t>(count));
        const auto customer = subscribed_customer(twin, price, "&test_clock=" + *clock);
        if (!customer) return failure(customer);
    }
    bar.clear();
    const std::string url = "/v1/test_helpers/test_clocks/" + *clock;
    boost::asio::io_context waiting;
    const auto began = steady_clock::now();
    // One hour more: a renewal's draft closes itself and is paid.
    const auto moving =
        twin.post(url + "/advance", fmt::format("frozen_time={}", kStart + kMonth + 3600));
    if (!moving) return failure(moving);
    for (;;) {
        const auto state = twin.call(http::Method::Get, url);
        if (!state) return failure(state);
        if (state->value("status", "") == "ready") break;
        if (state->value("status", "") != "advancing")
            return unavailable("bench.refused", "the clock ended as " + to_text(*state));
        boost::asio::steady_timer(waiting, std::chrono::milliseconds(5)).wait();
    }
    return std::chrono::duration_cast<microseconds>(steady_clock::now() - began);
}

Result<std::monostate> check_renewed(const TwinInProcess& twin, int count) {
    const auto paid = twin.call(http::Method::Get, "/v1/invoices?status=paid&limit=100");
    if (!paid) return failure(paid);
    const auto& newest = paid->at("data");
    const auto renewals = std::ranges::count_if(newest, [](const Json& invoice) {
        return invoice.value("billing_reason", "") == "subscription_cycle";
    });
    if (renewals == std::min(count, 100)) return std::monostate{};
    return unavailable("bench.miscounted",
                       fmt::format("of the newest 100 invoices {} are renewals", renewals));
}

std::string report_of(const std::vector<Row>& rows, microseconds month,
                      const BenchSandboxOptions& options) {
    std::string report = fmt::format(
        "Stripe's twin in this process, without a network, {} calls of each kind; {} cores\n\n"
        "| call | p50 | p99 | p99.9 | p50 / reference |\n|---|---|---|---|---|\n",
        options.calls, std::thread::hardware_concurrency());
    const auto reference = std::max<std::int64_t>(1, percentile(rows.front().times, 500).count());
    for (const Row& row : rows)
        report += fmt::format("| {} | {} | {} |\n", row.what, latency_columns(row.times),
                              permille(percentile(row.times, 500).count() * 1000 / reference));
    return report + fmt::format("\nA month over {} subscriptions: {} ({} of one each)\n",
                                options.subscriptions, milliseconds_text(month),
                                milliseconds_text(month / options.subscriptions));
}

Result<std::string> run(const BenchSandboxOptions& options) {
    const auto twin = TwinInProcess::start(options);
    if (!twin) return failure(twin);
    const auto product = twin->post("/v1/products", "name=Pro");
    if (!product) return failure(product);
    const auto price =
        twin->post("/v1/prices",
                   "currency=usd&unit_amount=1500&recurring[interval]=month&product=" + *product);
    if (!price) return failure(price);
    const auto rows = time_calls(*twin, *price, options.calls);
    if (!rows) return failure(rows);
    const auto month = time_month(*twin, *price, options.subscriptions);
    if (!month) return failure(month);
    const auto renewed = check_renewed(*twin, options.subscriptions);
    if (!renewed) return failure(renewed);
    return report_of(*rows, *month, options);
}

}  // namespace

int command_bench_sandbox(const BenchSandboxOptions& options) {
    block_signals();
    return hand_out(run(options), options.report);
}

}  // namespace turnpike
