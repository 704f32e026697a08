#include "billing/provider/payment_methods.h"

#include <algorithm>

#include "audit/audit.h"
#include "billing/provider/default_card.h"
#include "billing/provider/provider_objects.h"
#include "customers/provider_link.h"
#include "customers/service.h"
#include "json/value.h"
#include "subscriptions/command.h"
#include "subscriptions/service.h"
#include "webhooks/outbox.h"

namespace turnpike {
namespace {

constexpr std::size_t kMethodIdBytesMax = 255;

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

/// Each request is an obligation of its own: attaching the same card again later is meant. With an
/// Idempotency-Key its repetitions are the same request.
std::string obligation_of(BillingContext& billing, const Authority& authority,
                          std::string_view what) {
    const std::string& once = authority.once;
    const auto request =
        once.empty() ? billing.ids.make<CommandId>(billing.clock.now()).text() : once;
    return "payment_method:" + request + ":" + std::string(what);
}

struct OwnedMethod {
    std::string provider_customer;
    PaymentMethodOnFile method;
};

asio::awaitable<std::optional<std::string>> provider_customer_of(BillingContext& billing,
                                                                 CustomerId customer) {
    co_return co_await billing.db.read([&](sql::Transaction& tx) {
        return find_provider_customer(tx, customer, billing.provider.name());
    });
}

/// Whom the provider has never met has no card there.
asio::awaitable<Result<OwnedMethod>> find_owned(BillingContext& billing, CustomerId customer,
                                                const std::string& method) {
    const auto missing = not_found("payment.no_such_method", "there is no such payment method");
    const auto provider_customer = co_await provider_customer_of(billing, std::move(customer));
    if (!provider_customer) co_return missing;
    const auto methods = co_await billing.provider.list_payment_methods(*provider_customer);
    if (!methods) co_return failure(methods);
    const auto found = std::ranges::find(*methods, method, &PaymentMethodOnFile::id);
    if (found == methods->end()) co_return missing;
    co_return OwnedMethod{*provider_customer, *found};
}

Json write_event_data(const PaymentMethodOnFile& method, const CustomerId& customer) {
    Json data = write_payment_method(method);
    data["customer"] = customer.text();
    return data;
}

asio::awaitable<std::monostate> record_method(BillingContext& billing, const CardOwner& owner,
                                              std::string_view action,
                                              const PaymentMethodOnFile& method) {
    const Instant now = billing.clock.now();
    const std::string type = "payment_method." + std::string(action);
    co_await billing.db.write([&](sql::Transaction& tx) {
        forget_default_card(tx, owner.customer, billing.provider.name(), now);
        record(tx,
               {.at = now,
                .actor = owner.authority.actor,
                .action = type,
                .object_id = method.id,
                .customer = owner.customer.text(),
                .request_id = owner.authority.request_id,
                .detail = Json{{"brand", method.brand}, {"last4", method.last4}}},
               billing.ids);
        const Json data = write_event_data(method, owner.customer);
        emit(tx,
             {.type = type,
              .object = method.id,
              .customer = owner.customer.text(),
              .data = data,
              .at = now},
             billing.ids);
        return true;
    });
    co_return std::monostate{};
}

/// A subscription keeps the card that it began with, so it is told of the new one.
asio::awaitable<Result<std::monostate>> charge_subscription_with(BillingContext& billing,
                                                                 CustomerId customer,
                                                                 std::string obligation,
                                                                 std::string method) {
    const auto live = co_await billing.db.read(
        [&](sql::Transaction& tx) { return find_live_subscription(tx, customer); });
    if (!live || !live->provider_subscription_id) co_return std::monostate{};
    const auto told = co_await billing.provider.charge_subscription_with(
        std::move(obligation), *live->provider_subscription_id, std::move(method));
    if (!told) co_return failure(told);
    co_return std::monostate{};
}

}  // namespace

Json write_payment_method(const PaymentMethodOnFile& method) {
    return Json{{"id", method.id},
                {"object", "payment_method"},
                {"brand", method.brand},
                {"last4", method.last4},
                {"exp_month", method.exp_month},
                {"exp_year", method.exp_year},
                {"is_default", method.is_default}};
}

Result<std::monostate> check_method_id(const std::string& method) {
    const auto fits = [](char c) { return is_letter(c) || (c >= '0' && c <= '9') || c == '_'; };
    const bool good = !method.empty() && method.size() <= kMethodIdBytesMax &&
                      is_letter(method.front()) && std::ranges::all_of(method, fits);
    if (good) return std::monostate{};
    return invalid_argument("payment.not_a_method_id",
                            "send the id of a payment method, as the provider's card form gives "
                            "it (pm_...); a card's number must never be sent here");
}

asio::awaitable<Result<std::vector<PaymentMethodOnFile>>> payment_methods_of(
    BillingContext& billing, CustomerId customer) {
    const auto provider_customer = co_await provider_customer_of(billing, std::move(customer));
    if (!provider_customer) co_return std::vector<PaymentMethodOnFile>{};
    co_return co_await billing.provider.list_payment_methods(*provider_customer);
}

asio::awaitable<Result<PaymentMethodOnFile>> attach_method(BillingContext& billing, CardOwner owner,
                                                           std::string method) {
    const auto possible = check_method_id(method);
    if (!possible) co_return failure(possible);
    const auto provider_customer = co_await ensure_provider_customer(billing, owner.customer);
    if (!provider_customer) co_return failure(provider_customer);
    auto attached = co_await billing.provider.attach_payment_method(
        obligation_of(billing, owner.authority, "attach"), *provider_customer, std::move(method));
    if (!attached) co_return failure(attached);
    co_await record_method(billing, owner, "attached", *attached);
    co_return attached;
}

asio::awaitable<Result<PaymentMethodOnFile>> choose_method(BillingContext& billing, CardOwner owner,
                                                           std::string method) {
    const auto owned = co_await find_owned(billing, owner.customer, method);
    if (!owned) co_return failure(owned);
    const auto obligation = obligation_of(billing, owner.authority, "default");
    auto chosen = co_await billing.provider.set_default_payment_method(
        obligation, owned->provider_customer, method);
    if (!chosen) co_return failure(chosen);
    const auto told = co_await charge_subscription_with(
        billing, owner.customer, obligation + ":subscription", std::move(method));
    if (!told) co_return failure(told);
    co_await record_method(billing, owner, "made_default", *chosen);
    co_return chosen;
}

asio::awaitable<Result<PaymentMethodOnFile>> detach_method(BillingContext& billing, CardOwner owner,
                                                           std::string method) {
    const auto owned = co_await find_owned(billing, owner.customer, method);
    if (!owned) co_return failure(owned);
    const auto detached = co_await billing.provider.detach_payment_method(
        obligation_of(billing, owner.authority, "detach"), method);
    if (!detached) co_return failure(detached);
    co_await record_method(billing, owner, "detached", owned->method);
    auto gone = owned->method;
    gone.is_default = false;
    co_return gone;
}

}  // namespace turnpike
