#include "sandbox/stripe/versions/basil_steps.h"

#include <string>
#include <utility>

#include "json/value.h"
#include "sandbox/documents.h"
#include "sandbox/stripe/versions/version_steps.h"

namespace turnpike::twin {
namespace {

/// A member, or null.
Json member_of(const Json& object, const char* name) {
    const auto found = object.find(name);
    return found == object.end() ? Json() : *found;
}

Json soonest_ending(const Json& items) {
    Json soonest;
    for (const Json& item : items)
        if (soonest.is_null() ||
            integer_of(item, "current_period_end") < integer_of(soonest, "current_period_end"))
            soonest = item;
    return soonest.is_null() ? Json::object() : soonest;
}

}  // namespace

Json subscription_before_basil(Json subscription) {
    const Json item = soonest_ending(part_of(part_of(subscription, "items"), "data"));
    subscription["current_period_end"] = member_of(item, "current_period_end");
    subscription["current_period_start"] = member_of(item, "current_period_start");
    subscription["discount"] = taken(subscription, "_discount");
    return subscription;
}

Json invoice_before_basil(Json invoice) {
    const Json payment = taken(invoice, "_payment");
    const Json parent = part_of(part_of(invoice, "parent"), "subscription_details");
    const bool paid = text_of(invoice, "status") == "paid";
    const bool by_payment = payment.is_object() && flag_of(payment, "paid");
    invoice["application_fee_amount"] = nullptr;
    invoice["charge"] = payment.is_object() ? member_of(payment, "charge") : Json();
    invoice["discount"] = taken(invoice, "_discount");
    invoice["paid"] = paid;
    invoice["paid_out_of_band"] = paid && !by_payment && integer_of(invoice, "amount_paid") > 0;
    invoice["payment_intent"] = payment.is_object() ? member_of(payment, "payment_intent") : Json();
    invoice["quote"] = nullptr;
    invoice["subscription"] = member_of(parent, "subscription");
    invoice["subscription_details"] = Json{{"metadata", member_of(parent, "metadata")}};
    invoice["tax"] = nullptr;
    invoice["total_tax_amounts"] = Json::array();
    invoice["transfer_data"] = nullptr;
    return invoice;
}

Json line_item_before_basil(Json line) {
    const Json parent = part_of(line, "parent");
    const Json& of_item = part_of(parent, "invoice_item_details");
    const Json& details = of_item.empty() ? part_of(parent, "subscription_item_details") : of_item;
    const auto invoice_item = text_of(details, "invoice_item");
    line["amount_excluding_tax"] = member_of(line, "amount");
    if (!invoice_item.empty()) line["invoice_item"] = invoice_item;
    line["plan"] = taken(line, "_plan");
    line["price"] = taken(line, "_price");
    line["proration"] = flag_of(details, "proration");
    line["proration_details"] = Json{
        {"credited_items", member_of(part_of(details, "proration_details"), "credited_items")}};
    line["subscription"] = member_of(details, "subscription");
    if (const auto item = text_of(details, "subscription_item"); !item.empty())
        line["subscription_item"] = item;
    line["tax_amounts"] = Json::array();
    line["tax_rates"] = Json::array();
    line["type"] = invoice_item.empty() ? "subscription" : "invoiceitem";
    line["unit_amount_excluding_tax"] = member_of(part_of(line, "pricing"), "unit_amount_decimal");
    return line;
}

Json payment_before_basil(Json payment) {
    payment["invoice"] = taken(payment, "_invoice");
    return payment;
}

Json price_before_basil(Json price) {
    if (!part_of(price, "recurring").empty()) price["recurring"]["aggregate_usage"] = nullptr;
    return price;
}

Json plan_before_basil(Json plan) {
    plan["aggregate_usage"] = nullptr;
    return plan;
}

}  // namespace turnpike::twin
