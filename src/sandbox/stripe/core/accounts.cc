#include "sandbox/stripe/core/accounts.h"

#include <array>
#include <string>

#include "sandbox/stripe/wire/billing_document.h"

namespace turnpike::twin {
namespace {

Json own_account(Context& ctx) {
    return Json{
        {"id", ctx.account()},
        {"object", "account"},
        {"business_profile", {{"name", "Sandbox"}, {"url", nullptr}}},
        {"business_type", nullptr},
        {"capabilities", {{"card_payments", "active"}, {"transfers", "active"}}},
        {"charges_enabled", true},
        {"country", "US"},
        {"default_currency", "usd"},
        {"details_submitted", true},
        {"email", nullptr},
        {"metadata", Json::object()},
        {"payouts_enabled", true},
        {"settings", {{"dashboard", {{"display_name", "Sandbox"}, {"timezone", "Etc/UTC"}}}}},
        {"type", "standard"}};
}

Answer get_own_account(Operation& operation) {
    if (const auto complaint = operation.params.complaint()) return Refusal(*complaint);
    return own_account(operation.ctx);
}

Answer get_account(Operation& operation) {
    const auto& id = operation.path("account");
    if (id == operation.ctx.account()) return get_own_account(operation);
    StripeError error;
    error.http_status = 403;
    error.code = "account_invalid";
    error.message = "The provided key does not have access to account '" + id +
                    "' (or that account does not exist). Application access may have been "
                    "revoked.";
    return Refusal(error);
}

constexpr auto kAccountRoutes = std::to_array<OperationRoute>({
    {"GET", "/v1/account", get_own_account},
    {"GET", "/v1/accounts/{account}", get_account},
});

}  // namespace

const Feature& account_feature() {
    static constexpr Feature kFeature{.operations = kAccountRoutes};
    return kFeature;
}

}  // namespace turnpike::twin
