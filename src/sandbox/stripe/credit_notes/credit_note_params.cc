#include "sandbox/stripe/credit_notes/credit_note_params.h"

#include <utility>

#include "sandbox/stripe/wire/amounts.h"
#include "sandbox/stripe/wire/exclusive.h"

namespace turnpike::twin {
namespace {

constexpr const char* kNoTaxes = "This sandbox has no taxes.";

std::optional<std::int64_t> read_at_least(Params& params, std::string_view name,
                                          std::int64_t smallest) {
    const auto number = params.integer(name);
    if (number && *number < smallest)
        params.complain(bad_param(
            params.name_of(name), "parameter_invalid_integer",
            "This value must be greater than or equal to " + std::to_string(smallest) + "."));
    return number;
}

std::optional<std::int64_t> read_amount(Params& params, std::string_view name,
                                        std::int64_t smallest) {
    const auto amount = read_at_least(params, name, smallest);
    if (amount && *amount > kAmountMax) params.complain(amount_too_large(params.name_of(name), ""));
    return amount;
}

void allow_only_for(Params& line, bool allowed, std::string_view name, const std::string& type) {
    if (allowed || !line.has(name)) return;
    line.complain(
        bad_param(line.name_of(name), "",
                  "`" + std::string(name) + "` is only valid when `type` is `" + type + "`."));
}

/// unit_amount or unit_amount_decimal, as the members of a price.
Json read_unit(Params& line) {
    const auto amount = read_amount(line, "unit_amount", 0);
    const auto decimal = line.text("unit_amount_decimal");
    if (amount && decimal) line.complain(only_one_of(line, "unit_amount", "unit_amount_decimal"));
    if (decimal && (!is_unit_amount(*decimal) || decimal->starts_with('-')))
        line.complain(bad_param(line.name_of("unit_amount_decimal"), "parameter_invalid_string",
                                "Invalid decimal: " + *decimal));
    Json unit;
    unit["unit_amount"] = amount ? Json(*amount) : Json();
    unit["unit_amount_decimal"] = decimal  ? Json(*decimal)
                                  : amount ? Json(std::to_string(*amount))
                                           : Json();
    return unit;
}

CreditLineRequest read_line(Params& line, std::string param) {
    CreditLineRequest request;
    request.param = std::move(param);
    const auto type = line.one_of("type", {"custom_line_item", "invoice_line_item"});
    if (!type) line.complain(missing_param(line.name_of("type")));
    const bool custom = type == "custom_line_item";
    for (const char* name : {"description", "unit_amount", "unit_amount_decimal"})
        allow_only_for(line, custom, name, "custom_line_item");
    for (const char* name : {"amount", "invoice_line_item"})
        allow_only_for(line, !custom, name, "invoice_line_item");
    request.invoice_line = line.text("invoice_line_item").value_or("");
    request.amount = read_amount(line, "amount", 1);
    request.quantity = read_at_least(line, "quantity", 1);
    request.unit = read_unit(line);
    request.description = line.text("description").value_or("");
    for (const char* name : {"tax_amounts", "tax_rates"}) line.refuse(name, kNoTaxes);
    if (!custom && type && request.invoice_line.empty())
        line.complain(missing_param(line.name_of("invoice_line_item")));
    return request;
}

LinkedRefund read_refund(Params& refund, std::string param) {
    LinkedRefund linked;
    linked.param = std::move(param);
    if (refund.one_of("type", {"payment_record_refund", "refund"}) == "payment_record_refund")
        refund.complain(
            bad_param(refund.name_of("type"), "", "This sandbox has no payment records."));
    refund.refuse("payment_record_refund", "This sandbox has no payment records.");
    linked.refund = refund.required_text("refund");
    linked.amount = read_amount(refund, "amount_refunded", 1);
    return linked;
}

}  // namespace

CreditRequest read_credit_request(Params& params) {
    CreditRequest request;
    request.invoice = params.required_text("invoice");
    request.amount = read_amount(params, "amount", 1);
    for (Params& line : params.objects("lines")) {
        const std::string param = "lines[" + std::to_string(request.lines.size()) + "]";
        request.lines.push_back(read_line(line, param));
        params.absorb(line);
    }
    for (Params& refund : params.objects("refunds")) {
        const std::string param = "refunds[" + std::to_string(request.refunds.size()) + "]";
        request.refunds.push_back(read_refund(refund, param));
        params.absorb(refund);
    }
    request.refund_amount = read_amount(params, "refund_amount", 0);
    request.credit_amount = read_amount(params, "credit_amount", 0);
    request.out_of_band_amount = read_amount(params, "out_of_band_amount", 0);
    request.effective_at = params.timestamp("effective_at");
    request.memo = params.text("memo");
    request.reason = params.one_of(
        "reason", {"duplicate", "fraudulent", "order_change", "product_unsatisfactory"});
    request.metadata = params.metadata();
    params.one_of("email_type", {"credit_note", "none"});  // No mail is sent from here.
    params.refuse("shipping_cost", "This sandbox has no shipping costs.");
    if (request.amount && !request.lines.empty())
        params.complain(only_one_of(params, "amount", "lines"));
    if (!request.amount && request.lines.empty())
        params.complain(
            bad_param("", "parameter_missing",
                      "One of `amount`, `lines`, or `shipping_cost` must be provided."));
    return request;
}

}  // namespace turnpike::twin
