#include "sandbox/stripe/invoices/invoice_items.h"

#include <algorithm>
#include <utility>

#include "base/encoding.h"
#include "crypto/crypto.h"
#include "json/value.h"
#include "sandbox/stripe/catalog/price_data.h"
#include "sandbox/stripe/catalog/price_schemes.h"
#include "sandbox/stripe/catalog/prices.h"
#include "sandbox/stripe/core/customer_of.h"
#include "sandbox/stripe/coupons/applied.h"
#include "sandbox/stripe/customers/customer_currency.h"
#include "sandbox/stripe/invoices/invoice_lines.h"
#include "sandbox/stripe/invoices/invoices.h"
#include "sandbox/stripe/wire/amounts.h"
#include "sandbox/stripe/wire/billing_document.h"
#include "sandbox/stripe/wire/currencies.h"
#include "sandbox/stripe/wire/exclusive.h"

namespace turnpike::twin {
namespace {

/// The same 24 hexadecimal digits for the same thing.
std::string derived_id(std::string_view prefix, const std::string& what) {
    return std::string(prefix) + "_" + to_hex(sha256(what)).substr(0, 24);
}

Json one_off_product(Context& ctx, const std::string& id) {
    Json product;
    product["id"] = id;
    product["object"] = "product";
    product["active"] = false;
    product["created"] = unix_seconds(ctx.now());
    product["default_price"] = nullptr;
    product["description"] = nullptr;
    product["images"] = Json::array();
    product["livemode"] = false;
    product["marketing_features"] = Json::array();
    product["metadata"] = Json::object();
    product["name"] = "Single charge";
    product["package_dimensions"] = nullptr;
    product["shippable"] = nullptr;
    product["statement_descriptor"] = nullptr;
    product["tax_code"] = nullptr;
    product["type"] = "service";
    product["unit_label"] = nullptr;
    product["updated"] = unix_seconds(ctx.now());
    product["url"] = nullptr;
    return product;
}

/// The price that stands for a bare amount: one per account, currency and amount, made on first
/// use and not active, as Stripe's are.
Json one_off_price(Context& ctx, const std::string& currency, const std::string& unit_amount) {
    const std::string what = ctx.account() + "/" + currency + "/" + unit_amount;
    const std::string id = derived_id("price", what);
    if (auto known = ctx.find("price", id)) return *std::move(known);
    const std::string product = derived_id("prod", ctx.account() + "/single");
    if (!ctx.find("product", product)) ctx.put(one_off_product(ctx, product));
    PriceRequest request;
    request.id = id;
    request.product = product;
    request.amount["currency"] = currency;
    write_unit_amount(request.amount, unit_amount);
    return new_price(ctx, request);
}

Json pricing_of(const NewInvoiceItem& request) {
    Json pricing;
    pricing["price_details"]["price"] = request.price.at("id");
    pricing["price_details"]["product"] = text_of(request.price, "product");
    pricing["type"] = "price_details";
    pricing["unit_amount_decimal"] = request.kind == NewInvoiceItem::Kind::Proration
                                         ? Json()
                                         : request.price.value("unit_amount_decimal", Json());
    return pricing;
}

Json parent_of_item(const NewInvoiceItem& request) {
    if (request.subscription.empty()) return {};
    Json parent;
    parent["subscription_details"]["subscription"] = request.subscription;
    if (!request.subscription_item.empty())
        parent["subscription_details"]["subscription_item"] = request.subscription_item;
    parent["type"] = "subscription_details";
    return parent;
}

/// Recomputes the draft that holds this item: its line is replaced, or removed when `line` is null.
void change_line(Context& ctx, const std::string& invoice_id, const std::string& item,
                 const Json& line) {
    auto invoice = ctx.find("invoice", invoice_id);
    if (!invoice) return;
    Json& lines = (*invoice)["lines"]["data"];
    const auto found = std::ranges::find_if(
        lines, [&](const Json& candidate) { return item_behind(candidate) == item; });
    if (found == lines.end()) return;
    if (line.is_null()) {
        lines.erase(found);
        (*invoice)["lines"]["total_count"] = lines.size();
    } else {
        const Json id = found->at("id");
        *found = line;
        (*found)["id"] = id;
        (*found)["invoice"] = invoice_id;
    }
    recompute_totals(*invoice);
    ctx.update_and_emit("invoice.updated", *invoice);
}

/// The draft that `id` names. Errors: 404-like 400, or invoice_not_editable.
Outcome<Json> require_draft(Context& ctx, const std::string& id, const std::string& customer) {
    auto invoice = ctx.find("invoice", id);
    if (!invoice) return no_such_param("invoice", id, "invoice");
    if (text_of(*invoice, "status") != "draft") return no_longer_editable();
    if (text_of(*invoice, "customer") != customer)
        return bad_param("invoice", "", "The invoice " + id + " belongs to another customer.");
    return *std::move(invoice);
}

/// What one line costs, as the parameters say it.
struct Charge {
    std::int64_t amount = 0;
    std::int64_t quantity = 1;
    std::string currency;                 ///< "": not said
    Json price;                           ///< null when the amount is said without one
    std::string unit_amount;              ///< of one, then
    std::string amount_param = "amount";  ///< where the amount comes from, for complaints
};

/// The price that is named, or given as price_data; nullopt: neither is.
/// Stores the latter.
Outcome<std::optional<Json>> read_price_of_charge(Context& ctx, Params& params) {
    auto id = params.text("price");
    if (auto pricing = params.object("pricing")) {
        id = pricing->text("price");
        params.absorb(*pricing);
    }
    auto data = params.object("price_data");
    if (id && data) return only_one_of(params, "price", "price_data");
    if (!id && !data) return std::optional<Json>();
    auto price = data ? read_price_data(ctx, *data, PriceDataTakes::AmountOnly)
                      : require_one_time_price(ctx, *id, "price");
    if (!price) return Refusal(price.error());
    return std::optional<Json>(*std::move(price));
}

/// Reads amount | unit_amount_decimal | price (or pricing[price]) | price_data, with quantity and
/// currency.
Outcome<Charge> read_charge(Context& ctx, Params& params) {
    Charge charge;
    const auto amount = params.integer("amount");
    const auto unit = params.text("unit_amount_decimal");
    auto named = read_price_of_charge(ctx, params);
    if (!named) return Refusal(named.error());
    const auto quantity = params.integer("quantity");
    charge.quantity = quantity.value_or(1);
    charge.currency = read_optional_currency(params);
    if (charge.quantity < 0)
        return bad_param("quantity", "parameter_invalid_integer", "Invalid non-negative integer");
    if (auto price = *std::move(named)) {
        if (!charge.currency.empty()) {
            if (auto error = check_price_currency(*price, charge.currency, "price"))
                return Refusal(*std::move(error));
            price = *price_in(*price, charge.currency);
        }
        charge.currency = text_of(*price, "currency");
        charge.amount = total_of(*price, charge.quantity);
        charge.amount_param = "quantity";
        charge.price = *std::move(price);
        return charge;
    }
    if (unit) {
        Json by_unit;
        by_unit["unit_amount_decimal"] = *unit;
        if (!is_unit_amount(*unit))
            return bad_param("unit_amount_decimal", "parameter_invalid_string",
                             "Invalid decimal: " + *unit);
        charge.amount = total_of(by_unit, charge.quantity);
        charge.unit_amount = *unit;
        charge.amount_param = "quantity";
    } else if (amount) {
        charge.amount = *amount;
        charge.unit_amount = std::to_string(*amount);
        charge.quantity = 1;
    } else {
        return missing_param("amount");
    }
    return charge;
}

/// discountable as asked for, and the item's own discounts. Stores new ones.
std::optional<StripeError> discount_item(
    Context& ctx, Json& item, const std::optional<bool>& discountable,
    const std::optional<std::vector<DiscountRequest>>& discounts) {
    if (flag_of(item, "proration") && (discounts || discountable.value_or(false)))
        return bad_param(discounts ? "discounts" : "discountable", "",
                         "Discounts do not apply to a proration, which has them in its amount.")
            .error();
    if (discountable) item["discountable"] = *discountable;
    return discounts ? discount_invoice_item(ctx, item, *discounts) : std::nullopt;
}

}  // namespace

void bind_invoice_item(Json& item, const std::string& invoice) {
    item["invoice"] = text_or_null(invoice);
    item["_parent"] = invoice.empty() ? pending_parent(text_of(item, "customer")) : invoice;
}

std::vector<Json> pending_items_of(Context& ctx, const PendingItems& of) {
    auto items = ctx.list("invoiceitem", {.parent = pending_parent(of.customer)});
    std::erase_if(items, [&](const Json& item) {
        const std::string subscription =
            text_of(part_of(part_of(item, "parent"), "subscription_details"), "subscription");
        const bool of_another =
            !of.subscription.empty() && !subscription.empty() && subscription != of.subscription;
        return text_of(item, "currency") != of.currency || of_another;
    });
    std::ranges::reverse(items);
    return items;
}

std::string item_behind(const Json& line) {
    const Json& parent = part_of(line, "parent");
    const std::string item = text_of(part_of(parent, "invoice_item_details"), "invoice_item");
    return item.empty() ? text_of(part_of(parent, "subscription_item_details"), "invoice_item")
                        : item;
}

Json new_invoice_item(Context& ctx, const NewInvoiceItem& request) {
    const auto customer = ctx.find("customer", request.customer);
    const bool proration = request.kind == NewInvoiceItem::Kind::Proration;
    Json item;
    item["id"] = ctx.new_id("ii");
    item["object"] = "invoiceitem";
    item["amount"] = request.amount;
    item["currency"] = request.currency;
    item["customer"] = request.customer;
    item["customer_account"] = nullptr;
    item["date"] = unix_seconds(second_of(ctx, request.customer));
    item["description"] = text_or_null(request.description);
    item["discountable"] = !proration && request.amount >= 0;
    set_discounts(item, {});
    item["livemode"] = false;
    item["metadata"] = Json::object();
    item["parent"] = parent_of_item(request);
    item["period"]["end"] = unix_seconds(request.period.end);
    item["period"]["start"] = unix_seconds(request.period.start);
    item["pricing"] = pricing_of(request);
    item["proration"] = proration;
    if (proration) item["proration_details"]["discount_amounts"] = Json::array();
    item["quantity"] = request.quantity;
    item["tax_rates"] = Json::array();
    item["test_clock"] = customer ? text_or_null(text_of(*customer, "test_clock")) : Json();
    item["_credited_items"] = request.credited_items;
    bind_invoice_item(item, "");
    return item;
}

std::optional<StripeError> discount_invoice_item(Context& ctx, Json& item,
                                                 const std::vector<DiscountRequest>& requests) {
    const auto redeemed = redeem(ctx,
                                 {.customer = text_of(item, "customer"),
                                  .owner = "invoice_item",
                                  .owner_id = text_of(item, "id"),
                                  .currency = text_of(item, "currency"),
                                  .amount = integer_of(item, "amount")},
                                 requests);
    if (!redeemed) return redeemed.error();
    store_redeemed(ctx, *redeemed);
    set_discounts(item, terms_of(*redeemed));
    return std::nullopt;
}

Answer create_invoice_item(Operation& operation) {
    Context& ctx = operation.ctx;
    Params& params = operation.params;
    NewInvoiceItem request;
    request.customer = params.required_text("customer");
    request.description = params.text("description").value_or("");
    request.subscription = params.text("subscription").value_or("");
    const std::string invoice_id = params.text("invoice").value_or("");
    const auto discountable = params.boolean("discountable");
    const auto discounts = read_discounts(params);
    const auto metadata = params.metadata();
    auto charge = read_charge(ctx, params);
    const Instant now = second_of(ctx, request.customer);
    request.period = {now, now};
    if (auto period = params.object("period")) {
        request.period.start = period->timestamp("start").value_or(now);
        request.period.end = period->timestamp("end").value_or(request.period.start);
        params.absorb(*period);
    }
    if (auto complaint = params.complaint()) return Refusal(*std::move(complaint));
    if (!charge) return Refusal(charge.error());
    if (charge->currency.empty()) charge->currency = default_currency(ctx, request.customer);
    if (!fits_amount(charge->amount))
        return amount_too_large(charge->amount_param, charge->currency);
    if (const auto customer = require_customer(ctx, request.customer, "customer"); !customer)
        return Refusal(customer.error());
    if (auto error = check_customer_currency(ctx, request.customer, charge->currency))
        return Refusal(*std::move(error));
    if (!request.subscription.empty()) {
        const auto subscription = ctx.look("subscription", request.subscription);
        if (!subscription || text_of(*subscription, "customer") != request.customer)
            return no_such_param("subscription", request.subscription, "subscription");
    }
    if (request.period.end < request.period.start)
        return bad_param("period[end]", "", "The period's end must not be before its start.");
    std::optional<Json> invoice;
    if (!invoice_id.empty()) {
        auto draft = require_draft(ctx, invoice_id, request.customer);
        if (!draft) return Refusal(draft.error());
        if (text_of(*draft, "currency") != charge->currency)
            return bad_param("currency", "",
                             "The currency of the invoice item (" + charge->currency +
                                 ") must match the invoice's (" + text_of(*draft, "currency") +
                                 ").");
        invoice = *std::move(draft);
    }
    request.amount = charge->amount;
    request.quantity = charge->quantity;
    request.currency = charge->currency;
    request.price = charge->price;
    if (request.price.is_null()) {
        request.price = one_off_price(ctx, request.currency, charge->unit_amount);
    } else if (request.description.empty()) {
        const auto product = ctx.find("product", text_of(request.price, "product"));
        if (product) request.description = text_of(*product, "name");
    }
    Json item = new_invoice_item(ctx, request);
    merge_metadata(item, metadata);
    if (auto error = discount_item(ctx, item, discountable, discounts))
        return Refusal(*std::move(error));
    if (invoice) bind_invoice_item(item, invoice_id);
    ctx.put(item);
    ctx.emit("invoiceitem.created", item);
    if (invoice) {
        put_on_invoice(*invoice, {invoice_item_line(ctx, item)});
        ctx.update_and_emit("invoice.updated", *invoice);
    }
    return item;
}

/// Recorded, with these words.
static Refusal no_such_item(const std::string& id) {
    auto refusal = no_such_object("Invoice Item", id);
    refusal.error().message += "(livemode=false)";
    return refusal;
}

Answer get_invoice_item(Operation& operation) {
    const std::string& id = operation.path("invoiceitem");
    if (auto complaint = operation.params.complaint()) return Refusal(*std::move(complaint));
    auto item = operation.ctx.find("invoiceitem", id);
    if (!item) return no_such_item(id);
    return *std::move(item);
}

/// An item on an invoice that is no longer a draft, or that was deleted, never changes.
static bool is_frozen(Context& ctx, const Json& item) {
    const std::string invoice_id = text_of(item, "invoice");
    if (invoice_id.empty()) return false;
    const auto invoice = ctx.look("invoice", invoice_id);
    return !invoice || text_of(*invoice, "status") != "draft";
}

static Refusal not_changeable(Context& ctx, const Json& item) {
    if (!ctx.look("invoice", text_of(item, "invoice")))
        return bad_param("", "", "This invoice item has been deleted.");
    return bad_param("", "",
                     "This invoice item is already attached to an invoice that is no longer "
                     "editable");
}

Answer update_invoice_item(Operation& operation) {
    Context& ctx = operation.ctx;
    Params& params = operation.params;
    const std::string& id = operation.path("invoiceitem");
    auto item = ctx.find("invoiceitem", id);
    if (!item) return no_such_item(id);
    const auto amount = params.integer("amount");
    const auto quantity = params.integer("quantity");
    const auto description = params.text("description");
    const auto discountable = params.boolean("discountable");
    const auto discounts = read_discounts(params);
    const auto metadata = params.metadata();
    if (auto complaint = params.complaint()) return Refusal(*std::move(complaint));
    if (is_frozen(ctx, *item)) return not_changeable(ctx, *item);
    if ((amount || quantity) && flag_of(*item, "proration"))
        return bad_param("amount", "", "You cannot change the amount of a proration.");
    if (quantity && *quantity < 0)
        return bad_param("quantity", "parameter_invalid_integer", "Invalid non-negative integer");
    std::optional<std::int64_t> new_amount = amount;
    if (!amount && quantity) new_amount = total_of(part_of(*item, "pricing"), *quantity);
    if (new_amount && !fits_amount(*new_amount))
        return amount_too_large(amount ? "amount" : "quantity", text_of(*item, "currency"));

    if (new_amount) (*item)["amount"] = *new_amount;
    if (amount) {
        const Json price = one_off_price(ctx, text_of(*item, "currency"), std::to_string(*amount));
        (*item)["quantity"] = 1;
        (*item)["pricing"]["price_details"]["price"] = price.at("id");
        (*item)["pricing"]["price_details"]["product"] = price.at("product");
        (*item)["pricing"]["unit_amount_decimal"] = price.at("unit_amount_decimal");
    } else if (quantity) {
        (*item)["quantity"] = *quantity;
    }
    if (description) (*item)["description"] = text_or_null(*description);
    if (auto error = discount_item(ctx, *item, discountable, discounts))
        return Refusal(*std::move(error));
    merge_metadata(*item, metadata);
    ctx.put(*item);
    change_line(ctx, text_of(*item, "invoice"), id, invoice_item_line(ctx, *item));
    return *std::move(item);
}

Answer delete_invoice_item(Operation& operation) {
    Context& ctx = operation.ctx;
    const std::string& id = operation.path("invoiceitem");
    if (auto complaint = operation.params.complaint()) return Refusal(*std::move(complaint));
    const auto item = ctx.find("invoiceitem", id);
    if (!item) return no_such_item(id);
    if (is_frozen(ctx, *item))
        return bad_param("", "",
                         "Can't delete an invoice item that is attached to an invoice that is no "
                         "longer editable");
    change_line(ctx, text_of(*item, "invoice"), id, Json());
    ctx.remove("invoiceitem", id);
    ctx.emit("invoiceitem.deleted", *item);
    Json deleted;
    deleted["id"] = id;
    deleted["object"] = "invoiceitem";
    deleted["deleted"] = true;
    return deleted;
}

Answer list_invoice_items(Operation& operation) {
    Params& params = operation.params;
    ListFilter filter;
    filter.customer = params.text("customer").value_or("");
    filter.parent = params.text("invoice").value_or("");
    const auto pending = params.boolean("pending");
    read_created(params, filter);
    return list_objects(operation, "invoiceitem", filter, [&](const Json& item) {
        return !pending || *pending == text_of(item, "invoice").empty();
    });
}

}  // namespace turnpike::twin
