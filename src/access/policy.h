#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "access/principal.h"
#include "access/rate_limit.h"
#include "base/error.h"

namespace turnpike {

/// Who may call a route. Object-level rights (whose invoice?) are the handler's business.
enum class Who : std::uint8_t {
    Public,    ///< anybody; no credential is asked for
    Customer,  ///< a user acting for himself, with his JWT: a customer's key may sit in software
               ///< that must not cancel or upgrade
    Seller,    ///< a seller key with the scope, or an administrator
    CustomerOrSeller,  ///< a customer for himself, or whoever passes Seller
    Admin,             ///< an administrator's JWT only
    Gateway,           ///< a customer for himself, or a seller key with the scope naming a customer
};

/// What an Idempotency-Key means on a POST. On other methods, and where nobody says who he is, it
/// means nothing.
enum class Repeats : std::uint8_t {
    Keyed,        ///< with a key, a repetition gets the first answer; without, it is done again
    KeyRequired,  ///< refused without a key
    OwnIdentity,  ///< what is sent names itself (source and id; a hold): keys are ignored
    Harmless,     ///< only asks: keys are ignored
};

/// What one route asks of its caller. `pattern` is the router's: "/v1/plans/{plan}".
struct Policy {
    std::string_view method;  ///< "GET"; HEAD follows GET
    std::string_view pattern;
    Who who = Who::Admin;
    std::optional<Scope> scope;  ///< set exactly for Seller, CustomerOrSeller and Gateway
    RateClass rate = RateClass::None;
    Repeats repeats = Repeats::Keyed;

    [[nodiscard]] constexpr Policy with(Repeats kind) const {
        Policy same = *this;
        same.repeats = kind;
        return same;
    }

