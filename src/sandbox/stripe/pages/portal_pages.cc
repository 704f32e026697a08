#include <algorithm>
#include <array>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "json/value.h"
#include "sandbox/html.h"
#include "sandbox/stripe/core/page_parts.h"
#include "sandbox/stripe/pages/card_form.h"
#include "sandbox/stripe/pages/hosted_invoice.h"
#include "sandbox/stripe/pages/plan_forms.h"
#include "sandbox/stripe/pages/plan_status.h"
#include "sandbox/stripe/pages/portal.h"
#include "sandbox/stripe/pages/portal_actions.h"
#include "sandbox/stripe/pages/portal_flow.h"
#include "sandbox/stripe/pages/scheduled_changes.h"
#include "sandbox/stripe/wire/billing_document.h"

namespace turnpike::twin {
namespace {

/// What tells the elements of several plans from each other.
struct PlanNames {
    std::string field;  ///< the id of the choice's element
    std::string about;  ///< ends the names of its buttons (HTML); "" for the only plan
};

std::string plan_part(Context& ctx, const Json& session, const PortalOffer& offer,
                      const Json& subscription, const PlanNames& names) {
    const std::string id = text_of(subscription, "id");
    const bool ends = instant_of(subscription, "cancel_at").has_value();
    std::string body = plan_lines(ctx, subscription);
    body += plan_status(ctx, session, subscription);
    body += scheduled_part(ctx, subscription);
    if (is_offered(offer.features, "subscription_update") && !ends)
        body += plan_choice(ctx, offer, subscription, names.field, names.about);
    if (!is_offered(offer.features, "subscription_cancel") ||
        !takes_cancellation(offer.features, subscription))
        return body;
    if (ends && takes_changes(subscription))
        body += post_form("keep", hidden_field("subscription", id),
                          "Keep the plan after all" + names.about);
    else
        body += cancel_form(offer.features, subscription, names.field, names.about);
    return body;
}

std::string plan_sections(Context& ctx, const Json& session, const PortalOffer& offer) {
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
        const std::string about = subscriptions.size() == 1 ? "" : unseen_text(": " + title);
        sections += "<section><h2>" + title + "</h2>" +
                    plan_part(ctx, session, offer, subscriptions[i], {"price" + number, about}) +
                    "</section>\n";
    }
    return sections;
}

/// ", valid to 12/2034" of a card
std::string validity(const Json& method) {
    const Json& card = part_of(method, "card");
    if (card.empty()) return "";
    return fmt::format(", valid to {:02}/{}", integer_of(card, "exp_month"),
                       integer_of(card, "exp_year"));
}

/// "Ada, ada@example.com"
std::string who(const Json& customer) {
    const std::string name = name_text(text_of(customer, "name"));
    const std::string email = name_text(text_of(customer, "email"));
    return name + (name.empty() || email.empty() ? "" : ", ") + email;
}

std::string card_section(Context& ctx, const Json& customer, const Json& features) {
    if (!is_offered(features, "payment_method_update")) return "";
    const std::string chosen =
        text_of(part_of(customer, "invoice_settings"), "default_payment_method");
    std::string body = "<section><h2>Payment methods</h2>";
    const auto methods = ctx.list("payment_method", {.customer = text_of(customer, "id")});
    if (methods.empty()) body += "<p class=\"soft\">No card is on file.</p>";
    for (const Json& method : methods) {
        const std::string id = text_of(method, "id");
        body += "<div class=\"row\"><p>" + method_text(method) + validity(method) +
                (id == chosen ? " (default)" : "") + "</p>";
        if (id != chosen)
            body += post_form("remove_card", hidden_field("payment_method", id),
                              "Remove" + unseen_text(": " + method_text(method)), "quiet");
        body += "</div>";
    }
    body += card_form("replace_card", chosen.empty() ? "Add card" : "Replace card");
    return body + "</section>\n";
}

/// What customers may change of themselves.
std::string details_section(const Json& customer, const Json& features) {
    if (!is_offered(features, "customer_update")) return "";
    std::string fields;
    for (const auto& [name, label, attributes] :
         {std::tuple{"name", "Name", "autocomplete=\"name\""},
          std::tuple{"email", "E-mail", "type=\"email\" autocomplete=\"email\""},
          std::tuple{"phone", "Phone", "type=\"tel\" autocomplete=\"tel\""}}) {
        const Json& allowed = part_of(part_of(features, "customer_update"), "allowed_updates");
        if (std::ranges::find(allowed, Json(name)) == allowed.end()) continue;
        fields += fmt::format(
            "<label for=\"{0}\">{1}</label><input id=\"{0}\" name=\"{0}\" {2} value=\"{3}\">", name,
            label, attributes, escape_html(text_of(customer, name)));
    }
    if (fields.empty()) return "";
    return "<section><h2>Your details</h2>" +
           post_form("update_customer", fields + "<br>", "Save", "quiet") + "</section>\n";
}

std::string invoice_section(Context& ctx, const Json& session, const Json& features) {
    if (!is_offered(features, "invoice_history")) return "";
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

std::string homepage(Context& ctx, const Json& session, const Json& customer,
                     const std::string& told) {
    const PortalOffer offer = portal_offer(ctx, session);
    const Json& features = offer.features;
    return fmt::format("<header><h1>Billing</h1><p class=\"soft\">{}</p></header>\n",
                       who(customer)) +
           told + plan_sections(ctx, session, offer) + card_section(ctx, customer, features) +
           details_section(customer, features) + invoice_section(ctx, session, features);
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

    if (has_ended_flow(session)) return ended_flow_page(session);
    std::string told;
    if (notice.is_object())
        told = fmt::format("<p class=\"{}\" role=\"status\">{}</p>",
                           flag_of(notice, "failed") ? "problem" : "notice",
                           escape_html(text_of(notice, "text")));
    PageAnswer answer;
    if (has_open_flow(session)) {
        answer.html = flow_body(ctx, session, *customer, told);
        answer.leads_to_shop = !return_of_flow(session).empty();
    } else {
        answer.html = homepage(ctx, session, *customer, told);
    }
    if (const std::string back = text_of(session, "return_url"); !back.empty())
        answer.html += link_line(back, "Return to the shop");
    answer.html = html_page("Billing", answer.html);
    return answer;
}

Outcome<std::string> change_plan_by_form(PageRequest& page, const std::string& subscription) {
    Params& form = page.form;
    PlanChoice choice;
    choice.price = form.text("price").value_or("");
    choice.promotion_code = typed_text(form, "promotion_code");
    if (!form.text("quantity").value_or("").empty()) choice.quantity = form.integer("quantity");
    if (form.has("quantity") && !choice.quantity) {
        StripeError error;
        error.message = "The quantity must be a whole number.";
        return Refusal(std::move(error));
    }
    return change_plan(page.ctx, page.object, subscription, choice);
}

Outcome<std::string> act(PageRequest& page) {
    Params& form = page.form;
    const std::string action = form.text("action").value_or("");
    const std::string subscription = form.text("subscription").value_or("");
    if (has_ended_flow(page.object)) return not_offered();
    // A flow is about one thing, and nothing else.
    if (has_open_flow(page.object)) {
        const FlowAction flow = action_of_flow(page.object);
        const bool accepts = action == "accept_offer" && flow.action == "cancel";
        if (action != flow.action && !accepts) return not_offered();
        if (action == "confirm_update") return confirm_update(page.ctx, page.object);
        if (subscription != flow.subscription) return not_offered();
        if (accepts) return accept_offer(page.ctx, page.object, subscription);
    }
    if (action == "change_plan") return change_plan_by_form(page, subscription);
    if (action == "cancel")
        return cancel_plan(page.ctx, page.object, subscription, form.text("reason").value_or(""));
    if (action == "drop_change") return drop_change(page.ctx, page.object, subscription);
    if (action == "keep") return keep_plan(page.ctx, page.object, subscription);
    if (action == "replace_card")
        return replace_card(page.ctx, page.object, form.text("number").value_or(""));
    if (action == "remove_card")
        return remove_card(page.ctx, page.object, form.text("payment_method").value_or(""));
    if (action == "update_customer") return update_customer_details(page.ctx, page.object, form);
    return not_offered();
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
    std::string next = page.path;
    if (done && has_open_flow(session)) {
        complete_flow(session, *done);
        if (const std::string shop = return_of_flow(session); !shop.empty()) next = shop;
    }
    ctx.put(session);
    return {.status = 303, .html = "", .location = next};
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
