#include "sandbox/stripe/pages/plan_status.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "sandbox/html.h"
#include "sandbox/stripe/core/customer_of.h"
#include "sandbox/stripe/core/page_parts.h"
#include "sandbox/stripe/wire/billing_document.h"

namespace turnpike::twin {
namespace {

std::string collection_text(const Json& subscription) {
    const Json& pause = part_of(subscription, "pause_collection");
    if (pause.empty()) return "";
    const std::string until = day_text(pause, "resumes_at");
    return until.empty() ? " Payments are paused." : " Payments are paused until " + until + ".";
}

std::string next_text(const Json& subscription) {
    const std::string status = text_of(subscription, "status");
    if (status == "incomplete") return "Its first payment has not gone through yet.";
    if (status == "paused")
        return "Its trial ended without a payment method: nothing is billed until the shop resumes "
               "it.";
    if (instant_of(subscription, "cancel_at"))
        return "Ends on " + day_text(subscription, "cancel_at") + "." +
               collection_text(subscription);
    return "Renews on " +
           day_text(subscription.at("items").at("data").at(0), "current_period_end") + "." +
           collection_text(subscription);
}

/// "10% off", "$5.00 off"
std::string reduction_text(const Json& coupon) {
    const Json percent = coupon.value("percent_off", Json());
    if (percent.is_null())
        return format_amount(integer_of(coupon, "amount_off"), text_of(coupon, "currency")) +
               " off";
    std::string number = to_text(percent);
    if (number.ends_with(".0")) number.resize(number.size() - 2);
    return number + "% off";
}

/// "Spring: 10% off until 1 April 2026"
std::string discount_text(Context& ctx, const Json& discount) {
    const auto coupon = ctx.find("coupon", text_of(part_of(discount, "source"), "coupon"));
    if (!coupon) return "A discount is applied";
    const std::string name = text_of(*coupon, "name");
    const std::string until = day_text(discount, "end");
    return (name.empty() ? "Discount" : name_text(name)) + ": " +
           escape_html(reduction_text(*coupon)) + (until.empty() ? "" : " until " + until);
}

/// Of the plan and of its items; of the customer where these have none of their own.
std::vector<Json> discounts_of_plan(Context& ctx, const Json& subscription) {
    std::vector<Json> found;
    const auto add = [&](const Json& owner) {
        for (const Json& id : part_of(owner, "discounts"))
            if (auto discount = ctx.find("discount", id.get<std::string>()))
                found.push_back(*std::move(discount));
    };
    add(subscription);
    if (found.empty()) {
        const auto customer = ctx.find("customer", text_of(subscription, "customer"));
        if (customer && !part_of(*customer, "discount").empty())
            found.push_back(customer->at("discount"));
    }
    for (const Json& item : subscription.at("items").at("data")) add(item);
    const Instant now = second_of(ctx, text_of(subscription, "customer"));
    std::erase_if(found, [&](const Json& discount) {
        const auto end = instant_of(discount, "end");
        return end && *end <= now;
    });
    return found;
}

}  // namespace

std::string plan_status(Context& ctx, const Json& session, const Json& subscription) {
    std::string status = text_of(subscription, "status");
    std::ranges::replace(status, '_', ' ');
    std::string body = fmt::format("<p class=\"soft\">Status: {}. {}</p>", escape_html(status),
                                   next_text(subscription));
    const std::string invoice = text_of(subscription, "latest_invoice");
    if (status == "incomplete" && !invoice.empty())
        body += link_line("/p/invoice/" + invoice + "?session=" + text_of(session, "id"),
                          "Pay its first invoice");
    for (const Json& discount : discounts_of_plan(ctx, subscription))
        body += "<p>" + discount_text(ctx, discount) + "</p>";
    return body;
}

}  // namespace turnpike::twin
