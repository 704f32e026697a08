#include "sandbox/stripe/checkout/session_lines.h"

#include <algorithm>
#include <utility>

#include "sandbox/documents.h"
#include "sandbox/stripe/catalog/custom_amounts.h"
#include "sandbox/stripe/catalog/price_data.h"
#include "sandbox/stripe/subscriptions/metered_items.h"
#include "sandbox/stripe/subscriptions/subscriptions.h"
#include "sandbox/stripe/wire/amounts.h"
#include "sandbox/stripe/wire/exclusive.h"
#include "sandbox/stripe/wire/price_amount.h"

namespace turnpike::twin {
namespace {

constexpr std::size_t kPaymentLinesMax = 100;
constexpr std::int64_t kRecurringLinesMax = 20;
constexpr std::int64_t kOneTimeLinesMax = 20;

Refusal inactive_price(const std::string& param) {
    return bad_param(param, "resource_missing",
                     "The price specified is inactive. This field only accepts active prices.");
}

Outcome<Json> given_price(Context& ctx, Params& line) {
    const auto id = line.text("price").value_or("");
    auto data = line.object("price_data");
    if (!id.empty() && data) return only_one_of(line, "price", "price_data");
    if (data) return read_price_data(ctx, *data, PriceDataTakes::RecurringAndProductData);
    if (id.empty()) return missing_param(line.name_of("price"));
    auto price = ctx.find("price", id);
    if (!price) return no_such_param("price", id, line.name_of("price"));
    if (!flag_of(*price, "active")) return inactive_price(line.name_of("price"));
    return *std::move(price);
}

Outcome<Json> price_of_line(Context& ctx, Params& line) {
    auto price = given_price(ctx, line);
    if (!price) return price;
    const auto product = ctx.look("product", text_of(*price, "product"));
    if (product != nullptr && !flag_of(*product, "active"))
        return inactive_price(line.name_of(line.has("price_data") ? "price_data" : "price"));
    return price;
}

/// Stripe's refusals of what does not go with an amount that the payer chooses.
std::optional<StripeError> custom_line_problem(const SoldLine& sold, std::int64_t quantity) {
    if (quantity != 1)
        return bad_param(sold.param + "[quantity]", "",
                         "Quantity must be 1 when a price with `custom_unit_amount` is specified.")
            .error();
    if (sold.adjustable.is_null()) return std::nullopt;
    return bad_param(sold.param + "[adjustable_quantity]", "",
                     "You cannot specify `adjustable_quantity` when also using a price with "
                     "`custom_unit_amount`.")
        .error();
}

/// What is metered has the quantity that its meter says; everything else needs one.
std::optional<StripeError> check_quantity(const SoldLine& sold,
                                          const std::optional<std::int64_t>& given) {
    const std::string param = sold.param + "[quantity]";
    if (is_metered(sold.price)) {
        if (given) return quantity_of_metered(param);
        return std::nullopt;
    }
    if (!given)
        return bad_param(param, "parameter_missing",
                         "Quantity is required. Add `quantity` to `" + sold.param + "`")
            .error();
    if (*given < 1)
        return bad_param(param, "parameter_invalid_integer",
                         "This value must be greater than or equal to 1.")
            .error();
    if (has_custom_amount(sold.price)) return custom_line_problem(sold, *given);
    if (!fits_amount(total_of(sold.price, *given)))
        return amount_too_large(param, text_of(sold.price, "currency")).error();
    return std::nullopt;
}

/// What Stripe takes where it is not said.
constexpr std::int64_t kQuantityMax = 99;
constexpr std::int64_t kQuantityLimit = 999'999;

/// adjustable_quantity; null where the quantity is fixed.
Json read_adjustable(Params& line) {
    auto given = line.object("adjustable_quantity");
    if (!given) return {};
    const bool enabled = given->boolean("enabled").value_or(false);
    const std::int64_t minimum = given->integer("minimum").value_or(0);
    const std::int64_t maximum = given->integer("maximum").value_or(kQuantityMax);
    if (minimum < 0 || maximum < minimum || maximum > kQuantityLimit)
        given->complain(bad_param(given->name_of("maximum"), "parameter_invalid_integer",
                                  "A quantity ranges from 0 to 999999, its minimum first."));
    line.absorb(*given);
    if (!enabled) return {};
    return Json{{"enabled", true}, {"maximum", maximum}, {"minimum", minimum}};
}

void refuse_unknown_of_line(Params& line) {
    line.refuse("tax_rates", "This sandbox does not compute taxes.");
    line.refuse("dynamic_tax_rates", "This sandbox does not compute taxes.");
}

Outcome<SoldLine> read_sold_line(Context& ctx, Params& line, std::size_t index) {
    SoldLine sold;
    sold.param = "line_items[" + std::to_string(index) + "]";
    const auto quantity = line.integer("quantity");
    if (auto metadata = line.metadata(); metadata && metadata->is_object())
        sold.metadata = *std::move(metadata);
    sold.adjustable = read_adjustable(line);
    refuse_unknown_of_line(line);
    auto price = price_of_line(ctx, line);
    if (!price) return Refusal(price.error());
    sold.price = *std::move(price);
    if (auto complaint = line.complaint()) return Refusal(*std::move(complaint));
    if (auto error = check_quantity(sold, quantity)) return Refusal(*std::move(error));
    sold.quantity = quantity;
    return sold;
}

/// Whether a subscription can be made of this line is for subscriptions to say.
std::optional<StripeError> check_recurring(Context& ctx, const SoldLine& line) {
    Json form;
    form["items"]["0"]["price"] = line.price.at("id");
    if (line.quantity) form["items"]["0"]["quantity"] = std::to_string(*line.quantity);
    Params params(form);
    auto items = read_items(ctx, params,
                            {text_of(line.price, "id")});  // price and product are looked at above
    if (items) return std::nullopt;
    StripeError error = items.error();
    if (error.param.starts_with("items[0]")) error.param.replace(0, 8, line.param);
    return error;
}

std::optional<StripeError> check_custom_lines(const std::vector<SoldLine>& lines,
                                              const std::string& mode) {
    const auto custom = std::ranges::find_if(
        lines, [](const SoldLine& line) { return has_custom_amount(line.price); });
    if (custom == lines.end()) return std::nullopt;
    if (mode != "payment") return custom_amount_problem(custom->price, custom->param + "[price]");
    if (lines.size() == 1) return std::nullopt;
    return bad_param("line_items", "",
                     "You can only specify 1 line item when specifying a price with "
                     "`custom_unit_amount` configured.")
        .error();
}

std::optional<StripeError> check_mode(Context& ctx, const std::vector<SoldLine>& lines,
                                      const std::string& mode) {
    const auto recurring = std::ranges::count_if(
        lines, [](const SoldLine& line) { return is_recurring_price(line.price); });
    if (mode == "payment" && recurring > 0)
        return bad_param("mode", "",
                         "You specified `payment` mode but passed a recurring price. Either switch "
                         "to `subscription` mode or use only one-time prices.")
            .error();
    if (mode == "payment" && lines.size() > kPaymentLinesMax)
        return bad_param("line_items", "", "You can pass at most 100 line items.").error();
    if (mode == "payment") return std::nullopt;
    if (recurring == 0)
        return bad_param("line_items", "",
                         "You must provide at least one recurring price in `subscription` mode "
                         "when using prices.")
            .error();
    const auto one_time = std::ssize(lines) - recurring;
    if (recurring > kRecurringLinesMax || one_time > kOneTimeLinesMax)
        return bad_param("line_items", "",
                         "You can pass at most 20 recurring and 20 one-time line items.")
            .error();
    for (const SoldLine& line : lines)
        if (is_recurring_price(line.price))
            if (auto error = check_recurring(ctx, line)) return error;
    return std::nullopt;
}

}  // namespace

Outcome<std::vector<SoldLine>> read_sold_lines(Context& ctx, Params& params,
                                               const std::string& mode) {
    std::vector<SoldLine> lines;
    for (Params& given : params.objects("line_items")) {
        auto line = read_sold_line(ctx, given, lines.size());
        if (!line) return Refusal(line.error());
        lines.push_back(*std::move(line));
    }
    if (lines.empty()) return missing_param("line_items");
    if (auto error = check_custom_lines(lines, mode)) return Refusal(*std::move(error));
    if (auto error = check_mode(ctx, lines, mode)) return Refusal(*std::move(error));
    return lines;
}

bool is_recurring_price(const Json& price) { return text_of(price, "type") == "recurring"; }

Json line_item(Context& ctx, const SoldLine& line, Trial trial) {
    const bool later = trial == Trial::Yes && is_recurring_price(line.price);
    std::int64_t amount = 0;
    if (has_custom_amount(line.price))
        amount = custom_preset(line.price);
    else if (!later)
        amount = total_of(line.price, line.quantity.value_or(0));
    const auto product = ctx.find("product", text_of(line.price, "product"));
    Json item;
    item["id"] = ctx.new_id("li");
    item["object"] = "item";
    item["adjustable_quantity"] = is_metered(line.price) ? Json() : line.adjustable;
    item["amount_discount"] = 0;
    item["amount_subtotal"] = amount;
    item["amount_tax"] = 0;
    item["amount_total"] = amount;
    item["currency"] = line.price.at("currency");
    item["description"] = product ? product->at("name") : Json();
    item["metadata"] = line.metadata;
    item["price"] = line.price;
    item["quantity"] = line.quantity ? Json(*line.quantity) : Json();
    return item;
}

const Json& lines_of(const Json& session) {
    return part_of(part_of(session, "line_items"), "data");
}

}  // namespace turnpike::twin
