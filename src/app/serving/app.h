#pragma once

#include <atomic>
#include <chrono>
#include <future>
#include <map>
#include <memory>
#include <string>
#include <thread>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "access/authenticator.h"
#include "access/cursor.h"
#include "access/jwt_keys.h"
#include "access/keyed_request.h"
#include "access/rate_limit.h"
#include "access/request_limits.h"
#include "access/return_url.h"
#include "analytics/api.h"
#include "analytics/usage/gateway_log.h"
#include "analytics/usage/usage_api.h"
#include "analytics/usage/usage_rollup.h"
#include "app/config/config.h"
#include "app/ledger/audit_keeper.h"
#include "app/ledger/ledger.h"
#include "app/serving/gate.h"
#include "app/serving/providers.h"
#include "app/serving/webhook_endpoints.h"
#include "audit/api.h"
#include "base/error.h"
#include "billing/provider/contexts.h"
#include "billing/routes/api.h"
#include "billing/routes/checkout_api.h"
#include "billing/routes/customer_api.h"
#include "billing/routes/explain_api.h"
#include "billing/routes/organization_api.h"
#include "billing/routes/plan_migration_api.h"
#include "billing/routes/plans_api.h"
#include "billing/routes/preview_api.h"
#include "billing/routes/refunds_api.h"
#include "billing/telling/recommendations.h"
#include "billing/worker.h"
#include "catalog/cache.h"
#include "crypto/secret_box.h"
#include "customers/api.h"
#include "dialects/api_metering.h"
#include "dialects/attribution.h"
#include "dialects/learning_app.h"
#include "dialects/saas_orgs.h"
#include "dialects/saas_orgs_admin.h"
#include "dialects/saas_orgs_plans.h"
#include "dialects/saas_orgs_subscriptions.h"
#include "entitlements/api.h"
#include "entitlements/feature_api.h"
#include "entitlements/gateway.h"
#include "entitlements/ofrep.h"
#include "entitlements/reservation_api.h"
#include "entitlements/standing_cache.h"
#include "entitlements/usage_recovery.h"
#include "http/access_log.h"
#include "http/client.h"
#include "http/metrics.h"
#include "http/server.h"
#include "invoicing/api.h"
#include "keys/api.h"
#include "metering/api.h"
#include "metering/log/usage_log.h"
#include "metering/reservations.h"
#include "metering/service.h"
#include "monitoring/api.h"
#include "monitoring/monitor.h"
#include "notices/api.h"
#include "notices/notice_worker.h"
#include "notices/smtp.h"
#include "people/auth_api.h"
#include "people/organizations_api.h"
#include "people/password_pool.h"
#include "people/sign_in_guard.h"
#include "people/users_api.h"
#include "sql/database.h"
#include "subscriptions/history_api.h"
#include "webhooks/api.h"
#include "webhooks/endpoint_api.h"
#include "webhooks/inbox_worker.h"
#include "webhooks/outbound_worker.h"
#include "webhooks/signature_alarm.h"

namespace turnpike {

/// What must be opened or parsed before an App can be made; each can be refused.
struct AppParts {
    std::unique_ptr<sql::Database> db;
    std::unique_ptr<UsageLog> usage_log;  ///< null: usage is kept in the ledger
    KeySet keys;
    SecretBox secrets;
    Secret cursor_secret;
    AllowedOrigins origins;
    Secret audit_seed;
    std::unique_ptr<http::AccessLogFile> access_log;
    WebhookSigners webhook_signers;
    std::vector<ConfiguredCatalog> catalogs;
};

/// A provider's live key means live API keys.
KeyMode key_mode(const Config& config);

/// Everything the process owns, in order of life: what comes first dies last. start() serves,
/// stop() ends gracefully; the destructor stops what still runs.
class App {
public:
    /// Opens the data directory and the ledger, migrates, loads or first applies the catalog.
    /// Errors: those of the parts, each with what to do.
    static Result<std::unique_ptr<App>> create(const Config& config);
    ~App();
    App(const App&) = delete;
    App& operator=(const App&) = delete;

    /// Errors: Unavailable "http.cannot_listen".
    Result<std::monostate> start();
    /// Finishes requests in flight, then the jobs. Idempotent.
    void stop(std::chrono::milliseconds grace);
    [[nodiscard]] std::uint16_t port() const { return server_->port(); }
    /// True once started and until stop() has begun.
    [[nodiscard]] bool ready() const { return ready_; }
    /// After a log rotation.
    void reopen_logs();

