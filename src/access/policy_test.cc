#include "access/policy.h"

#include <string>

#include <gtest/gtest.h>

namespace turnpike {
namespace {

// A route table can refuse to compile when a route has no policy.
static_assert(policy_of("GET", "/v1/plans") != nullptr);
static_assert(policy_of("PUT", "/v1/plans") == nullptr);

Principal caller(PrincipalKind kind, std::vector<Scope> scopes = {}) {
    Principal principal;
    principal.kind = kind;
    principal.scopes = std::move(scopes);
    return principal;
}

std::string outcome(const Policy& policy, const Principal& principal) {
    const auto allowed = authorize(policy, principal);
    return allowed ? "allowed" : std::string(allowed.error().reason.text());
}

TEST(Policy, EveryKindOfCallerAgainstEveryKindOfRoute) {
    const Principal anonymous, customer = caller(PrincipalKind::Customer),
                               without = caller(PrincipalKind::Seller, {Scope::CatalogRead}),
                               with = caller(PrincipalKind::Seller, {Scope::UsageWrite}),
                               admin = caller(PrincipalKind::Admin);
    const std::string yes = "allowed", who = "access.unauthenticated", no = "access.forbidden";
    struct Case {
        const char* name;
        Who asked;
        std::optional<Scope> scope;
        std::string anonymous, customer, without, with, admin;
    };
    const auto scope = Scope::UsageWrite;
    const Case cases[] = {
        {"public", Who::Public, {}, yes, yes, yes, yes, yes},
        {"optional", Who::OptionalCredential, scope, yes, yes, no, yes, yes},
        {"customer", Who::Customer, {}, who, yes, no, no, no},
        {"seller", Who::Seller, scope, who, no, no, yes, yes},
        {"either", Who::CustomerOrSeller, scope, who, yes, no, yes, yes},
        {"gateway", Who::Gateway, scope, who, yes, no, yes, yes},
        {"admin", Who::Admin, {}, who, no, no, no, yes},
        {"user", Who::User, {}, who, yes, no, no, no},
        {"member", Who::Member, scope, who, yes, no, yes, yes},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.name);
        const Policy policy{"GET", "/", c.asked, c.scope, RateClass::None};
        EXPECT_EQ(outcome(policy, anonymous), c.anonymous);
        EXPECT_EQ(outcome(policy, customer), c.customer);
        EXPECT_EQ(outcome(policy, without), c.without);
        EXPECT_EQ(outcome(policy, with), c.with);
        EXPECT_EQ(outcome(policy, admin), c.admin);
    }
}

TEST(Policy, ASuperusersSessionIsAUsersToo) {
    auto superuser = caller(PrincipalKind::Admin);
    superuser.user = UserId::trusted("usr_01HF00000000000000000000AA");
    EXPECT_EQ(outcome(*policy_of("GET", "/v1/auth/me"), superuser), "allowed");
    EXPECT_EQ(outcome(*policy_of("GET", "/v1/users"), superuser), "allowed");
    EXPECT_EQ(outcome(*policy_of("GET", "/v1/auth/me"), caller(PrincipalKind::Admin)),
              "access.forbidden");
}

TEST(Policy, ACustomersKeyIsNobody) {
    auto key = caller(PrincipalKind::Customer);
    key.customer = CustomerId::trusted("cus_01HF00000000000000000000AA");
    EXPECT_EQ(outcome(*policy_of("GET", "/v1/auth/me"), key), "access.forbidden");
    EXPECT_EQ(outcome(*policy_of("GET", "/v1/organizations"), key), "access.forbidden");
}

TEST(Policy, ACustomersKeyUsesWhatIsSoldAndChangesNothing) {
    auto key = caller(PrincipalKind::Customer);
    key.customer = CustomerId::trusted("cus_01HF00000000000000000000AA");
    EXPECT_EQ(outcome(*policy_of("GET", "/v1/gateway/authorize"), key), "allowed");
    EXPECT_EQ(outcome(*policy_of("POST", "/v1/entitlements/check"), key), "allowed");
    EXPECT_EQ(outcome(*policy_of("POST", "/billing/cancel"), key), "access.forbidden");
}

TEST(Policy, RefusalNamesTheMissingScope) {
    const auto refused = authorize(*policy_of("POST", "/v1/usage/consume"),
                                   caller(PrincipalKind::Seller, {Scope::UsageRead}));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::Forbidden);
    EXPECT_NE(refused.error().message.find("usage:write"), std::string::npos);
}

TEST(Policy, AReadScopeNeverOpensAWrite) {
    const auto reader = caller(PrincipalKind::Seller, {Scope::CatalogRead, Scope::CustomersRead,
                                                       Scope::UsageRead, Scope::BillingRead});
    for (const Policy& policy : kPolicies) {
        const bool reads = policy.method == "GET" || policy.pattern == "/v1/entitlements/check" ||
                           policy.pattern.starts_with("/ofrep/") ||
                           policy.pattern == "/v1/plans/{plan}/migrate/preview";
        if (reads || policy.who == Who::Public) continue;
        EXPECT_EQ(outcome(policy, reader), "access.forbidden")
            << policy.method << ' ' << policy.pattern;
    }
}

