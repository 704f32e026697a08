#include <array>
#include <utility>

#include <fmt/format.h>

#include "json/value.h"
#include "sandbox/stripe/billing_document.h"
#include "sandbox/stripe/invoice_lines.h"
#include "sandbox/stripe/invoices.h"
#include "sandbox/stripe/payment_intents.h"
#include "sandbox/stripe/portal.h"
#include "sandbox/stripe/portal_actions.h"
#include "sandbox/stripe/portal_html.h"

namespace turnpike::twin {
namespace {

std::string money(const Json& object, const char* member) {
    return escape_html(format_amount(integer_of(object, member), text_of(object, "currency")));
}

std::string day(const Json& object, const char* member) {
    const auto moment = instant_of(object, member);
    return moment ? long_day(*moment) : "";
}

std::string interval_text(const Json& price) {
    const Json& recurring = part_of(price, "recurring");
    const std::int64_t count = integer_of(recurring, "interval_count");
    const std::string name = text_of(recurring, "interval");
    return count > 1 ? fmt::format("every {} {}s", count, name) : "per " + name;
}

std::string price_name(Context& ctx, const Json& price) {
    const auto product = ctx.find("product", text_of(price, "product"));
    return escape_html(fmt::format("{}: {} {}", product ? text_of(*product, "name") : "Plan",
                                   format_amount(total_of(price, 1), text_of(price, "currency")),
                                   interval_text(price)));
}

/// A form with one button that posts `action` to the page itself.
std::string form(std::string_view action, const std::string& fields, std::string_view button,
                 std::string_view look = "") {
    return fmt::format(
        "<form method=\"post\"><input type=\"hidden\" name=\"action\" value=\"{}\">{}"
        "<button class=\"{}\">{}</button></form>\n",
        action, fields, look, button);
}

std::string hidden(std::string_view name, const std::string& value) {
    return fmt::format("<input type=\"hidden\" name=\"{}\" value=\"{}\">", name,
                       escape_html(value));
}

std::string plan_choice(Context& ctx, const Json& subscription) {
    const Json& item = subscription.at("items").at("data").at(0);
    std::string options;
    for (const Json& price : offered_prices(ctx, subscription)) {
        const bool current = text_of(price, "id") == text_of(item, "price");
        options += fmt::format("<option value=\"{}\"{}>{}{}</option>",
                               escape_html(text_of(price, "id")), current ? " selected" : "",
                               price_name(ctx, price), current ? " (current)" : "");
    }
    return form("change_plan",
                hidden("subscription", text_of(subscription, "id")) +
                    "<label for=\"price\">Change to</label><select id=\"price\" name=\"price\">" +
                    options + "</select><br>",
                "Change plan");
}

std::string plan_section(Context& ctx, const Json& session, const Json& features) {
    const auto subscription = live_subscription(ctx, text_of(session, "customer"));
    if (!subscription)
        return "<section><h2>Your plan</h2><p class=\"soft\">You have no plan at the "
               "moment.</p></section>\n";
    const Json& item = subscription->at("items").at("data").at(0);
    const std::string id = text_of(*subscription, "id");
    const bool ends = instant_of(*subscription, "cancel_at").has_value();
    std::string body = "<section><h2>Your plan</h2>";
    body += fmt::format("<p><strong>{}</strong></p>", price_name(ctx, item.at("price")));
    body += fmt::format("<p class=\"soft\">Status: {}. {} on {}.</p>",
                        escape_html(text_of(*subscription, "status")), ends ? "Ends" : "Renews",
                        ends ? day(*subscription, "cancel_at") : day(item, "current_period_end"));
    if (flag_of(part_of(features, "subscription_update"), "enabled") && !ends)
        body += plan_choice(ctx, *subscription);
    if (ends)
        body += form("keep", hidden("subscription", id), "Keep the plan after all");
    else if (flag_of(part_of(features, "subscription_cancel"), "enabled"))
        body += form("cancel", hidden("subscription", id), "Cancel plan", "quiet");
    return body + "</section>\n";
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
    }
    body += form("add_card",
                 "<label for=\"number\">Card number (a Stripe test card, for example "
                 "4242 4242 4242 4242)</label>"
                 "<input id=\"number\" name=\"number\" inputmode=\"numeric\" autocomplete=\"off\" "
                 "required><br>",
                 methods.empty() ? "Add card" : "Replace card");
    return body + "</section>\n";
}

std::string invoice_section(Context& ctx, const Json& session, const Json& features) {
    if (!flag_of(part_of(features, "invoice_history"), "enabled")) return "";
    std::string rows;
    for (const Json& invoice : ctx.list("invoice", {.customer = text_of(session, "customer")})) {
        if (text_of(invoice, "status") == "draft") continue;
        rows += fmt::format(
            "<tr><td>{}</td><td><a href=\"/p/invoice/{}\">{}</a></td><td>{}</td>"
            "<td class=\"amount\">{}</td></tr>",
            day(invoice, "created"), escape_html(text_of(invoice, "id")),
            escape_html(text_of(invoice, "number")), escape_html(text_of(invoice, "status")),
            money(invoice, "total"));
    }
    if (rows.empty()) rows = "<tr><td colspan=\"4\" class=\"soft\">None yet.</td></tr>";
    return "<section><h2>Invoices</h2><table><thead><tr><th scope=\"col\">Date</th>"
           "<th scope=\"col\">Number</th><th scope=\"col\">Status</th>"
           "<th scope=\"col\" class=\"amount\">Total</th></tr></thead><tbody>" +
           rows + "</tbody></table></section>\n";
}

PageAnswer expired() {
    return {.status = 404,
            .html = html_page("Link expired",
                              "<h1>This link has expired</h1><p>Go back to the shop and open the "
                              "billing portal again.</p>")};
}

bool is_expired(const Json& session, Instant now) {
    const Duration idle = now - *instant_of(session, "_last_used");
    return idle > (flag_of(session, "_opened") ? Duration(kPortalIdle) : Duration(kPortalUnopened));
}

PageAnswer show_portal(PageRequest& page) {
    Context& ctx = page.ctx;
    Json& session = page.object;
    if (is_expired(session, ctx.now())) return expired();
    const auto customer = ctx.find("customer", text_of(session, "customer"));
    if (!customer) return expired();
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
    body += plan_section(ctx, session, features);
    body += card_section(ctx, *customer, features);
    body += invoice_section(ctx, session, features);
    if (const std::string back = text_of(session, "return_url"); !back.empty())
        body += fmt::format("<p><a href=\"{}\">Return to the shop</a></p>\n", escape_html(back));
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
    if (action == "add_card")
        return add_card(page.ctx, page.object, form.text("number").value_or(""));
    StripeError error;
    error.message = "This portal does not offer that.";
    return Refusal(std::move(error));
}

PageAnswer act_in_portal(PageRequest& page) {
    Context& ctx = page.ctx;
    if (is_expired(page.object, ctx.now())) return expired();
    sql::Transaction& tx = ctx.transaction();
    tx.run("SAVEPOINT portal_action");
    const auto done = act(page);
    if (!done) tx.run("ROLLBACK TO SAVEPOINT portal_action");
    tx.run("RELEASE SAVEPOINT portal_action");

    Json& session = page.object;
    session["_notice"]["text"] = done ? *done : done.error().message;
    session["_notice"]["failed"] = !done.has_value();
    session["_last_used"] = unix_seconds(ctx.now());
    ctx.put(session);
    return {.status = 303, .html = "", .location = page.path};
}

PageAnswer show_invoice(PageRequest& page) {
    const Json& invoice = page.object;
    if (text_of(invoice, "status") == "draft") return expired();
    std::string rows;
    for (const Json& line : invoice.at("lines").at("data"))
        rows += fmt::format("<tr><td>{}</td><td class=\"amount\">{}</td></tr>",
                            escape_html(text_of(line, "description")), money(line, "amount"));
    std::string body = fmt::format(
        "<h1>Invoice {}</h1><p class=\"soft\">{}, {}</p>", escape_html(text_of(invoice, "number")),
        day(invoice, "effective_at"), escape_html(text_of(invoice, "status")));
    body += fmt::format("<p>Billed to {} {}</p>", escape_html(text_of(invoice, "customer_name")),
                        escape_html(text_of(invoice, "customer_email")));
    body +=
        "<section><table><thead><tr><th scope=\"col\">Description</th>"
        "<th scope=\"col\" class=\"amount\">Amount</th></tr></thead><tbody>" +
        rows + "</tbody><tfoot>";
    body += fmt::format(
        "<tr><th scope=\"row\">Total</th><td class=\"amount\">{}</td></tr>"
        "<tr><th scope=\"row\">Amount due</th><td class=\"amount\">{}</td></tr>"
        "<tr><th scope=\"row\">Amount paid</th><td class=\"amount\">{}</td></tr>",
        money(invoice, "total"), money(invoice, "amount_due"), money(invoice, "amount_paid"));
    body += "</tfoot></table></section>";
    const bool open = text_of(invoice, "status") == "open";
    if (open) body += form("pay", "", "Pay with the card on file");
    return {.status = 200, .html = html_page("Invoice " + text_of(invoice, "number"), body)};
}

PageAnswer pay_hosted_invoice(PageRequest& page) {
    if (text_of(page.object, "status") == "open") {
        PaymentAttempt attempt;
        attempt.session = PaymentSession::OnSession;
        attempt.reason = AttemptReason::Requested;
        const AttemptResult result = attempt_payment(page.ctx, page.object, attempt);
        const auto intent =
            page.ctx.find("payment_intent", text_of(result.invoice, "_payment_intent"));
        if (result.kind == AttemptResult::Kind::ActionRequired && intent)
            return {
                .status = 303, .html = "", .location = "/p/authenticate/" + text_of(*intent, "id")};
    }
    return {.status = 303, .html = "", .location = page.path};
}

PageAnswer ask_to_authenticate(PageRequest& page) {
    const Json& intent = page.object;
    const bool waits = text_of(intent, "status") == "requires_action";
    std::string body = "<h1>Your bank asks</h1>";
    if (waits) {
        body += fmt::format(
            "<section><p>Do you confirm the payment of <strong>{}</strong>?</p>{}{}"
            "</section>",
            money(intent, "amount"), form("yes", "", "Confirm the payment"),
            form("no", "", "Refuse", "quiet"));
    } else {
        body += fmt::format("<p role=\"status\">This payment is {}.</p>",
                            escape_html(text_of(intent, "status")));
    }
    const std::string back = text_of(intent, "_return_url");
    if (!waits && !back.empty())
        body += fmt::format("<p><a href=\"{}\">Return to the shop</a></p>", escape_html(back));
    return {.status = 200, .html = html_page("Confirm your payment", body)};
}

PageAnswer authenticate(PageRequest& page) {
    const std::string answer = page.form.text("action").value_or("");
    if (text_of(page.object, "status") == "requires_action" && !answer.empty()) {
        const auto confirmed = authenticate_payment_intent(
            page.ctx, page.object, answer == "yes" ? Authenticated::Yes : Authenticated::No);
        payment_intent_changed(page.ctx, confirmed.intent);
    }
    return {.status = 303, .html = "", .location = page.path};
}

constexpr auto kPages = std::to_array<PageRoute>({
    {"GET", "/p/session/{id}", "billing_portal.session", show_portal},
    {"POST", "/p/session/{id}", "billing_portal.session", act_in_portal},
    {"GET", "/p/invoice/{id}", "invoice", show_invoice},
    {"POST", "/p/invoice/{id}", "invoice", pay_hosted_invoice},
    {"GET", "/p/authenticate/{id}", "payment_intent", ask_to_authenticate},
    {"POST", "/p/authenticate/{id}", "payment_intent", authenticate},
});

}  // namespace

std::span<const PageRoute> portal_pages() { return kPages; }

}  // namespace turnpike::twin