    const Config config;
    const std::vector<ConfiguredCatalog> catalogs;
    /// First, because a database thread may still post to it while everything else ends.
    asio::io_context jobs;
    SystemClock clock;
    RandomIdSource ids;
    http::Metrics metrics;
    std::unique_ptr<http::AccessLogFile> access_log;  ///< null when it is off
    std::unique_ptr<sql::Database> db;
    const SecretBox secrets;
    std::unique_ptr<UsageLog> usage_log;  ///< null on PostgreSQL
    std::unique_ptr<UsageStore> usage;
    std::unique_ptr<ReservationStore> reservations;
    UsageRollup usage_rollup;
    http::Client http_client;
    http::AddressGuard address_guard;
    http::Client webhook_client;  ///< to URLs that somebody else has chosen
    CatalogCache catalog;
    StandingCache standings;
    CursorCodec cursors;
    Authenticator authenticator;
    RateLimiter rate_limiter;
    AllowedOrigins origins;
    Providers providers;
    BillingContexts billing;
    PasswordPool passwords;
    SignInGuard sign_in_guard;
    KeyedRequests keyed_requests;
    RequestLimits request_limits;
    AuditKeeper audit_keeper;
    InboxWorker inbox;
    BillingWorker worker;
    std::unique_ptr<Smtp> smtp;  ///< null: no mail server is configured
    OutboundWorker outbound;
    NoticeWorker notices;
    Monitor monitor;

    KeysApi keys_api;
    AuthApi auth_api;
    UsersApi users_api;
    OrganizationsApi organizations_api;
    CustomersApi customers_api;
    AuditApi audit_api;
    PlansApi plans_api;
    PlanMigrationApi plan_migration_api;
    MeteringApi metering_api;
    EntitlementsApi entitlements_api;
    FeatureApi feature_api;
    ReservationsApi reservations_api;
    UsageRecovery usage_recovery;
    GatewayApi gateway_api;
    OfrepApi ofrep_api;
    Printer printer;
    InvoicingApi invoicing_api;
    ExplainApi explain_api;
    BillingApi billing_api;
    HistoryApi history_api;
    MonitoringApi monitoring_api;
    CustomerBillingApi customer_billing_api;
    OrganizationBillingApi organization_billing_api;
    CheckoutApi checkout_api;
    PreviewApi preview_api;
    RefundsApi refunds_api;
    RecommendationsApi recommendations_api;
    AnalyticsApi analytics_api;
    UsageApi usage_api;
    std::unique_ptr<GatewayLog> gateway_log;  ///< null until start(), and where none is configured
    WebhookEndpoints webhooks;
    EndpointsApi webhook_endpoints_api;
    EndpointsApi alert_destinations_api;
    NoticesApi notices_api;
    ApiMetering api_metering;
    SaasOrgs saas_orgs;
    SaasOrgsAdmin saas_orgs_admin;
    SaasOrgsPlans saas_orgs_plans;
    SaasOrgsSubscriptions saas_orgs_subscriptions;
    LearningApp learning_app;
    /// A table of its own: whoever fills another one with peers does not empty this.
    RateLimiter new_receipts{16'384};
    Attribution attribution;
    Gate gate;

private:
    App(Config config, AppParts parts);
    void run_jobs();
    asio::awaitable<void> take_over_catalog();
    /// Once a second: reservations that expired, usage that could not be recorded, and the sampled
    /// metrics. Ends when the last request has been answered, after record_what_waits().
    asio::awaitable<void> run_housekeeping();
    /// Of the housekeeping. \return false, without delay, once the last request has been answered
    asio::awaitable<bool> pause(asio::steady_timer& timer, std::chrono::milliseconds length);
    /// Once a second: leases of keyed requests, and the audit log's chain. Apart from the
    /// housekeeping, which may wait for a provider.
    asio::awaitable<void> run_safety_rails();
    /// The last tries, for some seconds, or one where none can succeed.
    asio::awaitable<void> record_what_waits();
    /// Writes each use that is lost with the process to the log.
    void give_up_unrecorded();
    asio::awaitable<void> expire_reservations();
    asio::awaitable<void> raise_signature_alarm();
    asio::awaitable<void> end_old_invitations();
    /// adopt_configured_prices before the jobs run. When the provider does not answer within
    /// moments, the jobs go on with it.
    Result<std::monostate> adopt_prices_at_start();
    /// Sells under the prices that the configuration names, as far as the provider can be asked.
    /// Errors: InvalidArgument "billing.price_unusable", the first one, after all were tried.
    asio::awaitable<Result<std::monostate>> adopt_configured_prices();
    asio::awaitable<Result<std::monostate>> adopt_configured_price(const PlanVersion& plan,
                                                                   ConfiguredPrice price);

    std::atomic<bool> ready_ = false;
    std::atomic<bool> served_all_ = false;
    /// False when the provider could not be asked about a configured price, and is to be again.
    /// Written before the jobs run, then by them only.
    bool prices_adopted_ = true;
    std::map<std::string, SignatureAlarm, std::less<>> signature_alarms_;  ///< by provider
    asio::steady_timer housekeeping_timer_;
    asio::steady_timer rails_timer_;
    asio::executor_work_guard<asio::io_context::executor_type> jobs_guard_;
    std::promise<void> jobs_done_;
    std::thread jobs_thread_;
    std::unique_ptr<http::Server> server_;
};

}  // namespace turnpike
