#include <array>
#include <utility>

#include <fmt/format.h>

#include "json/value.h"
#include "sandbox/html.h"
#include "sandbox/stripe/pages/card_form.h"
#include "sandbox/stripe/pages/hosted_invoice.h"
#include "sandbox/stripe/pages/page_parts.h"
#include "sandbox/stripe/pages/portal.h"
#include "sandbox/stripe/pages/portal_actions.h"
#include "sandbox/stripe/wire/billing_document.h"

namespace turnpike::twin {
namespace {

/// Every other price the subscription could move to. One of several items is not ours to choose.
std::string plan_choice(Context& ctx, const Json& session, const Json& subscription,
                        const std::string& field) {
    const Json& items = subscription.at("items").at("data");
    if (items.size() != 1) return "";
    std::string options;
    for (const Json& price : offered_prices(ctx, session, subscription))
        if (text_of(price, "id") != text_of(items.at(0), "price"))
            options += fmt::format("<option value=\"{}\">{}</option>",
                                   escape_html(text_of(price, "id")), price_text(ctx, price));
    if (options.empty()) return "";
    return post_form("change_plan",
                     hidden_field("subscription", text_of(subscription, "id")) +
                         fmt::format("<label for=\"{0}\">Change to</label>"
                                     "<select id=\"{0}\" name=\"price\">{1}</select><br>",
                                     field, options),
                     "Change plan");
}

std::string plan_lines(Context& ctx, const Json& subscription) {
    std::string lines;
    for (const Json& item : subscription.at("items").at("data")) {
        const std::int64_t quantity = item.value("quantity", std::int64_t{1});
        lines += fmt::format("<p><strong>{}{}</strong></p>",
                             quantity == 1 ? "" : fmt::format("{} × ", quantity),
                             price_text(ctx, item.at("price")));
    }
    return lines;
}

/// `field` is the id of the choice's element, one of its own for each plan.
std::string plan_part(Context& ctx, const Json& session, const Json& subscription,
                      const std::string& field) {
    const Json features = portal_features(ctx, session);
    const std::string id = text_of(subscription, "id");
    const bool ends = instant_of(subscription, "cancel_at").has_value();
    std::string body = plan_lines(ctx, subscription);
    body += fmt::format(
        "<p class=\"soft\">Status: {}. {} on {}.</p>", escape_html(text_of(subscription, "status")),
        ends ? "Ends" : "Renews",
        ends ? day_text(subscription, "cancel_at")
             : day_text(subscription.at("items").at("data").at(0), "current_period_end"));
    if (flag_of(part_of(features, "subscription_update"), "enabled") && !ends)
        body += plan_choice(ctx, session, subscription, field);
    if (ends)
        body += post_form("keep", hidden_field("subscription", id), "Keep the plan after all");
    else if (flag_of(part_of(features, "subscription_cancel"), "enabled"))
        body += post_form("cancel", hidden_field("subscription", id), "Cancel plan", "quiet");
    return body;
}

std::string plan_sections(Context& ctx, const Json& session) {
    const auto subscriptions = live_subscriptions(ctx, text_of(session, "customer"));
    if (subscriptions.empty())
        return "<section><h2>Your plan</h2><p class=\"soft\">You have no plan at the "
               "moment.</p></section>\n";
    std::string sections;
    for (std::size_t i = 0; i < subscriptions.size(); ++i) {
        const std::string number = i == 0 ? "" : std::to_string(i + 1);
        const std::string title = subscriptions.size() == 1
                                      ? "Your plan"
                                      : fmt::format("Plan {} of {}", i + 1, subscriptions.size());
        sections += "<section><h2>" + title + "</h2>" +
                    plan_part(ctx, session, subscriptions[i], "price" + number) + "</section>\n";
    }
    return sections;
}

std::string card_section(Context& ctx, const Json& customer, const Json& features) {
    if (!flag_of(part_of(features, "payment_method_update"), "enabled")) return "";
    const std::string chosen =
        text_of(part_of(customer, "invoice_settings"), "default_payment_method");
    std::string body = "<section><h2>Payment methods</h2>";
    const auto methods = ctx.list("payment_method", {.customer = text_of(customer, "id")});
    if (methods.empty()) body += "<p class=\"soft\">No card is on file.</p>";
    for (const Json& method : methods) {
        const Json& card = part_of(method, "card");
        body += fmt::format(
            "<p>{} ending in {}, valid to {:02}/{}{}</p>", escape_html(text_of(card, "brand")),
            escape_html(text_of(card, "last4")), integer_of(card, "exp_month"),
            integer_of(card, "exp_year"), text_of(method, "id") == chosen ? " (default)" : "");
        if (text_of(method, "id") != chosen)
            body += post_form("remove_card", hidden_field("payment_method", text_of(method, "id")),
                              "Remove the card ending in " + escape_html(text_of(card, "last4")),
                              "quiet");
    }
    body += card_form("replace_card", chosen.empty() ? "Add card" : "Replace card");
    return body + "</section>\n";
}

std::string invoice_section(Context& ctx, const Json& session, const Json& features) {
    if (!flag_of(part_of(features, "invoice_history"), "enabled")) return "";
    std::string rows;
    for (const Json& invoice : ctx.list("invoice", {.customer = text_of(session, "customer")})) {
        if (text_of(invoice, "status") == "draft") continue;
        rows += fmt::format(
            "<tr><td>{}</td><td><a href=\"/p/invoice/{}?session={}\">{}</a></td><td>{}</td>"
            "<td class=\"amount\">{}</td></tr>",
            day_text(invoice, "created"), escape_html(text_of(invoice, "id")),
            escape_html(text_of(session, "id")), escape_html(text_of(invoice, "number")),
            escape_html(text_of(invoice, "status")), money_text(invoice, "total"));
    }
    if (rows.empty())
        return "<section><h2>Invoices</h2><p class=\"soft\">None yet.</p></section>\n";
    return "<section><h2>Invoices</h2><table class=\"folding\"><thead><tr>"
           "<th scope=\"col\">Date</th><th scope=\"col\">Number</th><th scope=\"col\">Status</th>"
           "<th scope=\"col\" class=\"amount\">Total</th></tr></thead><tbody>" +
           rows + "</tbody></table></section>\n";
}

PageAnswer show_portal(PageRequest& page) {
    Context& ctx = page.ctx;
    Json& session = page.object;
    if (is_session_expired(session, ctx.now())) return expired_page();
    const auto customer = ctx.find("customer", text_of(session, "customer"));
    if (!customer) return expired_page();
    const Json notice = session.value("_notice", Json());
    session["_notice"] = nullptr;
    session["_opened"] = true;
    session["_last_used"] = unix_seconds(ctx.now());
    ctx.put(session);

    const Json features = portal_features(ctx, session);
    const std::string name = text_of(*customer, "name");
    std::string body = "<header><h1>Billing</h1>";
    body += fmt::format("<p class=\"soft\">{} {}</p></header>\n", escape_html(name),
                        escape_html(text_of(*customer, "email")));
    if (notice.is_object())
        body += fmt::format("<p class=\"{}\" role=\"status\">{}</p>",
                            flag_of(notice, "failed") ? "problem" : "notice",
                            escape_html(text_of(notice, "text")));
    body += plan_sections(ctx, session);
    body += card_section(ctx, *customer, features);
    body += invoice_section(ctx, session, features);
    if (const std::string back = text_of(session, "return_url"); !back.empty())
        body += link_line(back, "Return to the shop");
    return {.status = 200, .html = html_page("Billing", body)};
}

Outcome<std::string> act(PageRequest& page) {
    Params& form = page.form;
    const std::string action = form.text("action").value_or("");
    const std::string subscription = form.text("subscription").value_or("");
    if (action == "change_plan")
        return change_plan(page.ctx, page.object, subscription, form.text("price").value_or(""));
    if (action == "cancel") return cancel_plan(page.ctx, page.object, subscription);
    if (action == "keep") return keep_plan(page.ctx, page.object, subscription);
    if (action == "replace_card")
        return replace_card(page.ctx, page.object, form.text("number").value_or(""));
    if (action == "remove_card")
        return remove_card(page.ctx, page.object, form.text("payment_method").value_or(""));
    StripeError error;
    error.message = "This portal does not offer that.";
    return Refusal(std::move(error));
}

PageAnswer act_in_portal(PageRequest& page) {
    Context& ctx = page.ctx;
    if (is_session_expired(page.object, ctx.now())) return expired_page();
    Retreat retreat(ctx);
    const auto done = act(page);
    if (!done) retreat.undo();
    retreat.close();

    Json& session = page.object;
    session["_notice"]["text"] = done ? *done : done.error().message;
    session["_notice"]["failed"] = !done.has_value();
    session["_last_used"] = unix_seconds(ctx.now());
    ctx.put(session);
    return {.status = 303, .html = "", .location = page.path};
}

constexpr auto kPages = std::to_array<PageRoute>({
    {"GET", "/p/session/{id}", "billing_portal.session", show_portal},
    {"POST", "/p/session/{id}", "billing_portal.session", act_in_portal},
    {"GET", "/p/invoice/{id}", "invoice", show_invoice},
    {"POST", "/p/invoice/{id}", "invoice", pay_hosted_invoice},
    {"GET", "/p/authenticate/{id}", "payment_intent", ask_to_authenticate},
    {"POST", "/p/authenticate/{id}", "payment_intent", authenticate_on_page},
});

}  // namespace

const Feature& portal_page_feature() {
    static constexpr Feature kFeature{.pages = kPages};
    return kFeature;
}

}  // namespace turnpike::twin
