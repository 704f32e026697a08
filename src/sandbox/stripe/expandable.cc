#include "sandbox/stripe/expandable.h"

#include <algorithm>
#include <array>
#include <string>

#include "sandbox/stripe/rendering.h"

namespace turnpike::twin {
namespace {

struct Expandable {
    std::string_view kind;
    std::string_view path;
    std::string_view target;
};

constexpr auto kExpandables = std::to_array<Expandable>({
    {"customer", "default_source", "card"},
    {"customer", "invoice_settings.default_payment_method", "payment_method"},
    {"customer", "test_clock", "test_helpers.test_clock"},
    {"payment_method", "customer", "customer"},
    {"card", "customer", "customer"},
    {"product", "default_price", "price"},
    {"product", "tax_code", "tax_code"},
    {"price", "product", "product"},
    {"plan", "product", "product"},

    {"promotion_code", "customer", "customer"},
    {"promotion_code", "promotion.coupon", "coupon"},
    {"discount", "customer", "customer"},
    {"discount", "promotion_code", "promotion_code"},
    {"discount", "source.coupon", "coupon"},

    {"subscription", "customer", "customer"},
    {"subscription", "default_payment_method", "payment_method"},
    {"subscription", "default_source", "card"},
    {"subscription", "discounts", "discount"},
    {"subscription", "latest_invoice", "invoice"},
    {"subscription", "on_behalf_of", "account"},
    {"subscription", "pending_setup_intent", "setup_intent"},
    {"subscription", "schedule", "subscription_schedule"},
    {"subscription", "test_clock", "test_helpers.test_clock"},
    {"subscription_item", "discounts", "discount"},

    {"invoice", "customer", "customer"},
    {"invoice", "default_payment_method", "payment_method"},
    {"invoice", "default_source", "card"},
    {"invoice", "discounts", "discount"},
    {"invoice", "from_invoice.invoice", "invoice"},
    {"invoice", "latest_revision", "invoice"},
    {"invoice", "on_behalf_of", "account"},
    {"invoice", "parent.subscription_details.subscription", "subscription"},
    {"invoice", "test_clock", "test_helpers.test_clock"},
    {"invoice", "total_discount_amounts.discount", "discount"},
    {"invoiceitem", "customer", "customer"},
    {"invoiceitem", "discounts", "discount"},
    {"invoiceitem", "invoice", "invoice"},
    {"invoiceitem", "pricing.price_details.price", "price"},
    {"invoiceitem", "test_clock", "test_helpers.test_clock"},
    {"line_item", "discount_amounts.discount", "discount"},
    {"line_item", "discounts", "discount"},
    {"line_item", "pricing.price_details.price", "price"},
    {"line_item", "subscription", "subscription"},
    {"invoice_payment", "invoice", "invoice"},
    {"invoice_payment", "payment.charge", "charge"},
    {"invoice_payment", "payment.payment_intent", "payment_intent"},

    {"payment_intent", "application", "application"},
    {"payment_intent", "customer", "customer"},
    {"payment_intent", "latest_charge", "charge"},
    {"payment_intent", "on_behalf_of", "account"},
    {"payment_intent", "payment_method", "payment_method"},
    {"payment_intent", "review", "review"},
    {"charge", "application", "application"},
    {"charge", "balance_transaction", "balance_transaction"},
    {"charge", "customer", "customer"},
    {"charge", "dispute", "dispute"},
    {"charge", "failure_balance_transaction", "balance_transaction"},
    {"charge", "on_behalf_of", "account"},
    {"charge", "payment_intent", "payment_intent"},
    {"charge", "review", "review"},
    {"dispute", "charge", "charge"},
    {"dispute", "payment_intent", "payment_intent"},
    {"refund", "balance_transaction", "balance_transaction"},
    {"refund", "charge", "charge"},
    {"refund", "failure_balance_transaction", "balance_transaction"},
    {"refund", "payment_intent", "payment_intent"},
    {"setup_attempt", "application", "application"},
    {"setup_attempt", "customer", "customer"},
    {"setup_attempt", "on_behalf_of", "account"},
    {"setup_attempt", "payment_method", "payment_method"},
    {"setup_attempt", "setup_intent", "setup_intent"},
    {"setup_intent", "application", "application"},
    {"setup_intent", "customer", "customer"},
    {"setup_intent", "latest_attempt", "setup_attempt"},
    {"setup_intent", "mandate", "mandate"},
    {"setup_intent", "on_behalf_of", "account"},
    {"setup_intent", "payment_method", "payment_method"},
    {"entitlements.active_entitlement", "feature", "entitlements.feature"},
    {"billing_portal.session", "configuration", "billing_portal.configuration"},
    {"checkout.session", "customer", "customer"},
    {"checkout.session", "invoice", "invoice"},
    {"checkout.session", "payment_intent", "payment_intent"},
    {"checkout.session", "setup_intent", "setup_intent"},
    {"checkout.session", "subscription", "subscription"},
});

std::string id_of(const Json& owner) { return owner.value("id", ""); }

Json list_of(std::string url, const std::vector<Json>& documents) {
    Json data = Json::array();
    for (const auto& document : documents) data.push_back(visible(document));
    return Json{{"object", "list"},
                {"data", std::move(data)},
                {"has_more", false},
                {"url", std::move(url)}};
}

/// Members that the owner's stored document has and its visible form has not.
template <std::size_t N>
struct Member {
    char text[N]{};
    consteval Member(const char (&literal)[N]) { std::copy_n(literal, N, text); }
};
template <Member Name>
Json stored_member(Context& ctx, const Json& owner) {
    const auto document = ctx.find(owner.value("object", ""), id_of(owner));
    if (!document || !document->contains(Name.text)) return Json();
    return visible(document->at(Name.text));
}

/// Shown whether expanded or not, where there are any.
Json own_options(Context&, const Json&) { return Json(); }

Json customer_subscriptions(Context& ctx, const Json& customer) {
    auto all = ctx.list("subscription", {.customer = id_of(customer)});
    std::erase_if(all, [](const Json& subscription) {
        return subscription.value("status", "") == "canceled";
    });
    return list_of("/v1/customers/" + id_of(customer) + "/subscriptions", all);
}

Json customer_sources(Context& ctx, const Json& customer) {
    return list_of("/v1/customers/" + id_of(customer) + "/sources",
                   ctx.list("card", {.customer = id_of(customer)}));
}

Json customer_tax_ids(Context&, const Json& customer) {
    return list_of("/v1/customers/" + id_of(customer) + "/tax_ids", {});
}

/// Nothing is known of where a sandbox customer lives.
Json customer_tax(Context&, const Json&) {
    return Json{{"automatic_tax", "unrecognized_location"},
                {"ip_address", nullptr},
                {"location", nullptr},
                {"provider", "stripe"}};
}

/// By currency; a customer that was never billed has none.
Json customer_credit(Context&, const Json& customer) {
    Json balances = Json::object();
    const auto balance = customer.value("balance", std::int64_t{0});
    if (balance != 0 && customer.at("currency").is_string())
        balances[customer.at("currency").get<std::string>()] = balance;
    return balances;
}

Json invoice_payments(Context& ctx, const Json& invoice) {
    return list_of("/v1/invoices/payments",
                   ctx.list("invoice_payment", {.parent = id_of(invoice)}));
}

Json charge_refunds(Context& ctx, const Json& charge) {
    const auto refunds = ctx.list("refund", {.parent = id_of(charge)});
    Json list = list_of("/v1/charges/" + id_of(charge) + "/refunds", refunds);
    list["total_count"] = refunds.size();
    return visible(list);
}

constexpr auto kIncludables = std::to_array<Includable>({
    {"charge", "refunds", charge_refunds},
    {"checkout.session", "line_items", stored_member<"line_items">},
    {"coupon", "applies_to", stored_member<"applies_to">},
    {"coupon", "currency_options", stored_member<"currency_options">},
    {"customer", "invoice_credit_balance", customer_credit},
    {"customer", "sources", customer_sources},
    {"customer", "subscriptions", customer_subscriptions},
    {"customer", "tax", customer_tax},
    {"customer", "tax_ids", customer_tax_ids},
    {"invoice", "confirmation_secret", stored_member<"confirmation_secret">},
    {"invoice", "payments", invoice_payments},
    {"price", "currency_options", stored_member<"currency_options">},
    {"price", "tiers", stored_member<"tiers">},
    {"promotion_code", "restrictions.currency_options", own_options},
});

}  // namespace

std::optional<std::string_view> expandable_kind(std::string_view kind, std::string_view path) {
    const auto found = std::ranges::find_if(
        kExpandables, [&](const Expandable& row) { return row.kind == kind && row.path == path; });
    if (found == kExpandables.end()) return std::nullopt;
    return found->target;
}

const Includable* find_includable(std::string_view kind, std::string_view member) {
    const auto found = std::ranges::find_if(kIncludables, [&](const Includable& row) {
        return row.kind == kind && row.member == member;
    });
    return found == kIncludables.end() ? nullptr : &*found;
}

}  // namespace turnpike::twin
