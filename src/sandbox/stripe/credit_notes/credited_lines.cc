#include "sandbox/stripe/credit_notes/credited_lines.h"

#include <algorithm>
#include <optional>
#include <span>
#include <utility>

#include "sandbox/documents.h"
#include "sandbox/stripe/credit_notes/credit_amounts.h"
#include "sandbox/stripe/invoices/invoice_lines.h"
#include "sandbox/stripe/wire/amounts.h"

namespace turnpike::twin {
namespace {

Json new_credit_line(Context& ctx, std::int64_t amount) {
    Json line;
    line["id"] = ctx.new_id("cnli");
    line["object"] = "credit_note_line_item";
    line["amount"] = amount;
    line["description"] = nullptr;
    line["discount_amount"] = 0;
    line["discount_amounts"] = Json::array();
    line["livemode"] = false;
    line["pretax_credit_amounts"] = Json::array();
    line["quantity"] = nullptr;
    line["tax_rates"] = Json::array();
    line["taxes"] = Json::array();
    line["type"] = "custom_line_item";
    line["unit_amount"] = nullptr;
    line["unit_amount_decimal"] = nullptr;
    return line;
}

/// What is credited as a whole, not by lines.
Json line_of_amount(Context& ctx, std::int64_t amount) {
    Json line = new_credit_line(ctx, amount);
    line["quantity"] = 1;
    line["unit_amount"] = amount;
    line["unit_amount_decimal"] = std::to_string(amount);
    return line;
}

Outcome<Json> custom_line(Context& ctx, const Json& invoice, const CreditLineRequest& request) {
    if (request.unit.at("unit_amount_decimal").is_null())
        return missing_param(request.param + "[unit_amount]");
    const std::int64_t quantity = request.quantity.value_or(1);
    const std::int64_t amount = total_of(request.unit, quantity);
    if (!fits_amount(amount))
        return amount_too_large(request.param + "[quantity]", text_of(invoice, "currency"));
    Json line = new_credit_line(ctx, amount);
    line["description"] = text_or_null(request.description);
    line["quantity"] = quantity;
    line["unit_amount"] = request.unit.at("unit_amount");
    line["unit_amount_decimal"] = request.unit.at("unit_amount_decimal");
    return line;
}

/// `earlier` are lines of credit notes; those of this very request count, too.
CreditableLine creditable(const Json& invoice_line, std::span<const Json> earlier) {
    CreditableLine line;
    line.amount = integer_of(invoice_line, "amount");
    line.quantity = invoice_line.value("quantity", std::int64_t{1});
    for (const Json& credit : earlier) {
        if (text_of(credit, "invoice_line_item") != text_of(invoice_line, "id")) continue;
        line.credited += integer_of(credit, "amount");
        line.credited_quantity += integer_of(credit, "quantity");
        line.credited_by_amount = line.credited_by_amount || credit.at("quantity").is_null();
    }
    return line;
}

Refusal mixed_credits(const CreditLineRequest& request) {
    return bad_param(request.param, "",
                     "The invoice line item " + request.invoice_line + " was credited by " +
                         (request.quantity ? "amount" : "quantity") +
                         " before, so it cannot be credited by " +
                         (request.quantity ? "quantity" : "amount") + ".");
}

Refusal line_exhausted(const CreditLineRequest& request, const CreditableLine& line,
                       const std::string& currency) {
    if (request.quantity)
        return bad_param(request.param + "[quantity]", "",
                         "The quantity (" + std::to_string(*request.quantity) +
                             ") is greater than what is left to credit of " + request.invoice_line +
                             " (" + std::to_string(line.quantity - line.credited_quantity) + ").");
    return bad_param(request.param + "[amount]", "",
                     "The amount (" + format_amount(*request.amount, currency) +
                         ") is greater than what is left to credit of " + request.invoice_line +
                         " (" + format_amount(left_to_credit(line), currency) + ").");
}

std::optional<std::int64_t> amount_of(const CreditLineRequest& request,
                                      const CreditableLine& line) {
    if (line.amount <= 0) return std::nullopt;
    if (request.quantity) return credit_of_units(line, *request.quantity);
    if (*request.amount > left_to_credit(line)) return std::nullopt;
    return request.amount;
}

bool is_of_line(const Json& invoice_line, const Json& discount) {
    const Json& own = part_of(invoice_line, "discounts");
    return std::ranges::find(own, discount.at("discount")) != own.end();
}

/// Takes the same part of each discount of the line as of its amount. "_own_discount" is what the
/// line's own discounts took, of which the subtotal knows.
void credit_discounts(Json& line, const Json& invoice_line, const CreditableLine& before) {
    const Stretch stretch{before.credited, integer_of(line, "amount"), before.amount};
    std::int64_t sum = 0;
    std::int64_t own = 0;
    for (const Json& discount : part_of(invoice_line, "discount_amounts")) {
        Json part;
        part["amount"] = share_of(integer_of(discount, "amount"), stretch);
        part["discount"] = discount.at("discount");
        sum += integer_of(part, "amount");
        if (is_of_line(invoice_line, discount)) own += integer_of(part, "amount");
        line["discount_amounts"].push_back(part);
        part["type"] = "discount";
        line["pretax_credit_amounts"].push_back(std::move(part));
    }
    line["discount_amount"] = sum;
    line["_own_discount"] = own;
}

Outcome<Json> invoice_line_credit(Context& ctx, const Json& invoice, std::span<const Json> earlier,
                                  const CreditLineRequest& request) {
    const Json* source = find_line(invoice, request.invoice_line);
    if (source == nullptr)
        return no_such_param("invoice line item", request.invoice_line,
                             request.param + "[invoice_line_item]");
    if (request.amount.has_value() == request.quantity.has_value())
        return bad_param(request.param, request.amount ? "" : "parameter_missing",
                         "You must specify one of these parameters: amount, quantity.");
    const CreditableLine line = creditable(*source, earlier);
    if (line.credited > 0 && line.credited_by_amount == request.quantity.has_value())
        return mixed_credits(request);
    const auto amount = amount_of(request, line);
    if (!amount) return line_exhausted(request, line, text_of(invoice, "currency"));
    Json credit = new_credit_line(ctx, *amount);
    credit["type"] = "invoice_line_item";
    credit["description"] = source->at("description");
    credit["invoice_line_item"] = request.invoice_line;
    if (request.quantity) {
        const Json unit = part_of(*source, "pricing").value("unit_amount_decimal", Json());
        credit["quantity"] = *request.quantity;
        credit["unit_amount_decimal"] = unit;
        if (unit.is_string() && !unit.get_ref<const std::string&>().contains('.'))
            credit["unit_amount"] = total_of(part_of(*source, "pricing"), 1);
    }
    credit_discounts(credit, *source, line);
    return credit;
}

}  // namespace

Outcome<std::vector<Json>> credited_lines(Context& ctx, const Json& invoice,
                                          const std::vector<Json>& issued,
                                          const CreditRequest& request) {
    if (request.amount) return std::vector<Json>{line_of_amount(ctx, *request.amount)};
    std::vector<Json> all;  // first those of earlier notes
    for (const Json& note : issued)
        for (const Json& line : note.at("lines").at("data")) all.push_back(line);
    const auto before = static_cast<std::ptrdiff_t>(all.size());
    for (const CreditLineRequest& wanted : request.lines) {
        auto line = wanted.invoice_line.empty() ? custom_line(ctx, invoice, wanted)
                                                : invoice_line_credit(ctx, invoice, all, wanted);
        if (!line) return Refusal(line.error());
        all.push_back(*std::move(line));
    }
    all.erase(all.begin(), all.begin() + before);
    return all;
}

}  // namespace turnpike::twin
