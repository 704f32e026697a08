#include "billing/testing/testing.h"

#include <list>
#include <stdexcept>

#include "billing/life/test_clocks.h"
#include "catalog/preset.h"
#include "catalog/service.h"
#include "customers/service.h"
#include "entitlements/consume.h"
#include "entitlements/window_look.h"
#include "invoicing/service.h"
#include "json/value.h"
#include "metering/event_body.h"
#include "metering/ingest.h"
#include "metering/log_usage.h"
#include "metering/sql/sql_usage.h"
#include "subscriptions/service.h"

namespace turnpike {
namespace {

std::unique_ptr<stripe::Provider> make_provider(const std::string& key, http::Client& http,
                                                IntentWorld world) {
    stripe::ClientConfig config;
    config.secret_key = key;
    config.base_url = SharedSandbox::get().url();
    auto made = stripe::Provider::create(config, http, world, {});
    if (!made) throw std::runtime_error(made.error().message);
    return *std::move(made);
}

std::unique_ptr<UsageStore> usage_in(sql::Database& ledger, UsageLog* log, IdSource& ids) {
    if (log != nullptr) return std::make_unique<LogUsage>(ledger, *log);
    return std::make_unique<SqlUsage>(ledger, ids);
}

}  // namespace

SharedSandbox& SharedSandbox::get() {
    static SharedSandbox shared;
    return shared;
}

SharedSandbox::SharedSandbox() {
    SandboxConfig config;
    config.data_dir = folder_.path();
    auto started = Sandbox::start(config, clock_, ids_);
    if (!started) throw std::runtime_error(started.error().message);
    sandbox_ = *std::move(started);
}

std::string fresh_account_key() {
    RandomIdSource ids;
    return "sk_test_" + ids.body(SystemClock().now());
}

std::unique_ptr<sql::Database> ledger_with_catalog() {
    auto ledger = sql::open_test_database();
    const auto file = read_catalog_file(*preset_catalog("api-metering"));
    if (!file) throw std::runtime_error(file.error().message);
    RandomIdSource ids;
    ledger->write_blocking([&](sql::Transaction& tx) {
        return apply_catalog(tx, *file, SystemClock().now(), ids).value();
    });
    return ledger;
}

std::unique_ptr<UsageLog> usage_log_in(const sql::TempFolder& folder) {
    UsageLog::Config config{.directory = (folder.path() / "usage").string()};
    config.segment_bytes = std::size_t{33} << 20;
    auto log = UsageLog::open(config);
    if (!log) throw std::runtime_error(log.error().message);
    return *std::move(log);
}

BillingWorld::BillingWorld(sql::Database& given, std::string account_key, UsageLog* log)
    : ledger(given),
      key(std::move(account_key)),
      http({.threads = 2}),
      provider(make_provider(key, http, {ledger, clock, ids})),
      standings(StandingCache::Config{}),
      usage(usage_in(ledger, log, ids)),
      billing{ledger, *usage, clock, ids, *provider, catalog, standings},
      contexts({billing}) {
    catalog.reload(ledger);
}

CustomerId BillingWorld::customer(const std::string& external_id,
                                  const std::optional<TestClockId>& test_clock) {
    CustomerDraft draft;
    draft.external_id = external_id;
    draft.test_clock = test_clock;
    const auto made = ledger.write_blocking(
        [&](sql::Transaction& tx) { return create_customer(tx, draft, tester, clock.now(), ids); });
    if (!made) throw std::runtime_error(made.error().message);
    return made->id;
}

PriceId BillingWorld::price_of(const std::string& plan) {
    return catalog.get()->plan(plan)->prices.front().id;
}

StartRequest BillingWorld::start_request(const CustomerId& customer, const std::string& plan,
                                         const std::string& payment_method) {
    const auto snapshot = catalog.get();
    const auto* version = snapshot->plan(plan);
    return {customer, version->id, version->prices.front().id, payment_method, tester};
}

void BillingWorld::use(const CustomerId& customer, std::int64_t calls, const std::string& id) {
    const ConsumeRequest request{.customer = customer.text(),
                                 .meter_key = "api_calls",
                                 .quantity = Quantity::whole(calls),
                                 .source = "test",
                                 .id = id,
                                 .latency_us = std::nullopt,
                                 .time = std::nullopt};
    const auto used = run(consume({*usage, catalog}, standings, request, clock.now()));
    if (!used) throw std::runtime_error(used.error().message);
    if (used->usage.verdict == Verdict::Rejected) throw std::runtime_error("usage was denied");
}

void BillingWorld::send(const CustomerId& customer, std::int64_t calls, const std::string& id,
                        Instant time) {
    const std::string text = Json{
        {"specversion", "1.0"},
        {"id", id},
        {"source", "test"},
        {"type", "api.call"},
        {"subject", customer.text()},
        {"time", format_rfc3339(time)},
        {"data",
         {{"quantity", calls}}}}.dump();
    take_in(text);
}

void BillingWorld::amend(const CustomerId& customer, std::int64_t calls,
                         const std::string& original) {
    take_in(Json{{"id", "amend " + original},
                 {"source", "test"},
                 {"customer", customer.text()},
                 {"amend", {{"source", "test"}, {"id", original}, {"quantity", calls}}}}
                .dump());
}

void BillingWorld::take_in(const std::string& text) {
    std::list<std::string> decoded;
    JsonScanner scanner(decoded);
    const std::vector<EventEntry> entries{read_event(scanner, text)};
    const auto snapshot = catalog.get();
    const IngestJob job{entries, *snapshot, window_looks(catalog, standings)(), clock.now()};
    auto append = append_job(job);
    const auto report = run(usage->append(std::move(append)));
    if (!report) throw std::runtime_error(report.error().message);
    const UsageOutcome& outcome = report->outcomes.front();
    if (outcome.complaint) throw std::runtime_error(std::string(outcome.complaint->code));
}

Json BillingWorld::ask(http::Method method, const std::string& path, const std::string& form) {
    http::Call call{.method = method, .url = SharedSandbox::get().url() + path};
    call.headers = {{"Authorization", "Bearer " + key},
                    {"Content-Type", "application/x-www-form-urlencoded"}};
    call.body = form;
    const auto reply = http.send_blocking(call);
    if (!reply) throw std::runtime_error(reply.error().message);
    EXPECT_EQ(reply->status, 200) << path << ": " << reply->body;
    auto json = parse_json(reply->body);
    if (!json) throw std::runtime_error(json.error().message);
    return *std::move(json);
}

Json BillingWorld::sandbox_get(const std::string& path) { return ask(http::Method::Get, path, ""); }
Json BillingWorld::sandbox_post(const std::string& path, const std::string& form) {
    return ask(http::Method::Post, path, form);
}
Json BillingWorld::sandbox_delete(const std::string& path) {
    return ask(http::Method::Delete, path, "");
}

std::vector<Invoice> BillingWorld::invoices(const CustomerId& customer) {
    return ledger.read_blocking(
        [&](sql::Transaction& tx) { return list_invoices(tx, customer, PageQuery{}); });
}

Subscription BillingTest::started(const CustomerId& customer, const std::string& plan) {
    auto subscription =
        world.run(start_subscription(world.billing, world.start_request(customer, plan)));
    EXPECT_TRUE(subscription) << subscription.error().message;
    return *subscription;
}

Subscription BillingTest::load(const SubscriptionId& id) {
    return *ledger->read_blocking([&](sql::Transaction& tx) { return load_subscription(tx, id); });
}

CustomerId BillingTest::on_clock(const std::string& name, Instant start) {
    const auto made = world.run(create_test_clock(world.billing, name, start, tester));
    EXPECT_TRUE(made) << made.error().message;
    clock_id = made->id;
    return world.customer(name, made->id);
}

void BillingTest::advance(Instant to) {
    const auto moved = world.run(advance_test_clock(world.billing, *clock_id, to, tester));
    ASSERT_TRUE(moved) << moved.error().message;
}

std::vector<std::int64_t> BillingTest::amounts(const Invoice& invoice, LineKind kind) {
    std::vector<std::int64_t> found;
    for (const auto& line : invoice.lines)
        if (line.kind == kind) found.push_back(line.amount.minor());
    return found;
}

}  // namespace turnpike