    // The rows of the table below, by kind.
    static constexpr Policy open(std::string_view method, std::string_view pattern) {
        return {method, pattern, Who::Public, std::nullopt, RateClass::None};
    }
    static constexpr Policy own(std::string_view method, std::string_view pattern) {
        return {method, pattern, Who::Customer, std::nullopt, RateClass::Billing};
    }
    static constexpr Policy seller(std::string_view method, std::string_view pattern, Scope scope) {
        return {method, pattern, Who::Seller, scope, RateClass::None};
    }
    static constexpr Policy keys(std::string_view method, std::string_view pattern) {
        return {method, pattern, Who::Seller, Scope::KeysWrite, RateClass::Billing};
    }
    static constexpr Policy either(std::string_view method, std::string_view pattern, Scope scope) {
        return {method, pattern, Who::CustomerOrSeller, scope, RateClass::None};
    }
    static constexpr Policy gateway(std::string_view method, std::string_view pattern) {
        return {method, pattern, Who::Gateway, Scope::UsageWrite, RateClass::None};
    }
};

/// THE table: every route of the server. A route that is not here must not be served, so that a new
/// route is closed until somebody has decided who may call it.
inline constexpr auto kPolicies = [] {
    using enum Scope;
    return std::to_array<Policy>({
        Policy::open("GET", "/"),
        Policy::open("GET", "/healthz"),
        Policy::open("GET", "/readyz"),
        Policy::open("GET", "/health"),
        Policy::open("GET", "/health/billing"),
        Policy::open("GET", "/metrics"),
        Policy::open("GET", "/openapi.json"),
        Policy::open("GET", "/pricing"),
        {"POST", "/webhooks/stripe", Who::Public, std::nullopt, RateClass::Webhook},

        Policy::own("POST", "/billing/subscribe"),
        Policy::own("POST", "/billing/upgrade"),
        Policy::own("POST", "/billing/cancel"),
        Policy::own("GET", "/billing/status"),
        Policy::own("GET", "/billing/payment-methods"),
        Policy::own("POST", "/billing/payment-methods"),
        Policy::own("DELETE", "/billing/payment-methods/{payment_method}"),
        Policy::own("POST", "/billing/payment-methods/{payment_method}/default"),
        Policy::own("GET", "/billing/portal"),
        Policy::own("GET", "/billing/invoices"),
        {"GET", "/billing/admin/stats", Who::Seller, BillingRead, RateClass::Billing},

        Policy::seller("GET", "/v1/customers", CustomersRead),
        Policy::seller("POST", "/v1/customers", CustomersWrite),
        Policy::seller("GET", "/v1/customers/{customer}", CustomersRead),
        Policy::seller("PATCH", "/v1/customers/{customer}", CustomersWrite),

        Policy::either("GET", "/v1/plans", CatalogRead),
        Policy::either("GET", "/v1/plans/{plan}", CatalogRead),

        Policy::seller("POST", "/v1/events", UsageWrite).with(Repeats::OwnIdentity),
        Policy::seller("GET", "/v1/events", UsageRead),
        Policy::seller("GET", "/v1/events/{event}", UsageRead),
        Policy::seller("POST", "/v1/usage/consume", UsageWrite).with(Repeats::OwnIdentity),
        Policy::seller("POST", "/v1/usage/reserve", UsageWrite).with(Repeats::OwnIdentity),
        Policy::seller("GET", "/v1/usage/reservations/{reservation}", UsageRead),
        Policy::seller("POST", "/v1/usage/reservations/{reservation}/commit", UsageWrite)
            .with(Repeats::OwnIdentity),
        Policy::seller("POST", "/v1/usage/reservations/{reservation}/release", UsageWrite)
            .with(Repeats::OwnIdentity),
        Policy::seller("GET", "/v1/usage", UsageRead),
        Policy::either("GET", "/v1/usage/series", UsageRead),
        Policy::seller("GET", "/v1/usage/top", UsageRead),
        Policy::either("GET", "/v1/usage/groups", UsageRead),
        Policy::either("GET", "/v1/usage/routes", UsageRead),
        Policy::either("GET", "/v1/usage/forecast", UsageRead),
        Policy::either("GET", "/v1/usage/alerts", UsageRead),
        Policy::either("POST", "/v1/entitlements/check", UsageRead).with(Repeats::Harmless),
        Policy::gateway("GET", "/v1/gateway/authorize"),
        Policy::gateway("POST", "/v1/gateway/authorize").with(Repeats::OwnIdentity),
        // Envoy asks with the method of the request that it asks about.
        Policy::gateway("GET", "/v1/gateway/envoy/**"),
        Policy::gateway("POST", "/v1/gateway/envoy/**").with(Repeats::OwnIdentity),
        Policy::gateway("PUT", "/v1/gateway/envoy/**"),
        Policy::gateway("PATCH", "/v1/gateway/envoy/**"),
        Policy::gateway("DELETE", "/v1/gateway/envoy/**"),
        Policy::gateway("OPTIONS", "/v1/gateway/envoy/**"),

        Policy::either("POST", "/ofrep/v1/evaluate/flags", UsageRead).with(Repeats::Harmless),
        Policy::either("POST", "/ofrep/v1/evaluate/flags/{key}", UsageRead).with(Repeats::Harmless),

        Policy::seller("GET", "/v1/subscriptions", BillingRead),
        Policy::seller("GET", "/v1/subscriptions/{subscription}", BillingRead),
        Policy::seller("POST", "/v1/subscriptions", BillingWrite),
        Policy::seller("POST", "/v1/subscriptions/{subscription}/change", BillingWrite),
        Policy::seller("POST", "/v1/subscriptions/{subscription}/cancel", BillingWrite),
        Policy::seller("POST", "/v1/subscriptions/{subscription}/keep", BillingWrite),
        Policy::seller("GET", "/v1/customers/{customer}/payment_methods", BillingRead),
        Policy::seller("POST", "/v1/customers/{customer}/payment_methods", BillingWrite),
        Policy::seller("DELETE", "/v1/customers/{customer}/payment_methods/{payment_method}",
                       BillingWrite),
        Policy::seller("POST", "/v1/customers/{customer}/payment_methods/{payment_method}/default",
                       BillingWrite),
        Policy::seller("POST", "/v1/customers/{customer}/portal_sessions", BillingWrite),
        Policy::seller("GET", "/v1/revenue", BillingRead),
        Policy::seller("GET", "/v1/invoices", BillingRead),
        Policy::seller("GET", "/v1/invoices/{invoice}", BillingRead),

        Policy::keys("GET", "/v1/api_keys"),
        Policy::keys("POST", "/v1/api_keys"),
        Policy::keys("DELETE", "/v1/api_keys/{api_key}"),

        Policy::seller("GET", "/v1/test_clocks", Operations),
        Policy::seller("POST", "/v1/test_clocks", Operations),
        Policy::seller("GET", "/v1/test_clocks/{test_clock}", Operations),
        Policy::seller("POST", "/v1/test_clocks/{test_clock}/advance", Operations),
        Policy::seller("POST", "/v1/reconciliations", Operations),
        Policy::seller("GET", "/v1/audit_events", Operations),
        Policy::seller("GET", "/v1/webhook_events", Operations),
    });
}();

/// The policy of one route; nullptr when the table does not know it. `pattern` must be written as
/// in the table. Constexpr, so that a route table can refuse to compile:
/// `static_assert(policy_of("GET", "/v1/plans") != nullptr)`.
constexpr const Policy* policy_of(std::string_view method, std::string_view pattern) {
    for (const Policy& policy : kPolicies)
        if (policy.method == method && policy.pattern == pattern) return &policy;
    return nullptr;
}

/// Whether an Idempotency-Key means something on this route.
constexpr bool takes_key(const Policy& policy) {
    return policy.method == "POST" && policy.who != Who::Public &&
           (policy.repeats == Repeats::Keyed || policy.repeats == Repeats::KeyRequired);
}

/// Function-level authorization. Pure.
///
/// Errors: Unauthenticated "access.unauthenticated" when the caller showed no credential;
///         Forbidden "access.forbidden", naming what is missing.
Result<void> authorize(const Policy& policy, const Principal& principal);

}  // namespace turnpike
