#include <fmt/format.h>

#include "sandbox/html.h"
#include "sandbox/stripe/core/page_parts.h"
#include "sandbox/stripe/pages/card_form.h"
#include "sandbox/stripe/pages/plan_forms.h"
#include "sandbox/stripe/pages/portal_actions.h"
#include "sandbox/stripe/pages/portal_flow.h"
#include "sandbox/stripe/pages/scheduled_changes.h"
#include "sandbox/stripe/subscriptions/metered_items.h"
#include "sandbox/stripe/subscriptions/subscriptions.h"
#include "sandbox/stripe/wire/billing_document.h"

namespace turnpike::twin {
namespace {

std::string type_of(const Json& session) { return text_of(part_of(session, "flow"), "type"); }

/// The flow's own parameters: flow[type].
const Json& data_of(const Json& session) {
    return part_of(part_of(session, "flow"), type_of(session));
}

std::string heading(std::string_view text) { return fmt::format("<h1>{}</h1>\n", text); }

std::string section(const std::string& body) { return "<section>" + body + "</section>\n"; }

/// "2 × Pro: $99.00 per month" of what the flow's item becomes.
std::string wanted_line(Context& ctx, const Json& session, const Json& subscription) {
    const Json& wanted = data_of(session).at("items").at(0);
    const auto price = ctx.find("price", text_of(wanted, "price"));
    const Json& present = subscription.at("items").at("data").at(0);
    const auto quantity = wanted.value("quantity", integer_of(present, "quantity"));
    return fmt::format("<p>Your plan becomes: <strong>{}{}</strong></p>",
                       quantity == 1 ? "" : fmt::format("{} × ", quantity),
                       price ? price_text(ctx, *price) : "");
}

/// "" where the change is made at once.
std::string waiting_line(Context& ctx, const Json& session, const Json& subscription) {
    const Json& wanted = data_of(session).at("items").at(0);
    const Json& present = subscription.at("items").at("data").at(0);
    const auto price = ctx.find("price", text_of(wanted, "price"));
    if (!price) return "";
    const NextItem next{price_of_subscription(subscription, *price),
                        wanted.value("quantity", integer_of(present, "quantity"))};
    if (!waits_for_period_end(portal_features(ctx, session), subscription, next)) return "";
    return fmt::format("<p>It changes on {}, when the present period is over.</p>",
                       day_text(present, "current_period_end"));
}

std::string confirm_form(Context& ctx, const Json& session, const Json& subscription) {
    std::string body = "<p>Your plan is:</p>" + plan_lines(ctx, subscription) +
                       wanted_line(ctx, session, subscription);
    body += waiting_line(ctx, session, subscription);
    if (!part_of(data_of(session), "discounts").empty()) body += "<p>A discount is applied.</p>";
    return body + post_form("confirm_update", "", "Confirm");
}

/// "50% off for 3 months"
std::string discount_text(const Json& coupon) {
    std::string off;
    if (coupon.at("percent_off").is_null()) {
        off = money_text(coupon, "amount_off");
    } else {
        off = coupon.at("percent_off").dump();
        if (off.ends_with(".0")) off.resize(off.size() - 2);
        off += "%";
    }
    const std::string duration = text_of(coupon, "duration");
    if (duration == "forever") return off + " off from now on";
    if (duration == "once") return off + " off your next invoice";
    const std::int64_t months = integer_of(coupon, "duration_in_months");
    return fmt::format("{} off for {} month{}", off, months, months == 1 ? "" : "s");
}

/// "" when nothing is offered, or no longer.
std::string offer_part(Context& ctx, const Json& session, const Json& subscription) {
    const auto coupon = ctx.find("coupon", offered_coupon(session));
    if (!coupon || !flag_of(*coupon, "valid") || !takes_changes(subscription)) return "";
    return fmt::format("<h2>Stay, and pay less</h2><p>Keep your plan with <strong>{}</strong>.</p>",
                       discount_text(*coupon)) +
           post_form("accept_offer", hidden_field("subscription", text_of(subscription, "id")),
                     "Keep the plan with the discount");
}

std::string cancel_part(Context& ctx, const Json& session, const Json& subscription) {
    const Json features = portal_features(ctx, session);
    const bool now = text_of(part_of(features, "subscription_cancel"), "mode") == "immediately";
    return plan_lines(ctx, subscription) + offer_part(ctx, session, subscription) +
           (now ? "<p>It ends at once.</p>" : "<p>It ends with the period that is paid for.</p>") +
           cancel_form(features, subscription, "cancel");
}

std::string choice_part(Context& ctx, const Json& session, const Json& subscription) {
    const std::string choice = plan_choice(ctx, portal_offer(ctx, session), subscription, "price");
    return plan_lines(ctx, subscription) +
           (choice.empty() ? "<p>There is no other plan to choose.</p>" : choice);
}

}  // namespace

bool has_open_flow(const Json& session) {
    return !type_of(session).empty() && !flag_of(session, "_flow_done");
}

bool has_ended_flow(const Json& session) {
    const Json& after = part_of(part_of(session, "flow"), "after_completion");
    return !type_of(session).empty() && flag_of(session, "_flow_done") &&
           text_of(after, "type") != "portal_homepage";
}

std::string offered_coupon(const Json& session) {
    if (type_of(session) != "subscription_cancel") return "";
    const Json& retention = part_of(data_of(session), "retention");
    return text_of(part_of(retention, "coupon_offer"), "coupon");
}

FlowAction action_of_flow(const Json& session) {
    const std::string type = type_of(session);
    const std::string subscription = text_of(data_of(session), "subscription");
    if (type == "payment_method_update") return {"replace_card", ""};
    if (type == "subscription_cancel") return {"cancel", subscription};
    if (type == "subscription_update") return {"change_plan", subscription};
    return {"confirm_update", subscription};
}

std::string flow_body(Context& ctx, const Json& session, const Json& customer,
                      const std::string& told) {
    const FlowAction action = action_of_flow(session);
    if (action.action == "replace_card") {
        const Json& settings = part_of(customer, "invoice_settings");
        const bool has_one = !text_of(settings, "default_payment_method").empty();
        return heading("Update your payment method") + told +
               section(card_form("replace_card", has_one ? "Replace card" : "Add card"));
    }
    const auto plan = ctx.find("subscription", action.subscription);
    if (!plan || is_ended(*plan))
        return heading("Billing") + told + section("<p>This plan has ended.</p>");
    if (action.action == "confirm_update")
        return heading("Confirm your update") + told + section(confirm_form(ctx, session, *plan));
    if (action.action == "cancel")
        return heading("Cancel your plan") + told + section(cancel_part(ctx, session, *plan));
    return heading("Update your plan") + told + section(choice_part(ctx, session, *plan));
}

PageAnswer ended_flow_page(const Json& session) {
    const Json& after = part_of(part_of(session, "flow"), "after_completion");
    const std::string custom = text_of(part_of(after, "hosted_confirmation"), "custom_message");
    const std::string said = text_of(session, "_flow_said");
    std::string body = heading("All done") + "<p class=\"notice\" role=\"status\">" +
                       escape_html(custom.empty() ? said : custom) + "</p>\n";
    std::string back = return_of_flow(session);
    if (back.empty()) back = text_of(session, "return_url");
    if (!back.empty()) body += link_line(back, "Return to the shop");
    return {.status = 200, .html = html_page("All done", body)};
}

void complete_flow(Json& session, const std::string& said) {
    session["_flow_done"] = true;
    session["_flow_said"] = said;
}

std::string return_of_flow(const Json& session) {
    const Json& after = part_of(part_of(session, "flow"), "after_completion");
    return text_of(part_of(after, "redirect"), "return_url");
}

Json confirmed_change(const Json& session) {
    const Json& wanted = data_of(session);
    const Json& item = wanted.at("items").at(0);
    Json form;
    form["items"]["0"] = {{"id", item.at("id")}, {"price", item.at("price")}};
    if (item.contains("quantity"))
        form["items"]["0"]["quantity"] = std::to_string(integer_of(item, "quantity"));
    for (const Json& discount : part_of(wanted, "discounts"))
        for (const char* name : {"coupon", "promotion_code"})
            if (discount.at(name).is_string()) form["discounts"]["0"][name] = discount.at(name);
    return form;
}

}  // namespace turnpike::twin
