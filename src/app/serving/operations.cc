#include "app/serving/operations.h"

#include <array>
#include <utility>

#include "access/policy.h"
#include "app/config/version.h"
#include "app/serving/app.h"
#include "app/serving/openapi.h"
#include "app/serving/process_metrics.h"
#include "json/value.h"
#include "json/write.h"

namespace turnpike {
namespace {

constexpr std::int64_t kWorkerLagMaxSeconds = 120;

constexpr std::string_view kOk = "ok";

std::string_view word(bool good) { return good ? kOk : "failing"; }

/// Where an interface shows everybody what it sells; null: nowhere.
Json pricing_of(const std::string& preset) {
    constexpr auto kPages = std::to_array<std::pair<std::string_view, std::string_view>>({
        {"api-metering", "/pricing"},
        {"saas-orgs", "/api/plans"},
        {"learning-app", "/api/v1/payments/pricing"},
    });
    for (const auto& [of, path] : kPages)
        if (of == preset && policy_of("GET", path) != nullptr) return path;
    return nullptr;
}

/// Of the ledger, now.
asio::awaitable<std::string_view> ledger_word(App& app) {
    try {
        const bool answers = co_await app.db->read(
            [](sql::Transaction& tx) { return tx.one("SELECT 1")->integer(0) == 1; });
        if (answers && app.db->refuses_writes()) co_return "read_only";
        co_return word(answers);
    } catch (const sql::Failure&) {
        co_return word(false);
    }
}

}  // namespace

// GET /
OperationsAnswer get_index(App& app, const Principal&, const http::Request&) {
    Json interfaces = Json::array();
    for (const std::string& preset : app.config.presets)
        interfaces.push_back(Json{{"preset", preset}, {"pricing", pricing_of(preset)}});
    const Json pricing = interfaces.front()["pricing"];
    co_return http::ok(Json{{"name", "turnpike"},
                            {"version", kVersion},
                            {"openapi", "/openapi.json"},
                            {"pricing", pricing},
                            {"interfaces", std::move(interfaces)},
                            {"health", "/health"},
                            {"metrics", "/metrics"}});
}

// GET /healthz
OperationsAnswer get_healthz(App& /*app*/, const Principal&, const http::Request&) {
    co_return http::ok(Json{{"status", "ok"}});
}

// GET /readyz
OperationsAnswer get_readyz(App& app, const Principal&, const http::Request&) {
    const std::string_view ledger = co_await ledger_word(app);
    const bool jobs = app.worker.seconds_since_pass() < kWorkerLagMaxSeconds;
    const bool usage = !app.usage->failed();
    Json by_provider = Json::object();
    for (const auto& [provider, seconds] : app.worker.lags())
        by_provider[std::string(provider)] = word(seconds < kWorkerLagMaxSeconds);
    Json late = Json::array();
    for (const ActionLag& lag : app.monitor.late())
        late.push_back({{"action", lag.action}, {"lag_seconds", lag.seconds}});
    const bool ready = app.ready() && ledger == kOk && usage && jobs && late.empty();
    co_return http::json_response(ready ? 200 : 503, Json{{"status", ready ? "ok" : "not_ready"},
                                                          {"accepting", app.ready()},
                                                          {"ledger", ledger},
                                                          {"usage", word(usage)},
                                                          {"jobs", word(jobs)},
                                                          {"jobs_by_provider", by_provider},
                                                          {"late", late}});
}

// GET /health
OperationsAnswer get_health(App& app, const Principal&, const http::Request&) {
    const std::string_view ledger = co_await ledger_word(app);
    Json providers = Json::array();
    bool all_reached = true;
    for (const auto& provider : app.providers.conditions()) {
        const bool reached = provider.breaker == "closed";
        providers.push_back({{"name", provider.name},
                             {"status", word(reached)},
                             {"circuit_breaker", provider.breaker},
                             {"last_success_at", write_instant(provider.last_success)},
                             {"last_failure_at", write_instant(provider.last_failure)}});
        all_reached &= reached;
    }
    const bool healthy = ledger == kOk && all_reached;
    co_return http::ok(Json{{"status", healthy ? "ok" : "degraded"},
                            {"version", kVersion},
                            {"database", {{"engine", app.db->engine()}, {"status", ledger}}},
                            {"provider", providers.front()},
                            {"providers", providers}});
}

// GET /metrics
OperationsAnswer get_metrics(App& app, const Principal&, const http::Request&) {
    // The monitor's own lag grows while it measures nothing.
    show_action_lags(app.metrics)(app.monitor.lags());
    auto response = http::text_response(200, app.metrics.scrape());
    response.headers = {{"Content-Type", "text/plain; version=0.0.4; charset=utf-8"}};
    co_return response;
}

// GET /openapi.json
OperationsAnswer get_openapi(App& /*app*/, const Principal&, const http::Request&) {
    co_return http::json_text_response(200, openapi_text());
}

}  // namespace turnpike