TEST(Policy, ACustomerReachesOnlyWhatIsHisOwn) {
    const auto customer = caller(PrincipalKind::Customer);
    for (const Policy& policy : kPolicies) {
        const bool own =
            policy.pattern.starts_with("/api/v1/payments/") ||
            policy.pattern == "/api/billing/usage" ||
            (policy.pattern.starts_with("/billing/") && policy.pattern != "/billing/admin/stats");
        const bool shown = policy.pattern.starts_with("/v1/plans") ||
                           policy.pattern == "/v1/features" ||
                           policy.pattern == "/v1/customers/{customer}/entitlements";
        const bool shared =
            (policy.method == "GET" && shown) || policy.pattern == "/v1/entitlements/check" ||
            policy.pattern.starts_with("/ofrep/") || policy.pattern.starts_with("/v1/gateway/") ||
            policy.pattern == "/v1/usage/series" || policy.pattern == "/v1/usage/routes" ||
            policy.pattern == "/v1/usage/groups" || policy.pattern == "/v1/usage/forecast" ||
            policy.pattern == "/v1/usage/alerts" ||
            (policy.method == "GET" && policy.pattern.starts_with("/v1/invoice")) ||
            policy.pattern == "/v1/refunds" || policy.pattern == "/v1/disputes";
        const bool personal = policy.pattern.starts_with("/v1/auth/") ||
                              policy.pattern.starts_with("/v1/organizations") ||
                              policy.pattern.starts_with("/api/usage/organization/") ||
                              policy.pattern.starts_with("/api/subscriptions") ||
                              policy.pattern == "/v1/invitations/accept";
        const bool expected = own || shared || personal || lets_in_anybody(policy);
        EXPECT_EQ(outcome(policy, customer), expected ? "allowed" : "access.forbidden")
            << policy.method << ' ' << policy.pattern;
    }
}

/// Where providers tell of events, under each of its names.
bool tells_of_events(const Policy& policy) {
    return policy.who == Who::Public && policy.pattern.contains("/webhook");
}

/// What watches a server asks as often as it likes.
bool probes(const Policy& policy) {
    return policy.pattern.starts_with("/health") || policy.pattern == "/readyz" ||
           policy.pattern == "/metrics";
}

TEST(Policy, BillingKeyAndPublicRoutesAreRateLimited) {
    for (const Policy& policy : kPolicies) {
        const bool sells =
            policy.pattern == "/api/billing/create-checkout" ||
            policy.pattern == "/api/billing/success" ||
            (policy.pattern.starts_with("/api/v1/payments/") && policy.who == Who::Customer) ||
            (policy.pattern.starts_with("/api/subscriptions") && policy.method != "GET");
        const bool buys = policy.method == "POST" &&
                          (policy.pattern == "/v1/organizations/{organization}/portal_sessions" ||
                           policy.pattern == "/v1/organizations/{organization}/payment_methods");
        const bool limited = sells || buys || policy.pattern.starts_with("/billing/") ||
                             policy.pattern.starts_with("/v1/api_keys") || policy.who == Who::User;
        const bool signs_in = policy.pattern.starts_with("/v1/auth/") && policy.who == Who::Public;
        const bool is_page = policy.who == Who::Public && !probes(policy);
        const auto expected = signs_in                  ? RateClass::SignIn
                              : limited                 ? RateClass::Billing
                              : tells_of_events(policy) ? RateClass::Webhook
                              : is_page                 ? RateClass::Page
                                                        : RateClass::None;
        EXPECT_EQ(policy.rate, expected) << policy.pattern;
    }
}

// TURNPIKE_CHECKOUT_NEEDS_KEY
TEST(Policy, AReceiptAloneIsNotEnoughWhereAKeyIsDemanded) {
    EXPECT_EQ(outcome(kKeyedCheckout, Principal{}), "access.unauthenticated");
    EXPECT_EQ(outcome(kKeyedCheckout, caller(PrincipalKind::Customer)), "access.forbidden");
    EXPECT_EQ(outcome(kKeyedCheckout, caller(PrincipalKind::Admin)), "allowed");
    const auto* usual = policy_of("POST", kKeyedCheckout.pattern);
    ASSERT_NE(usual, nullptr);
    EXPECT_EQ(usual->who, Who::OptionalCredential);
    EXPECT_EQ(usual->scope, kKeyedCheckout.scope);
    EXPECT_EQ(usual->preset, kKeyedCheckout.preset);
    EXPECT_EQ(usual->rate, kKeyedCheckout.rate);
    EXPECT_EQ(usual->repeats, kKeyedCheckout.repeats);
}

TEST(Policy, AKeyOfSomebodyUnknownCountsOnlyWhereItIsDemanded) {
    EXPECT_TRUE(takes_key(*policy_of("POST", "/v1/plans")));
    EXPECT_TRUE(takes_key(*policy_of("POST", "/api/billing/create-checkout")));
    EXPECT_FALSE(takes_key({"POST", "/", Who::OptionalCredential, Scope::BillingWrite}));
    EXPECT_FALSE(takes_key(*policy_of("POST", "/webhooks/stripe")));
    EXPECT_FALSE(takes_key(*policy_of("POST", "/v1/auth/login")));
    EXPECT_FALSE(takes_key(*policy_of("GET", "/v1/plans")));
}

TEST(Scope, TextsRoundTrip) {
    constexpr const char* kTexts[] = {
        "catalog:read", "catalog:write", "customers:read", "customers:write", "usage:read",
        "usage:write",  "billing:read",  "billing:write",  "keys:write",      "operations"};
    for (const char* text : kTexts) {
        const auto scope = parse_scope(text);
        ASSERT_TRUE(scope) << text;
        EXPECT_EQ(to_text(*scope), text);
    }
    for (const char* text : {"", "Usage:write", "usage", "usage:write ", "*", "admin"})
        EXPECT_FALSE(parse_scope(text)) << text;
}

}  // namespace
}  // namespace turnpike
