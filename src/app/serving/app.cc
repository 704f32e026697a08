#include "app/serving/app.h"

#include <fstream>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>
#include <spdlog/spdlog.h>

#include "app/config/data_dir.h"
#include "app/config/master_keys.h"
#include "app/ledger/ledger.h"
#include "app/serving/monitor_world.h"
#include "app/serving/process_metrics.h"
#include "base/check.h"
#include "billing/life/sync.h"
#include "billing/overage/period_charges.h"
#include "billing/provider/price_adoption.h"
#include "catalog/service.h"
#include "customers/service.h"
#include "entitlements/window_look.h"
#include "http/limits.h"
#include "metering/event_body.h"
#include "metering/log_reservations.h"
#include "metering/log_usage.h"
#include "metering/sql/sql_reservations.h"
#include "metering/sql/sql_usage.h"

namespace turnpike {
namespace {

constexpr std::size_t kCursorSecretBytes = 32;
constexpr std::chrono::milliseconds kJobsGrace{10'000};
/// For who reaches the server by https: a browser never tries without it for a year.
constexpr const char* kStrictTransport = "max-age=31536000";
constexpr std::chrono::seconds kAdoptionWait{3};

Result<KeySet> read_keys(const Config& config) {
    JwtConfig jwt;
    jwt.hs256_secret = config.jwt_secret;
    jwt.issuer = config.jwt_issuer;
    jwt.audience = config.jwt_audience;
    if (!config.jwks_file.empty()) {
        auto text = read_text_file(config.jwks_file);
        if (!text) return invalid_argument("config.invalid", "cannot read " + config.jwks_file);
        jwt.jwks = *std::move(text);
    }
    auto keys = KeySet::make(jwt);
    if (!keys && keys.error().reason == Reason("access.jwks_invalid"))
        keys.error().message = config.jwks_file + ": " + keys.error().message;
    return keys;
}

/// A ledger without the catalog gets it. A ledger with another one of its name is left as it is:
/// changing what is sold is somebody's decision.
Result<std::monostate> settle_catalog(sql::Database& db, const CatalogFile& file, IdSource& ids,
                                      Instant now) {
    const auto differences = db.write_blocking([&](sql::Transaction& tx) -> Result<std::size_t> {
        if (load_catalog(tx).has(file.catalog)) return differences_from(tx, file).size();
        if (const auto applied = apply_catalog(tx, file, now, ids); !applied)
            return failure(applied);
        return std::size_t{0};
    });
    if (!differences) return failure(differences);
    if (*differences > 0)
        spdlog::warn(
            "event=catalog.differs catalog={} differences={} hint=\"turnpike plan diff shows them, "
            "turnpike plan apply makes them\"",
            file.catalog, *differences);
    return std::monostate{};
}

http::ServerConfig server_config(const Config& config, http::AccessLogFile* log) {
    http::ServerConfig server;
    server.host = config.host;
    server.port = config.port;
    server.threads = config.threads;
    server.body_limit = [](http::Method, std::string_view path) {
        return path == "/v1/events" ? http::kEventsBodyBytesMax : http::kBodyBytesMax;
    };
    server.default_headers = {{"X-Content-Type-Options", "nosniff"},
                              {"Content-Security-Policy", "frame-ancestors 'none'"},
                              {"Referrer-Policy", "no-referrer"}};
    if (config.public_url.starts_with("https://"))
        server.default_headers.emplace_back("Strict-Transport-Security", kStrictTransport);
    if (log != nullptr) server.access_log = log->writer();
    return server;
}

/// NDJSON from whoever may send events.
http::LargeBodies large_bodies(Gate& gate) {
    return {.limit = [](const http::Request& head) -> std::size_t {
                const bool is_events = head.method == http::Method::Post &&
                                       head.path == "/v1/events" &&
                                       event_mode(head) == EventMode::Lines;
                return is_events ? http::kLinesBodyBytesMax : 0;
            },
            .refusal = [&gate](http::Request& head) { return gate.refusal_of_large_body(head); }};
}

/// What the HTTP server refuses itself never reaches the gate; of the webhooks it is counted too.
http::OnRefusal count_refusals(WebhookEndpoints& webhooks) {
    return [&webhooks](const http::Request& request, const http::Response& answer) {
        if (answer.status == 413) webhooks.refused_unread(request);
    };
}

Result<std::unique_ptr<http::AccessLogFile>> open_access_log(const Config& config) {
    static const SystemClock kClock;
    if (config.access_log == "off") return std::unique_ptr<http::AccessLogFile>();
    return http::AccessLogFile::open(config.access_log, kClock);
}

/// One for each provider, over the same ledger.
std::vector<BillingContext> contexts_of(App& app) {
    std::vector<BillingContext> contexts;
    for (PaymentProvider* provider : app.providers.all())
        contexts.push_back({*app.db, *app.usage, app.clock, app.ids, *provider, app.catalog,
                            app.standings, app.config.grace});
    return contexts;
}

std::vector<std::string> names_of(const Providers& providers) {
    std::vector<std::string> names;
    for (const PaymentProvider* provider : providers.all()) names.emplace_back(provider->name());
    return names;
}

asio::awaitable<Result<std::monostate>> apply_inbox_event(BillingContexts& billing,
                                                          const InboxEvent& event) {
    const auto context = billing.of(event.provider);
    if (!context) co_return failure(context);
    EventHint hint{event.type, event.payload};
    Authority authority{"provider:" + event.provider, event.provider_event_id};
    co_return co_await apply_event(**context, std::move(hint), std::move(authority));
}

Result<CustomerId> customer_id_of(sql::Transaction& tx, std::string_view ref) {
    const auto customer = find_customer(tx, ref);
    if (!customer) return failure(customer);
    return customer->id;
}

std::unique_ptr<UsageStore> usage_store(sql::Database& db, UsageLog* log, IdSource& ids) {
    if (log != nullptr) return std::make_unique<LogUsage>(db, *log);
    return std::make_unique<SqlUsage>(db, ids);
}

std::unique_ptr<ReservationStore> reservation_store(sql::Database& db, UsageLog* log,
                                                    IdSource& ids) {
    if (log != nullptr) return std::make_unique<LogReservations>(db, *log);
    return std::make_unique<SqlReservations>(db, ids);
}

void log_lost_usage(const ConsumeRequest& use, UsageLoss why) {
    spdlog::error("event=usage.lost reason={} use={}", to_text(why), event_text_of(use));
}

EventApplier applier(BillingContexts& billing) {
    return [&billing](const InboxEvent& event) { return apply_inbox_event(billing, event); };
}

http::PlainHttp plain_http_rule(const Config& config) {
    return key_mode(config) == KeyMode::Live ? http::PlainHttp::Refused : http::PlainHttp::Allowed;
}

http::Client::Config webhook_client_config(const http::AddressGuard& guard) {
    return {.threads = static_cast<std::size_t>(OutboundConfig{}.lanes),
            .queue_max = 100,
            .user_agent = "Turnpike-Webhooks/1.0",
            .guard = guard};
}

asio::awaitable<Result<std::monostate>> send_alert(Smtp& smtp, const Clock& clock,
                                                   AlertMail alert) {
    const SmtpConfig& config = smtp.config();
    const Envelope envelope{.from = config.from,
                            .seller = config.seller,
                            .to = alert.to,
                            .id = alert.id,
                            .opt_out = "",
                            .at = clock.now()};
    auto message = write_message(plain_letter(alert.subject, alert.text), envelope);
    co_return co_await smtp.send(alert.to, std::move(message));
}

AlertMailer alert_mailer(Smtp* smtp, const Clock& clock) {
    if (smtp == nullptr) return {};
    return [smtp, &clock](AlertMail alert) { return send_alert(*smtp, clock, std::move(alert)); };
}

LetterDesk letter_desk(const App& app) {
    return {app.secrets, app.smtp != nullptr, app.config.letter_pages};
}

EndpointsApi endpoints_api(App& app, EndpointsOf which) {
    return {which,
            *app.db,
            app.clock,
            app.ids,
            app.cursors,
            app.secrets,
            app.address_guard,
            app.smtp != nullptr,
            [&app] { app.outbound.wake(); }};
}

}  // namespace

KeyMode key_mode(const Config& config) {
    const bool is_live = stripe::is_live_key(config.stripe_secret_key) ||
                         razorpay::is_live_key(config.razorpay_key_id);
    return is_live ? KeyMode::Live : KeyMode::Test;
}

App::App(Config given, AppParts parts)
    : config(std::move(given)),
      catalogs(std::move(parts.catalogs)),
      access_log(std::move(parts.access_log)),
      db(std::move(parts.db)),
      secrets(std::move(parts.secrets)),
      usage_log(std::move(parts.usage_log)),
      usage(usage_store(*db, usage_log.get(), ids)),
      reservations(reservation_store(*db, usage_log.get(), ids)),
      usage_rollup({*db, usage_log.get(), clock, ids, count_usage_alerts(metrics)}),
      http_client({}),
      address_guard(plain_http_rule(config), config.webhook_networks),
      webhook_client(webhook_client_config(address_guard)),
      standings(StandingCache::Config::for_engine(db->engine())),
      cursors(parts.cursor_secret.reveal()),
      authenticator(std::move(parts.keys), key_mode(config), *db, clock),
      origins(std::move(parts.origins)),
      providers(config, http_client, {*db, clock, ids}, metrics),
      billing(contexts_of(*this)),
      keyed_requests(*db, secrets, clock, ids),
      request_limits(
          {.per_minute = config.requests_per_minute, .in_flight_each = config.requests_in_flight}),
      audit_keeper(*db, clock, parts.audit_seed, audit_head_file(config)),
      inbox(jobs, {*db, clock}, applier(billing), {},
            webhook_metrics(metrics, names_of(providers))),
      worker(jobs, billing, {}),
      smtp(config.smtp ? std::make_unique<Smtp>(*config.smtp) : nullptr),
      outbound(jobs,
               {*db, clock, ids, secrets, address_guard, webhook_client,
                alert_mailer(smtp.get(), clock)},
               {}, outbound_metrics(metrics)),
      notices(jobs,
              {*db, clock, cursors, secrets, smtp.get(), config.public_url, config.upgrade_url},
              {}),
      monitor(jobs, monitor_world(*this), {.late_after = config.late_after}, {}),
      keys_api{*db, clock, ids, authenticator, cursors},
      auth_api{*db,
               clock,
               ids,
               authenticator,
               passwords,
               sign_in_guard,
               count_sign_ins(metrics),
               letter_desk(*this),
               config.sign_ups},
      users_api{*db, clock, ids, authenticator, cursors},
      organizations_api{*db, clock, ids, catalog, cursors, config.upgrade_url, letter_desk(*this)},
      customers_api{*db, clock, ids, cursors},
      audit_api{*db, cursors, customer_id_of},
      plans_api{billing.primary()},
      plan_migration_api{billing, cursors},
      metering_api{*db,
                   *usage,
                   clock,
                   catalog,
                   cursors,
                   window_looks(catalog, standings),
                   [this](const CustomerId& customer) { standings.counts_moved(customer); },
                   [this](const CustomerId& customer) { standings.counts_fell(customer); },
                   load_period_billing},
      entitlements_api{*db, *usage, clock, ids, catalog, standings, config.upgrade_url},
      feature_api{entitlements_api},
      reservations_api{entitlements_api, *reservations},
      usage_recovery(log_lost_usage),
      gateway_api{entitlements_api, usage_recovery, count_failed_open(metrics)},
      ofrep_api{entitlements_api},
      invoicing_api{*db, cursors, config.seller, printer},
      explain_api{*db, *usage, cursors},
      billing_api{billing, cursors},
      history_api{*db, cursors},
      monitoring_api{*db, clock, cursors, *usage, catalog, monitor},
      customer_billing_api{billing, customers_api, origins},
      organization_billing_api{billing, origins},
      checkout_api{billing, origins},
      preview_api{billing},
      refunds_api{billing, cursors},
      recommendations_api{billing.primary()},
      analytics_api{*db, clock, catalog},
      usage_api{*db, clock, entitlements_api, usage_rollup, cursors},
      webhooks({*db, clock, ids}, config, std::move(parts.webhook_signers),
               webhook_metrics(metrics, names_of(providers)), [this] { inbox.wake(); }),
      webhook_endpoints_api(endpoints_api(*this, EndpointsOf::Events)),
      alert_destinations_api(endpoints_api(*this, EndpointsOf::Alerts)),
      notices_api{*db, clock, cursors, config.seller.name},
      api_metering(billing, catalog_of_preset(catalogs, "api-metering"),
                   {[this] { return providers.conditions(); },
                    [this] { return worker.seconds_since_pass(); },
                    [this] { return webhooks.signature_failures(); }},
                   origins),
      saas_orgs{*db, clock, catalog},
      saas_orgs_admin{*db, clock, cursors, catalog_of_preset(catalogs, "saas-orgs")},
      saas_orgs_plans{billing.primary(), catalog_of_preset(catalogs, "saas-orgs")},
      saas_orgs_subscriptions{billing, cursors},
      learning_app{billing, catalog_of_preset(catalogs, "learning-app"), origins, cursors},
      attribution{billing,
                  catalog_of_preset(catalogs, "attribution"),
                  origins,
                  cursors,
                  new_receipts,
                  config.upgrade_url,
                  [this] { inbox.wake(); }},
      gate(*this),
      housekeeping_timer_(jobs),
      rails_timer_(jobs),
      jobs_guard_(asio::make_work_guard(jobs)) {}

Result<std::unique_ptr<App>> App::create(const Config& config) {
    spdlog::set_level(spdlog::level::from_str(config.log_level));
    auto keys = read_keys(config);
    if (!keys) return failure(keys);
    auto db = open_migrated_ledger(config);
    if (!db) return failure(db);
    auto usage_log = open_usage(config, **db);
    if (!usage_log) return failure(usage_log);
    auto secrets = open_secret_box(config, **db);
    if (!secrets) return failure(secrets);
    auto cursor_secret = server_secret(**db, *secrets, "cursors", kCursorSecretBytes);
    if (!cursor_secret) return failure(cursor_secret);
    auto audit_seed = server_secret(**db, *secrets, kAuditSeed, SigningKey::kSeedBytes);
    if (!audit_seed) return failure(audit_seed);
    RandomIdSource ids;
    auto catalogs = configured_catalogs(config);
    if (!catalogs) return failure(catalogs);
    for (const ConfiguredCatalog& one : *catalogs) {
        const auto settled = settle_catalog(**db, one.file, ids, SystemClock().now());
        if (!settled) return failure(settled);
    }

    auto access_log = open_access_log(config);
    if (!access_log) return failure(access_log);

    auto origins = AllowedOrigins::create(config.public_url, config.allowed_origins);
    if (!origins) return failure(origins);
    auto signers = webhook_signers(config);
    if (!signers) return failure(signers);

    std::unique_ptr<App> app(new App(config, AppParts{.db = *std::move(db),
                                                      .usage_log = *std::move(usage_log),
                                                      .keys = *std::move(keys),
                                                      .secrets = *std::move(secrets),
                                                      .cursor_secret = *std::move(cursor_secret),
                                                      .origins = *std::move(origins),
                                                      .audit_seed = *std::move(audit_seed),
                                                      .access_log = *std::move(access_log),
                                                      .webhook_signers = *std::move(signers),
                                                      .catalogs = *std::move(catalogs)}));
    app->catalog.reload(*app->db);
    app->entitlements_api.guards.reload(*app->db);
    // SQLite has one owner: whoever was at work before this process is gone.
    if (app->db->engine() == "sqlite") app->keyed_requests.forget_leases();
    const auto adopted = app->adopt_prices_at_start();
    if (!adopted) return failure(adopted);
    return app;
}

Result<std::monostate> App::adopt_prices_at_start() {
    auto adopting = asio::co_spawn(jobs, adopt_configured_prices(), asio::use_future);
    const auto is_done = [&] {
        return adopting.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
    };
    const auto until = std::chrono::steady_clock::now() + kAdoptionWait;
    while (!is_done() && jobs.run_one_until(until) > 0) {
    }
    if (is_done()) return adopting.get();
    spdlog::warn("event=prices.awaited hint=\"the provider is slow to tell of its prices\"");
    return std::monostate{};
}

asio::awaitable<Result<std::monostate>> App::adopt_configured_price(const PlanVersion& plan,
                                                                    ConfiguredPrice price) {
    Result<std::monostate> adopted;
    try {
        const auto context = billing.of(stripe::kProviderName);
        if (!context) co_return failure(context);
        adopted = co_await adopt_provider_price(**context, plan, price.price);
    } catch (const sql::Failure& failure) {
        adopted = unavailable("ledger.unavailable", failure.what());
    }
    if (!adopted) adopted.error().message = price.setting + ": " + adopted.error().message;
    co_return adopted;
}

asio::awaitable<Result<std::monostate>> App::adopt_configured_prices() {
    const auto snapshot = catalog.get();
    Result<std::monostate> outcome;
    bool all_asked = true;
    for (const ConfiguredPrice& price : config.stripe_prices) {
        const auto* plan = snapshot->plan(catalog_of_preset(catalogs, price.preset), price.plan);
        if (plan == nullptr || plan->prices.empty()) continue;
        auto adopted = co_await adopt_configured_price(*plan, price);
        if (adopted) continue;
        if (adopted.error().code == ErrorCode::InvalidArgument) {
            if (outcome) outcome = std::move(adopted);
            continue;
        }
        // Checks and usage need no provider; a restart while it is down must not stop them. And a
        // price that the last version is sold under stays configured until somebody makes another.
        const bool is_final = adopted.error().code == ErrorCode::Conflict;
        if (!is_final) all_asked = false;
        spdlog::warn("event=prices.{} plan={} price={} message=\"{}\"",
                     is_final ? "passed_over" : "unchecked", price.plan, price.price,
                     adopted.error().message);
    }
    prices_adopted_ = all_asked;
    // Whoever makes an App is told; once it serves, only the log can be.
    if (!outcome && ready_)
        spdlog::error("event=prices.refused message=\"{}\"", outcome.error().message);
    co_return outcome;
}

App::~App() { stop(std::chrono::milliseconds(0)); }

Result<std::monostate> App::start() {
    if (config.gateway_log) {
        const GatewayLog::Config listening{config.gateway_log->host, config.gateway_log->port};
        auto log =
            GatewayLog::start(listening, {*db, catalog, clock, count_gateway_lines(metrics)});
        if (!log) return failure(log);
        gateway_log = *std::move(log);
    }
    auto listening = server_config(config, access_log.get());
    listening.on_refusal = count_refusals(webhooks);
    listening.large_bodies = large_bodies(gate);
    auto server = http::Server::start(
        std::move(listening), [this](http::Request& request) { return gate.answer(request); });
    if (!server) return failure(server);
    server_ = *std::move(server);
    ready_ = true;
    inbox.start();
    worker.start();
    outbound.start();
    notices.start();
    monitor.start();
    usage_rollup.start();
    asio::co_spawn(jobs, run_housekeeping(), [](const std::exception_ptr& error) {
        if (error) spdlog::error("event=housekeeping.ended");
    });
    asio::co_spawn(jobs, run_safety_rails(), [](const std::exception_ptr& error) {
        if (error) spdlog::error("event=safety_rails.ended");
    });
    jobs_thread_ = std::thread([this] { run_jobs(); });
    return std::monostate{};
}

void App::run_jobs() {
    // A job that throws is a bug; the others go on.
    for (;;) {
        try {
            jobs.run();
            jobs_done_.set_value();
            return;
        } catch (const std::exception& error) {
            spdlog::error("event=jobs.failed message=\"{}\"", error.what());
        }
    }
}

void App::stop(std::chrono::milliseconds grace) {
    ready_ = false;
    if (server_) server_->stop(grace);
    if (!jobs_thread_.joinable()) return;
    inbox.stop();
    worker.stop();
    outbound.stop();
    notices.stop();
    monitor.stop();
    usage_rollup.stop();
    if (gateway_log) gateway_log->stop();
    served_all_ = true;
    asio::post(jobs, [this] {
        housekeeping_timer_.cancel();
        rails_timer_.cancel();
    });
    jobs_guard_.reset();
    jobs_done_.get_future().wait_for(kJobsGrace);
    jobs.stop();
    jobs_thread_.join();
    give_up_unrecorded();
    audit_keeper.conclude();
    webhooks.write_all_refusals();
}

void App::reopen_logs() {
    if (!access_log) return;
    const auto reopened = access_log->reopen();
    if (!reopened) spdlog::error("event=access_log.lost message=\"{}\"", reopened.error().message);
}

}  // namespace turnpike
