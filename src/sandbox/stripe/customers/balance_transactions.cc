#include "sandbox/stripe/customers/balance_transactions.h"

#include <array>
#include <cstdlib>
#include <utility>

#include "sandbox/documents.h"
#include "sandbox/stripe/core/customer_of.h"
#include "sandbox/stripe/customers/customer_currency.h"
#include "sandbox/stripe/wire/amounts.h"
#include "sandbox/stripe/wire/billing_document.h"
#include "sandbox/stripe/wire/currencies.h"

namespace turnpike::twin {
namespace {

constexpr std::string_view kTransaction = "customer_balance_transaction";

Outcome<Json> require_transaction(Operation& operation) {
    const std::string& id = operation.path("transaction");
    auto transaction = operation.ctx.find(kTransaction, id);
    if (!transaction || text_of(*transaction, "customer") != operation.path("customer"))
        return no_such_object(std::string(kTransaction), id);
    return *std::move(transaction);
}

Answer create_transaction(Operation& operation) {
    Context& ctx = operation.ctx;
    Params& params = operation.params;
    const std::string& id = operation.path("customer");
    BalanceChange change{.type = "adjustment"};
    const auto amount = params.integer("amount");
    change.currency = read_currency(params);
    change.description = params.text("description").value_or("");
    const auto metadata = params.metadata();
    if (!amount) params.complain(missing_param("amount"));
    if (auto complaint = params.complaint()) return Refusal(*std::move(complaint));
    const auto customer = ctx.find("customer", id);
    if (!customer) return no_such_object("customer", id);
    if (auto error = check_customer_currency(ctx, id, change.currency))
        return Refusal(*std::move(error));
    change.amount = *amount;
    if (!fits_amount(*amount) || !fits_amount(integer_of(*customer, "balance") + *amount))
        return amount_too_large("amount", change.currency);
    auto transaction = change_balance(ctx, id, change);
    if (!transaction) return transaction;
    merge_metadata(*transaction, metadata);
    ctx.put(*transaction);
    return transaction;
}

Answer get_transaction(Operation& operation) {
    if (auto complaint = operation.params.complaint()) return Refusal(*std::move(complaint));
    return require_transaction(operation);
}

Answer update_transaction(Operation& operation) {
    const auto description = operation.params.text("description");
    const auto metadata = operation.params.metadata();
    if (auto complaint = operation.params.complaint()) return Refusal(*std::move(complaint));
    auto transaction = require_transaction(operation);
    if (!transaction) return transaction;
    if (description) (*transaction)["description"] = text_or_null(*description);
    merge_metadata(*transaction, metadata);
    operation.ctx.put(*transaction);
    return transaction;
}

Answer list_transactions(Operation& operation) {
    Params& params = operation.params;
    ListFilter filter;
    filter.customer = operation.path("customer");
    filter.parent = params.text("invoice").value_or("");
    read_created(params, filter);
    if (!operation.ctx.find("customer", filter.customer))
        return no_such_object("customer", filter.customer);
    return list_objects(operation, kTransaction, filter);
}

constexpr auto kBalanceRoutes = std::to_array<OperationRoute>({
    {"POST", "/v1/customers/{customer}/balance_transactions", create_transaction},
    {"GET", "/v1/customers/{customer}/balance_transactions", list_transactions},
    {"GET", "/v1/customers/{customer}/balance_transactions/{transaction}", get_transaction},
    {"POST", "/v1/customers/{customer}/balance_transactions/{transaction}", update_transaction},
});

constexpr auto kBalanceExpandables = std::to_array<Expandable>({
    {"customer_balance_transaction", "checkout_session", "checkout.session"},
    {"customer_balance_transaction", "credit_note", "credit_note"},
    {"customer_balance_transaction", "customer", "customer"},
    {"customer_balance_transaction", "invoice", "invoice"},
});

}  // namespace

const Feature& balance_transaction_feature() {
    static constexpr Feature kFeature{.operations = kBalanceRoutes,
                                      .expandables = kBalanceExpandables};
    return kFeature;
}

Json record_balance_change(Context& ctx, const std::string& customer, std::int64_t ending_balance,
                           const BalanceChange& change) {
    Json transaction;
    transaction["id"] = ctx.new_id("cbtxn");
    transaction["object"] = kTransaction;
    transaction["amount"] = change.amount;
    transaction["checkout_session"] = nullptr;
    transaction["created"] = unix_seconds(second_of(ctx, customer));
    transaction["credit_note"] = text_or_null(change.credit_note);
    transaction["currency"] = change.currency;
    transaction["customer"] = customer;
    transaction["customer_account"] = nullptr;
    transaction["description"] = text_or_null(change.description);
    transaction["ending_balance"] = ending_balance;
    transaction["invoice"] = text_or_null(change.invoice);
    transaction["livemode"] = false;
    transaction["metadata"] = Json::object();
    transaction["type"] = change.type;
    transaction["_parent"] = change.invoice;
    ctx.put(transaction);
    return transaction;
}

void record_set_balance(Context& ctx, const Json& customer, std::int64_t before, std::string type) {
    const std::int64_t balance = integer_of(customer, "balance");
    if (balance == before) return;
    const std::string id = text_of(customer, "id");
    record_balance_change(ctx, id, balance,
                          {.type = std::move(type),
                           .amount = balance - before,
                           .currency = default_currency(ctx, id)});
}

Outcome<Json> change_balance(Context& ctx, const std::string& customer,
                             const BalanceChange& change) {
    auto changed = require_customer(ctx, customer, "customer");
    if (!changed) return changed;
    const std::int64_t ending = integer_of(*changed, "balance") + change.amount;
    (*changed)["balance"] = ending;
    (*changed)["currency"] = change.currency;
    ctx.update_and_emit("customer.updated", *changed);
    return record_balance_change(ctx, customer, ending, change);
}

std::vector<BalanceChange> changes_at_finalization(std::int64_t starting, std::int64_t ending) {
    std::vector<BalanceChange> changes;
    // A balance that goes toward zero was applied; one that leaves zero was moved there.
    const bool crosses = (starting < 0 && ending > 0) || (starting > 0 && ending < 0);
    const bool grows = std::abs(ending) > std::abs(starting);
    const std::int64_t middle = crosses ? 0 : grows ? starting : ending;
    if (middle != starting)
        changes.push_back({.type = "applied_to_invoice", .amount = middle - starting});
    if (ending != middle)
        changes.push_back({.type = "invoice_too_small", .amount = ending - middle});
    return changes;
}

}  // namespace turnpike::twin
