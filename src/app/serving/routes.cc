#include "app/serving/routes.h"

#include <algorithm>
#include <array>

#include "access/page.h"
#include "access/policy.h"
#include "app/serving/app.h"
#include "app/serving/operations.h"
#include "json/object_reader.h"

namespace turnpike {
namespace {

using asio::awaitable;
using http::Method;
using Answer = awaitable<Result<http::Response>>;

Result<std::monostate> read_nothing(const http::Request& request) {
    if (request.body.empty()) return std::monostate{};
    const auto json = request.json();
    if (!json) return failure(json);
    ObjectReader fields(*json);
    return fields.finish(std::monostate{});
}

/// Makes a Handler of a member function of one of the App's APIs.
template <auto Api, auto Function>
Answer call(App& app, const Principal& caller, const http::Request& request) {
    return ((app.*Api).*Function)(caller, request);
}

/// The same for a route of a published interface, whose query may hold nothing but `Known`. A
/// parameter with a typing error would otherwise be ignored without a word.
template <auto Api, auto Function, const auto&... Known>
Answer call_exactly(App& app, const Principal& caller, const http::Request& request) {
    const auto good = check_query(request, {std::string_view(Known)...});
    if (!good) co_return failure(good);
    co_return co_await ((app.*Api).*Function)(caller, request);
}
/// The same for a deed that its path says whole: a body would be ignored, so there is none, or {}.
template <auto Api, auto Function>
Answer call_bare(App& app, const Principal& caller, const http::Request& request) {
    const auto nothing = read_nothing(request);
    if (!nothing) co_return failure(nothing);
    co_return co_await call_exactly<Api, Function>(app, caller, request);
}
constexpr char kReturnUrl[] = "return_url";

Answer post_webhook(App& app, const Principal&, const http::Request& request) {
    return app.webhooks.receive(request);
}

Answer list_webhook_events(App& app, const Principal&, const http::Request& request) {
    return get_webhook_events(*app.db, app.cursors, request);
}

constexpr Handler kEnvoy = call<&App::gateway_api, &GatewayApi::authorize_envoy>;

constexpr auto kRoutes = std::to_array<Route>({
    {Method::Get, "/", get_index},
    {Method::Get, "/healthz", get_healthz},
    {Method::Get, "/readyz", get_readyz},
    {Method::Get, "/health", get_health},
    {Method::Get, "/metrics", get_metrics},
    {Method::Get, "/openapi.json", get_openapi},

    {Method::Get, "/pricing", call_exactly<&App::api_metering, &ApiMetering::get_pricing>},
    {Method::Post, "/billing/subscribe",
     call_exactly<&App::api_metering, &ApiMetering::post_subscribe>},
    {Method::Get, "/billing/status", call_exactly<&App::api_metering, &ApiMetering::get_status>},
    {Method::Post, "/billing/upgrade",
     call_exactly<&App::api_metering, &ApiMetering::post_upgrade>},
    {Method::Post, "/billing/cancel", call_exactly<&App::api_metering, &ApiMetering::post_cancel>},
    {Method::Get, "/billing/payment-methods",
     call_exactly<&App::api_metering, &ApiMetering::get_payment_methods>},
    {Method::Post, "/billing/payment-methods",
     call_exactly<&App::api_metering, &ApiMetering::post_payment_method>},
    {Method::Delete, "/billing/payment-methods/{payment_method}",
     call_exactly<&App::api_metering, &ApiMetering::delete_payment_method>},
    {Method::Post, "/billing/payment-methods/{payment_method}/default",
     call_bare<&App::api_metering, &ApiMetering::post_default_payment_method>},
    {Method::Get, "/billing/portal",
     call_exactly<&App::api_metering, &ApiMetering::get_portal, kReturnUrl>},
    {Method::Get, "/billing/invoices",
     call_exactly<&App::api_metering, &ApiMetering::get_invoices>},
    {Method::Get, "/billing/admin/stats",
     call_exactly<&App::api_metering, &ApiMetering::get_stats>},
    {Method::Get, "/health/billing", call<&App::api_metering, &ApiMetering::get_health>},
    {Method::Post, "/webhooks/stripe", post_webhook},
    {Method::Post, "/webhooks/razorpay", post_webhook},
    {Method::Post, "/webhook/stripe", post_webhook},
    {Method::Post, "/webhook/razorpay", post_webhook},
    {Method::Post, "/api/webhooks/stripe", post_webhook},
    {Method::Post, "/api/v1/payments/webhook", post_webhook},

    {Method::Get, "/v1/plans", call<&App::plans_api, &PlansApi::get_plans>},
    {Method::Post, "/v1/plans", call<&App::plans_api, &PlansApi::post_plan>},
    {Method::Get, "/v1/plans/{plan}", call<&App::plans_api, &PlansApi::get_plan>},
    {Method::Patch, "/v1/plans/{plan}", call<&App::plans_api, &PlansApi::patch_plan>},
    {Method::Delete, "/v1/plans/{plan}", call<&App::plans_api, &PlansApi::delete_plan>},
    {Method::Get, "/v1/plans/{plan}/versions", call<&App::plans_api, &PlansApi::get_versions>},
    {Method::Post, "/v1/plans/{plan}/migrate/preview",
     call<&App::plan_migration_api, &PlanMigrationApi::post_preview>},
    {Method::Post, "/v1/plans/{plan}/migrate",
     call<&App::plan_migration_api, &PlanMigrationApi::post_migrate>},
    {Method::Get, "/v1/plan_migrations",
     call<&App::plan_migration_api, &PlanMigrationApi::get_migrations>},
    {Method::Get, "/v1/plan_migrations/{plan_migration}",
     call<&App::plan_migration_api, &PlanMigrationApi::get_migration>},
    {Method::Post, "/v1/plan_migrations/{plan_migration}/cancel",
     call<&App::plan_migration_api, &PlanMigrationApi::post_cancel>},
    {Method::Get, "/v1/features", call<&App::plans_api, &PlansApi::get_features>},
    {Method::Post, "/v1/features", call<&App::plans_api, &PlansApi::post_feature>},
    {Method::Get, "/v1/customers/{customer}/entitlements",
     call<&App::feature_api, &FeatureApi::get_entitlements>},
    {Method::Put, "/v1/customers/{customer}/entitlements/{feature}",
     call<&App::feature_api, &FeatureApi::put_entitlement>},
    {Method::Delete, "/v1/customers/{customer}/entitlements/{feature}",
     call<&App::feature_api, &FeatureApi::delete_entitlement>},

    {Method::Get, "/v1/customers", call<&App::customers_api, &CustomersApi::get_customers>},
    {Method::Post, "/v1/customers", call<&App::customers_api, &CustomersApi::post_customer>},
    {Method::Get, "/v1/customers/{customer}",
     call<&App::customers_api, &CustomersApi::get_customer>},
    {Method::Patch, "/v1/customers/{customer}",
     call<&App::customer_billing_api, &CustomerBillingApi::patch_customer>},

    {Method::Post, "/v1/events", call<&App::metering_api, &MeteringApi::post_events>},
    {Method::Get, "/v1/events", call<&App::metering_api, &MeteringApi::get_events>},
    {Method::Get, "/v1/events/{event}", call_exactly<&App::metering_api, &MeteringApi::get_event>},
    {Method::Get, "/v1/usage", call<&App::entitlements_api, &EntitlementsApi::get_usage>},
    {Method::Get, "/v1/usage/series", call<&App::usage_api, &UsageApi::get_series>},
    {Method::Get, "/v1/usage/top", call<&App::usage_api, &UsageApi::get_top>},
    {Method::Get, "/v1/usage/groups", call<&App::usage_api, &UsageApi::get_groups>},
    {Method::Get, "/v1/usage/routes", call<&App::usage_api, &UsageApi::get_routes>},
    {Method::Get, "/v1/usage/forecast", call<&App::usage_api, &UsageApi::get_forecast>},
    {Method::Get, "/v1/usage/alerts", call<&App::usage_api, &UsageApi::get_alerts>},
    {Method::Post, "/v1/usage/consume",
     call<&App::entitlements_api, &EntitlementsApi::post_consume>},
    {Method::Post, "/v1/usage/reserve",
     call<&App::reservations_api, &ReservationsApi::post_reserve>},
    {Method::Get, "/v1/usage/reservations/{reservation}",
     call<&App::reservations_api, &ReservationsApi::get_reservation>},
    {Method::Post, "/v1/usage/reservations/{reservation}/commit",
     call<&App::reservations_api, &ReservationsApi::post_commit>},
    {Method::Post, "/v1/usage/reservations/{reservation}/release",
     call_bare<&App::reservations_api, &ReservationsApi::post_release>},
    {Method::Post, "/v1/entitlements/check",
     call<&App::entitlements_api, &EntitlementsApi::post_check>},
    {Method::Get, "/v1/gateway/authorize", call<&App::gateway_api, &GatewayApi::authorize>},
    {Method::Post, "/v1/gateway/authorize", call<&App::gateway_api, &GatewayApi::authorize>},
    {Method::Get, "/v1/gateway/envoy/**", kEnvoy},
    {Method::Post, "/v1/gateway/envoy/**", kEnvoy},
    {Method::Put, "/v1/gateway/envoy/**", kEnvoy},
    {Method::Patch, "/v1/gateway/envoy/**", kEnvoy},
    {Method::Delete, "/v1/gateway/envoy/**", kEnvoy},
    {Method::Options, "/v1/gateway/envoy/**", kEnvoy},

    {Method::Post, "/ofrep/v1/evaluate/flags", call<&App::ofrep_api, &OfrepApi::post_all>},
    {Method::Post, "/ofrep/v1/evaluate/flags/{key}", call<&App::ofrep_api, &OfrepApi::post_one>},

    {Method::Get, "/v1/subscriptions", call<&App::billing_api, &BillingApi::get_subscriptions>},
    {Method::Post, "/v1/subscriptions", call<&App::billing_api, &BillingApi::post_subscription>},
    {Method::Get, "/v1/subscriptions/{subscription}",
     call<&App::billing_api, &BillingApi::get_subscription>},
    {Method::Get, "/v1/subscriptions/expiring",
     call<&App::monitoring_api, &MonitoringApi::get_expiring>},
    {Method::Get, "/v1/subscriptions/failing",
     call<&App::monitoring_api, &MonitoringApi::get_failing>},
    {Method::Get, "/v1/subscriptions/{subscription}/health",
     call<&App::monitoring_api, &MonitoringApi::get_health>},
    {Method::Get, "/v1/monitor", call<&App::monitoring_api, &MonitoringApi::get_monitor>},
    {Method::Get, "/v1/monitor/findings", call<&App::monitoring_api, &MonitoringApi::get_findings>},
    {Method::Post, "/v1/subscriptions/{subscription}/change",
     call<&App::billing_api, &BillingApi::post_change>},
    {Method::Post, "/v1/subscriptions/{subscription}/cancel",
     call<&App::billing_api, &BillingApi::post_cancel>},
    {Method::Post, "/v1/subscriptions/{subscription}/keep",
     call_bare<&App::billing_api, &BillingApi::post_keep>},
    {Method::Get, "/v1/subscriptions/{subscription}/events",
     call<&App::history_api, &HistoryApi::get_events>},
    {Method::Post, "/v1/subscriptions/preview", call<&App::preview_api, &PreviewApi::post_preview>},
    {Method::Post, "/v1/subscriptions/{subscription}/preview_change",
     call<&App::preview_api, &PreviewApi::post_preview_change>},
    {Method::Post, "/v1/checkout_sessions", call<&App::checkout_api, &CheckoutApi::post_checkout>},
    {Method::Get, "/v1/checkout_sessions/{checkout_session}",
     call<&App::checkout_api, &CheckoutApi::get_checkout>},
    {Method::Post, "/v1/checkout_sessions/{checkout_session}/expire",
     call_bare<&App::checkout_api, &CheckoutApi::post_expire>},
    {Method::Post, "/v1/subscriptions/{subscription}/cancel_pending_change",
     call_bare<&App::billing_api, &BillingApi::post_cancel_pending_change>},
    {Method::Post, "/v1/subscriptions/{subscription}/pause",
     call<&App::billing_api, &BillingApi::post_pause>},
    {Method::Post, "/v1/subscriptions/{subscription}/resume",
     call_bare<&App::billing_api, &BillingApi::post_resume>},
    {Method::Post, "/v1/subscriptions/{subscription}/end_trial",
     call<&App::billing_api, &BillingApi::post_end_trial>},
    {Method::Post, "/v1/subscriptions/{subscription}/reactivate",
     call<&App::billing_api, &BillingApi::post_reactivate>},
    {Method::Post, "/v1/subscriptions/{subscription}/move",
     call<&App::billing_api, &BillingApi::post_move>},
    {Method::Get, "/v1/customers/{customer}/payment_methods",
     call<&App::customer_billing_api, &CustomerBillingApi::get_payment_methods>},
    {Method::Post, "/v1/customers/{customer}/payment_methods",
     call<&App::customer_billing_api, &CustomerBillingApi::post_payment_method>},
    {Method::Delete, "/v1/customers/{customer}/payment_methods/{payment_method}",
     call<&App::customer_billing_api, &CustomerBillingApi::delete_payment_method>},
    {Method::Post, "/v1/customers/{customer}/payment_methods/{payment_method}/default",
     call_bare<&App::customer_billing_api, &CustomerBillingApi::post_default_payment_method>},
    {Method::Post, "/v1/customers/{customer}/portal_sessions",
     call<&App::customer_billing_api, &CustomerBillingApi::post_portal_session>},
    {Method::Get, "/v1/customers/{customer}/recommendations",
     call_exactly<&App::recommendations_api, &RecommendationsApi::get_recommendations>},
    {Method::Get, "/v1/revenue", call<&App::analytics_api, &AnalyticsApi::get_revenue>},
    {Method::Get, "/v1/figures", call<&App::analytics_api, &AnalyticsApi::get_figures>},
    {Method::Get, "/v1/invoices", call<&App::invoicing_api, &InvoicingApi::get_invoices>},
    {Method::Get, "/v1/invoices.csv", call<&App::invoicing_api, &InvoicingApi::get_csv>},
    {Method::Get, "/v1/invoices/{invoice}", call<&App::invoicing_api, &InvoicingApi::get_invoice>},
    {Method::Get, "/v1/invoices/{invoice}/pdf", call<&App::invoicing_api, &InvoicingApi::get_pdf>},
    {Method::Post, "/v1/invoices/{invoice}/refunds",
     call_exactly<&App::refunds_api, &RefundsApi::post_refund>},
    {Method::Get, "/v1/refunds", call<&App::refunds_api, &RefundsApi::get_refunds>},
    {Method::Get, "/v1/disputes", call<&App::refunds_api, &RefundsApi::get_disputes>},
    {Method::Get, "/v1/invoice_lines/{invoice_line}/explain",
     call<&App::explain_api, &ExplainApi::get_explanation>},
    {Method::Post, "/v1/recomputations", call<&App::explain_api, &ExplainApi::post_recomputation>},

    {Method::Get, "/v1/api_keys", call<&App::keys_api, &KeysApi::get_api_keys>},
    {Method::Post, "/v1/api_keys", call<&App::keys_api, &KeysApi::post_api_key>},
    {Method::Delete, "/v1/api_keys/{api_key}", call<&App::keys_api, &KeysApi::delete_api_key>},
    {Method::Post, "/v1/auth/signup", call_exactly<&App::auth_api, &AuthApi::post_signup>},
    {Method::Post, "/v1/auth/login", call_exactly<&App::auth_api, &AuthApi::post_login>},
    {Method::Post, "/v1/auth/logout", call_bare<&App::auth_api, &AuthApi::post_logout>},
    {Method::Get, "/v1/auth/me", call_exactly<&App::auth_api, &AuthApi::get_me>},
    {Method::Post, "/v1/auth/password", call_exactly<&App::auth_api, &AuthApi::post_password>},
    {Method::Post, "/v1/auth/password_reset",
     call_exactly<&App::auth_api, &AuthApi::post_password_reset>},
    {Method::Post, "/v1/auth/password_reset/confirm",
     call_exactly<&App::auth_api, &AuthApi::post_password_reset_confirm>},
    {Method::Get, "/v1/auth/sessions", call_exactly<&App::auth_api, &AuthApi::get_sessions>},
    {Method::Delete, "/v1/auth/sessions/{session}",
     call_exactly<&App::auth_api, &AuthApi::delete_session>},
    {Method::Get, "/v1/users", call<&App::users_api, &UsersApi::get_users>},
    {Method::Get, "/v1/users/{user}", call_exactly<&App::users_api, &UsersApi::get_user>},
    {Method::Post, "/v1/users/{user}/deactivate",
     call_bare<&App::users_api, &UsersApi::post_deactivate>},
    {Method::Post, "/v1/users/{user}/activate",
     call_bare<&App::users_api, &UsersApi::post_activate>},
    {Method::Post, "/v1/users/{user}/reset_link",
     call_bare<&App::users_api, &UsersApi::post_reset_link>},

    {Method::Get, "/v1/organizations",
     call<&App::organizations_api, &OrganizationsApi::get_organizations>},
    {Method::Post, "/v1/organizations",
     call_exactly<&App::organizations_api, &OrganizationsApi::post_organization>},
    {Method::Get, "/v1/organizations/{organization}",
     call_exactly<&App::organizations_api, &OrganizationsApi::get_organization>},
    {Method::Patch, "/v1/organizations/{organization}",
     call_exactly<&App::organizations_api, &OrganizationsApi::patch_organization>},
    {Method::Post, "/v1/organizations/{organization}/deactivate",
     call_bare<&App::organizations_api, &OrganizationsApi::post_deactivate>},
    {Method::Post, "/v1/organizations/{organization}/reactivate",
     call_bare<&App::organizations_api, &OrganizationsApi::post_reactivate>},
    {Method::Post, "/v1/organizations/{organization}/transfer",
     call_exactly<&App::organizations_api, &OrganizationsApi::post_transfer>},
    {Method::Post, "/v1/organizations/{organization}/leave",
     call_bare<&App::organizations_api, &OrganizationsApi::post_leave>},
    {Method::Get, "/v1/organizations/{organization}/members",
     call<&App::organizations_api, &OrganizationsApi::get_members>},
    {Method::Patch, "/v1/organizations/{organization}/members/{user}",
     call_exactly<&App::organizations_api, &OrganizationsApi::patch_member>},
    {Method::Delete, "/v1/organizations/{organization}/members/{user}",
     call_exactly<&App::organizations_api, &OrganizationsApi::delete_member>},
    {Method::Get, "/v1/organizations/{organization}/invitations",
     call<&App::organizations_api, &OrganizationsApi::get_invitations>},
    {Method::Post, "/v1/organizations/{organization}/invitations",
     call_exactly<&App::organizations_api, &OrganizationsApi::post_invitation>},
    {Method::Delete, "/v1/organizations/{organization}/invitations/{invitation}",
     call_exactly<&App::organizations_api, &OrganizationsApi::delete_invitation>},
    {Method::Post, "/v1/invitations/accept",
     call_exactly<&App::organizations_api, &OrganizationsApi::post_accept>},
    {Method::Get, "/v1/organizations/{organization}/payment_methods",
     call_exactly<&App::organization_billing_api, &OrganizationBillingApi::get_payment_methods>},
    {Method::Post, "/v1/organizations/{organization}/payment_methods",
     call_exactly<&App::organization_billing_api, &OrganizationBillingApi::post_payment_method>},
    {Method::Post, "/v1/organizations/{organization}/portal_sessions",
     call_exactly<&App::organization_billing_api, &OrganizationBillingApi::post_portal_session>},
    {Method::Get, "/v1/organizations/{organization}/projects",
     call<&App::organizations_api, &OrganizationsApi::get_projects>},
    {Method::Post, "/v1/organizations/{organization}/projects",
     call_exactly<&App::organizations_api, &OrganizationsApi::post_project>},
    {Method::Get, "/v1/organizations/{organization}/projects/{project}",
     call_exactly<&App::organizations_api, &OrganizationsApi::get_project>},
    {Method::Patch, "/v1/organizations/{organization}/projects/{project}",
     call_exactly<&App::organizations_api, &OrganizationsApi::patch_project>},
    {Method::Post, "/v1/organizations/{organization}/projects/{project}/archive",
     call_bare<&App::organizations_api, &OrganizationsApi::post_archive>},

    {Method::Get, "/api/plans", call_exactly<&App::saas_orgs_plans, &SaasOrgsPlans::get_plans>},
    {Method::Post, "/api/plans", call_exactly<&App::saas_orgs_plans, &SaasOrgsPlans::post_plan>},
    {Method::Get, "/api/plans/{plan_id}",
     call_exactly<&App::saas_orgs_plans, &SaasOrgsPlans::get_plan>},
    {Method::Put, "/api/plans/{plan_id}",
     call_exactly<&App::saas_orgs_plans, &SaasOrgsPlans::put_plan>},
    {Method::Delete, "/api/plans/{plan_id}",
     call_exactly<&App::saas_orgs_plans, &SaasOrgsPlans::delete_plan>},
    {Method::Post, "/api/subscriptions",
     call_exactly<&App::saas_orgs_subscriptions, &SaasOrgsSubscriptions::post_subscription>},
    {Method::Get, "/api/subscriptions/organization/{org_id}",
     call<&App::saas_orgs_subscriptions, &SaasOrgsSubscriptions::get_of_organization>},
    {Method::Get, "/api/subscriptions/{subscription_id}",
     call_exactly<&App::saas_orgs_subscriptions, &SaasOrgsSubscriptions::get_subscription>},
    {Method::Put, "/api/subscriptions/{subscription_id}",
     call_exactly<&App::saas_orgs_subscriptions, &SaasOrgsSubscriptions::put_subscription>},
    {Method::Post, "/api/subscriptions/{subscription_id}/cancel",
     call_exactly<&App::saas_orgs_subscriptions, &SaasOrgsSubscriptions::post_cancel>},
    {Method::Get, "/api/admin/dashboard",
     call_exactly<&App::saas_orgs_admin, &SaasOrgsAdmin::get_dashboard>},
    {Method::Get, "/api/admin/organizations",
     call<&App::saas_orgs_admin, &SaasOrgsAdmin::get_organizations>},
    {Method::Get, "/api/admin/users/{user_id}/details",
     call_exactly<&App::saas_orgs_admin, &SaasOrgsAdmin::get_user_details>},
    {Method::Get, "/api/admin/subscriptions/expiring",
     call<&App::saas_orgs_admin, &SaasOrgsAdmin::get_expiring>},
    {Method::Get, "/api/admin/subscriptions/failed-payments",
     call<&App::saas_orgs_admin, &SaasOrgsAdmin::get_failed_payments>},
    {Method::Get, "/api/usage/organization/{org_id}/summary",
     call_exactly<&App::saas_orgs, &SaasOrgs::get_summary>},
    {Method::Get, "/api/usage/organization/{org_id}/users/limit",
     call_exactly<&App::saas_orgs, &SaasOrgs::get_users_limit>},
    {Method::Get, "/api/usage/organization/{org_id}/projects/limit",
     call_exactly<&App::saas_orgs, &SaasOrgs::get_projects_limit>},

    {Method::Post, "/api/v1/payments/create-checkout-session",
     call_exactly<&App::learning_app, &LearningApp::post_checkout>},
    {Method::Get, "/api/v1/payments/subscription",
     call_exactly<&App::learning_app, &LearningApp::get_subscription>},
    {Method::Post, "/api/v1/payments/cancel-subscription",
     call<&App::learning_app, &LearningApp::post_cancel>},
    {Method::Get, "/api/v1/payments/invoices",
     call<&App::learning_app, &LearningApp::get_invoices>},
    {Method::Post, "/api/v1/payments/customer-portal",
     call_exactly<&App::learning_app, &LearningApp::post_portal>},
    {Method::Get, "/api/v1/payments/usage",
     call_exactly<&App::learning_app, &LearningApp::get_usage>},
    {Method::Get, "/api/v1/payments/pricing",
     call_exactly<&App::learning_app, &LearningApp::get_pricing>},

    {Method::Post, "/api/billing/create-checkout",
     call_exactly<&App::attribution, &Attribution::post_checkout>},
    {Method::Get, "/api/billing/success", call<&App::attribution, &Attribution::get_success>},
    {Method::Get, "/api/billing/cancel", call<&App::attribution, &Attribution::get_cancel>},
    {Method::Get, "/api/billing/usage", call<&App::attribution, &Attribution::get_usage>},
    {Method::Get, "/admin/webhooks", call<&App::attribution, &Attribution::get_webhooks>},
    {Method::Post, "/admin/webhooks/{event}/resend",
     call_exactly<&App::attribution, &Attribution::post_resend>},

    {Method::Get, "/v1/test_clocks", call<&App::billing_api, &BillingApi::get_test_clocks>},
    {Method::Post, "/v1/test_clocks", call<&App::billing_api, &BillingApi::post_test_clock>},
    {Method::Get, "/v1/test_clocks/{test_clock}",
     call<&App::billing_api, &BillingApi::get_test_clock>},
    {Method::Post, "/v1/test_clocks/{test_clock}/advance",
     call<&App::billing_api, &BillingApi::post_advance>},
    {Method::Post, "/v1/reconciliations",
     call<&App::billing_api, &BillingApi::post_reconciliation>},
    {Method::Get, "/v1/audit_events", call<&App::audit_api, &AuditApi::get_audit_events>},
    {Method::Get, "/v1/webhook_events", list_webhook_events},
    {Method::Get, "/v1/unsubscribe/{token}", call<&App::notices_api, &NoticesApi::get_unsubscribe>},
    {Method::Post, "/v1/unsubscribe/{token}",
     call<&App::notices_api, &NoticesApi::post_unsubscribe>},

    {Method::Get, "/v1/webhook_endpoints",
     call<&App::webhook_endpoints_api, &EndpointsApi::get_all>},
    {Method::Post, "/v1/webhook_endpoints", call<&App::webhook_endpoints_api, &EndpointsApi::post>},
    {Method::Get, "/v1/webhook_endpoints/{endpoint}",
     call<&App::webhook_endpoints_api, &EndpointsApi::get_one>},
    {Method::Patch, "/v1/webhook_endpoints/{endpoint}",
     call<&App::webhook_endpoints_api, &EndpointsApi::patch>},
    {Method::Delete, "/v1/webhook_endpoints/{endpoint}",
     call<&App::webhook_endpoints_api, &EndpointsApi::remove>},
    {Method::Post, "/v1/webhook_endpoints/{endpoint}/enable",
     call_bare<&App::webhook_endpoints_api, &EndpointsApi::post_enable>},
    {Method::Post, "/v1/webhook_endpoints/{endpoint}/disable",
     call_bare<&App::webhook_endpoints_api, &EndpointsApi::post_disable>},
    {Method::Post, "/v1/webhook_endpoints/{endpoint}/rotate_secret",
     call<&App::webhook_endpoints_api, &EndpointsApi::post_rotate>},
    {Method::Post, "/v1/webhook_endpoints/{endpoint}/test",
     call_bare<&App::webhook_endpoints_api, &EndpointsApi::post_test>},
    {Method::Post, "/v1/webhook_endpoints/{endpoint}/replay",
     call<&App::webhook_endpoints_api, &EndpointsApi::post_replay>},
    {Method::Get, "/v1/webhook_endpoints/{endpoint}/deliveries",
     call<&App::webhook_endpoints_api, &EndpointsApi::get_deliveries>},
    {Method::Get, "/v1/webhook_endpoints/{endpoint}/deliveries/{delivery}",
     call<&App::webhook_endpoints_api, &EndpointsApi::get_delivery>},
    {Method::Post, "/v1/webhook_endpoints/{endpoint}/deliveries/{delivery}/replay",
     call_bare<&App::webhook_endpoints_api, &EndpointsApi::post_delivery_replay>},
    {Method::Get, "/v1/alert_destinations",
     call<&App::alert_destinations_api, &EndpointsApi::get_all>},
    {Method::Post, "/v1/alert_destinations",
     call<&App::alert_destinations_api, &EndpointsApi::post>},
    {Method::Get, "/v1/alert_destinations/{endpoint}",
     call<&App::alert_destinations_api, &EndpointsApi::get_one>},
    {Method::Patch, "/v1/alert_destinations/{endpoint}",
     call<&App::alert_destinations_api, &EndpointsApi::patch>},
    {Method::Delete, "/v1/alert_destinations/{endpoint}",
     call<&App::alert_destinations_api, &EndpointsApi::remove>},
    {Method::Post, "/v1/alert_destinations/{endpoint}/enable",
     call_bare<&App::alert_destinations_api, &EndpointsApi::post_enable>},
    {Method::Post, "/v1/alert_destinations/{endpoint}/disable",
     call_bare<&App::alert_destinations_api, &EndpointsApi::post_disable>},
    {Method::Post, "/v1/alert_destinations/{endpoint}/rotate_secret",
     call<&App::alert_destinations_api, &EndpointsApi::post_rotate>},
    {Method::Post, "/v1/alert_destinations/{endpoint}/test",
     call_bare<&App::alert_destinations_api, &EndpointsApi::post_test>},
    {Method::Post, "/v1/alert_destinations/{endpoint}/replay",
     call<&App::alert_destinations_api, &EndpointsApi::post_replay>},
    {Method::Get, "/v1/alert_destinations/{endpoint}/deliveries",
     call<&App::alert_destinations_api, &EndpointsApi::get_deliveries>},
    {Method::Get, "/v1/alert_destinations/{endpoint}/deliveries/{delivery}",
     call<&App::alert_destinations_api, &EndpointsApi::get_delivery>},
    {Method::Post, "/v1/alert_destinations/{endpoint}/deliveries/{delivery}/replay",
     call_bare<&App::alert_destinations_api, &EndpointsApi::post_delivery_replay>},
});

constexpr std::string_view method_text(Method method) {
    switch (method) {
        case Method::Get: return "GET";
        case Method::Post: return "POST";
        case Method::Put: return "PUT";
        case Method::Patch: return "PATCH";
        case Method::Delete: return "DELETE";
        case Method::Head: return "HEAD";
        case Method::Options: return "OPTIONS";
    }
    return "";
}

static_assert(std::ranges::all_of(kRoutes,
                                  [](const Route& route) {
                                      return policy_of(method_text(route.method), route.pattern) !=
                                             nullptr;
                                  }),
              "every route stands in access/policy.h");
static_assert(kRoutes.size() == kPolicies.size(), "every policy has its route");

}  // namespace

std::span<const Route> all_routes() { return kRoutes; }

}  // namespace turnpike
