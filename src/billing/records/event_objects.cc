#include "billing/records/event_objects.h"

#include "json/value.h"

namespace turnpike {
namespace {

std::string text_at(const Json& event, const std::string& pointer) {
    const Json::json_pointer where(pointer);
    if (!event.contains(where) || !event.at(where).is_string()) return "";
    return event.at(where).get<std::string>();
}

/// Text at /data/object/<name> of an event of Stripe's.
std::string object_member(const Json& event, const char* name) {
    return text_at(event, std::string("/data/object/") + name);
}

/// An invoice names its subscription in one of two places, by API version.
std::string subscription_of_invoice(const Json& event) {
    if (auto direct = object_member(event, "subscription"); !direct.empty()) return direct;
    return object_member(event, "parent/subscription_details/subscription");
}

/// What is taken off is nobody's any more; it says whose it was.
std::string owner_of_method(const Json& event) {
    if (auto owner = object_member(event, "customer"); !owner.empty()) return owner;
    return text_at(event, "/data/previous_attributes/customer");
}

/// Text in an entity of an event of Razorpay's: "payment", "invoice_id".
std::string entity_member(const Json& event, const char* kind, const char* name) {
    return text_at(event, std::string("/payload/") + kind + "/entity/" + name);
}

}  // namespace

EventObjects objects_of_stripe_event(std::string_view type, const Json& event) {
    auto id = object_member(event, "id");
    EventObjects returned;
    if (type == "charge.refunded") returned.refunded_payment = id;
    if (type.starts_with("refund.") || type.starts_with("charge.refund.")) returned.refund = id;
    if (type.starts_with("charge.dispute.")) returned.dispute = id;
    if (type.starts_with("charge.") || type.starts_with("refund.")) return returned;
    if (type.starts_with("customer.subscription.")) return {std::move(id), ""};
    if (type.starts_with("customer.discount.")) {
        returned.subscription = object_member(event, "subscription");
        if (returned.subscription.empty())
            returned.discounted_customer = object_member(event, "customer");
        return returned;
    }
    if (type.starts_with("payment_method."))
        return {.subscription = "", .invoice = "", .customer = owner_of_method(event)};
    if (type == "customer.updated")
        return {.subscription = "", .invoice = "", .customer = std::move(id)};
    if (type.starts_with("checkout.session.")) return {"", "", std::move(id)};
    if (!type.starts_with("invoice.") || !id.starts_with("in_")) return {};
    return {subscription_of_invoice(event), std::move(id)};
}

EventObjects objects_of_razorpay_event(const Json& event) {
    EventObjects objects{entity_member(event, "subscription", "id"),
                         entity_member(event, "invoice", "id")};
    if (objects.subscription.empty())
        objects.subscription = entity_member(event, "invoice", "subscription_id");
    if (objects.invoice.empty()) objects.invoice = entity_member(event, "payment", "invoice_id");
    objects.refund = entity_member(event, "refund", "id");
    objects.dispute = entity_member(event, "dispute", "id");
    return objects;
}

}  // namespace turnpike
