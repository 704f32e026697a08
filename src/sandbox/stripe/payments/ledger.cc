#include "sandbox/stripe/payments/ledger.h"

#include <array>
#include <chrono>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "json/value.h"
#include "sandbox/stripe/cards/test_cards.h"
#include "sandbox/stripe/core/balance_transaction.h"
#include "sandbox/stripe/core/customer_of.h"
#include "sandbox/stripe/wire/billing_document.h"

namespace turnpike::twin {
namespace {

constexpr std::string_view kTransactionKind = "balance_transaction";

/// Recorded: 2.9 % and 30 cents of every charge in US dollars. Of others nobody recorded a fee.
std::int64_t fee_of(std::int64_t amount, const std::string& currency) {
    if (currency != "usd") return 0;
    return (amount * 29 + 500) / 1000 + 30;
}

/// Stripe's testing page has two cards whose payments do not wait (4000000000000077 and
/// 4000003720000278).
bool bypasses_pending(Context& ctx, const Json& charge) {
    const auto method = ctx.look("payment_method", text_of(charge, "payment_method"));
    const TestCard* card = method ? card_of_payment_method(*method) : nullptr;
    return card != nullptr && card->name.starts_with("pm_card_bypassPending");
}

/// Recorded: at midnight, seven days after the day of the charge.
Instant available_from(Context& ctx, const Json& charge) {
    const Instant charged = second_of(ctx, text_of(charge, "customer"));
    if (bypasses_pending(ctx, charge)) return charged;
    return std::chrono::floor<std::chrono::days>(charged) + std::chrono::days(7);
}

bool is_of_card(const Json& charge) {
    return text_of(part_of(charge, "payment_method_details"), "type") == "card";
}

Json refund_description(const Json& charge) {
    const std::string about = text_of(charge, "description");
    return "REFUND FOR CHARGE" + (about.empty() ? "" : " (" + about + ")");
}

/// Money becomes available by the passing of time alone, which changes nothing that is stored.
Json as_of_now(Context& ctx, Json transaction) {
    const auto available = instant_of(transaction, "available_on");
    if (available && *available <= ctx.now_of(text_of(transaction, "_customer")))
        transaction["status"] = "available";
    return transaction;
}

Answer get_transaction(Operation& operation) {
    if (auto complaint = operation.params.complaint()) return Refusal(*std::move(complaint));
    const std::string& id = operation.path("transaction");
    auto transaction = operation.ctx.find(kTransactionKind, id);
    if (!transaction) return no_such_object("balance transaction", id);
    return as_of_now(operation.ctx, *std::move(transaction));
}

Answer list_transactions(Operation& operation) {
    Params& params = operation.params;
    ListFilter filter;
    filter.parent = params.text("source").value_or("");
    const std::string currency = params.text("currency").value_or("");
    const std::string type = params.text("type").value_or("");
    read_created(params, filter);
    auto page = list_objects(operation, kTransactionKind, filter, [&](const Json& transaction) {
        return (currency.empty() || text_of(transaction, "currency") == currency) &&
               (type.empty() || text_of(transaction, "type") == type);
    });
    if (!page) return page;
    for (Json& transaction : (*page)["data"])
        transaction = as_of_now(operation.ctx, std::move(transaction));
    return page;
}

struct Sums {
    std::int64_t available = 0;
    std::int64_t pending = 0;
};

Json sum_entry(const std::string& currency, std::int64_t amount) {
    return {{"amount", amount}, {"currency", currency}, {"source_types", {{"card", amount}}}};
}

Answer get_balance(Operation& operation) {
    if (auto complaint = operation.params.complaint()) return Refusal(*std::move(complaint));
    std::map<std::string, Sums> sums{{"usd", {}}};
    for (Json& stored : operation.ctx.list(kTransactionKind, {})) {
        const Json transaction = as_of_now(operation.ctx, std::move(stored));
        Sums& of = sums[text_of(transaction, "currency")];
        const bool is_available = text_of(transaction, "status") == "available";
        (is_available ? of.available : of.pending) += integer_of(transaction, "net");
    }
    Json available = Json::array();
    Json pending = Json::array();
    for (const auto& [currency, of] : sums) {
        available.push_back(sum_entry(currency, of.available));
        pending.push_back(sum_entry(currency, of.pending));
    }
    return Json{{"object", "balance"},
                {"available", std::move(available)},
                {"livemode", false},
                {"pending", std::move(pending)}};
}

constexpr auto kLedgerRoutes = std::to_array<OperationRoute>({
    {"GET", "/v1/balance", get_balance},
    {"GET", "/v1/balance_transactions", list_transactions},
    {"GET", "/v1/balance_transactions/{transaction}", get_transaction},
});

constexpr auto kLedgerExpandables = std::to_array<Expandable>({
    {"balance_transaction", "source", "charge"},
});

}  // namespace

void book_charge(Context& ctx, Json& charge, std::int64_t amount) {
    const std::string customer = text_of(charge, "customer");
    const Json transaction = book(ctx, {.source = charge,
                                        .customer = customer,
                                        .amount = amount,
                                        .fee = fee_of(amount, text_of(charge, "currency")),
                                        .fee_name = "Stripe processing fees",
                                        .type = is_of_card(charge) ? "charge" : "payment",
                                        .category = "charge",
                                        .description = charge.at("description"),
                                        .available = available_from(ctx, charge)});
    charge["balance_transaction"] = transaction.at("id");
}

void book_refund(Context& ctx, const Json& charge, Json& refund) {
    const std::string customer = text_of(charge, "customer");
    const Json transaction = book(ctx, {.source = refund,
                                        .customer = customer,
                                        .amount = -integer_of(refund, "amount"),
                                        .type = is_of_card(charge) ? "refund" : "payment_refund",
                                        .category = "refund",
                                        .description = refund_description(charge),
                                        .available = second_of(ctx, customer)});
    refund["balance_transaction"] = transaction.at("id");
}

void book_failed_refund(Context& ctx, const Json& charge, Json& refund) {
    const std::string customer = text_of(charge, "customer");
    const Json transaction =
        book(ctx, {.source = refund,
                   .customer = customer,
                   .amount = integer_of(refund, "amount"),
                   .type = is_of_card(charge) ? "refund_failure" : "payment_failure_refund",
                   .category = "refund_failure",
                   .description = refund_description(charge),
                   .available = second_of(ctx, customer)});
    refund["failure_balance_transaction"] = transaction.at("id");
}

const Feature& ledger_feature() {
    static constexpr Feature kFeature{.operations = kLedgerRoutes,
                                      .expandables = kLedgerExpandables};
    return kFeature;
}

}  // namespace turnpike::twin
