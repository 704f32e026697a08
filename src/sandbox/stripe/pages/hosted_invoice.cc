#include "sandbox/stripe/pages/hosted_invoice.h"

#include <fmt/format.h>

#include "json/value.h"
#include "sandbox/html.h"
#include "sandbox/stripe/core/feature.h"
#include "sandbox/stripe/core/occurrences.h"
#include "sandbox/stripe/core/page_parts.h"
#include "sandbox/stripe/invoices/invoices.h"
#include "sandbox/stripe/pages/card_form.h"
#include "sandbox/stripe/pages/invoice_parts.h"
#include "sandbox/stripe/pages/portal.h"
#include "sandbox/stripe/pages/portal_configurations.h"
#include "sandbox/stripe/payments/intent_owners.h"
#include "sandbox/stripe/payments/payment_intents.h"
#include "sandbox/stripe/wire/billing_document.h"

namespace turnpike::twin {
namespace {

constexpr std::string_view kSession = "billing_portal.session";

/// The portal session that the visitor came from, if it is still this customer's to use; "" if not.
std::string origin_of(PageRequest& page, const std::string& customer) {
    const std::string id = page.form.text("session").value_or("");
    const auto session = page.ctx.find(kSession, id);
    const bool usable = session && text_of(*session, "customer") == customer &&
                        !is_session_expired(*session, page.ctx.now());
    return usable ? id : "";
}

/// `path`, with the session that its page should lead back to.
std::string with_origin(const std::string& path, const std::string& session) {
    return session.empty() ? path : path + "?session=" + session;
}

/// Back to the portal, or to the shop, if anything says where that is.
std::string way_back(PageRequest& page, const std::string& session) {
    if (!session.empty()) return link_line("/p/session/" + session, "Back to billing");
    const auto configuration = find_default_configuration(page.ctx);
    const std::string shop = configuration ? text_of(*configuration, "default_return_url") : "";
    return shop.empty() ? "" : link_line(shop, "Return to the shop");
}

/// Why the last attempt failed, for the person who tried; "" when it did not fail.
std::string last_failure(const Json& intent) {
    const Json& error = part_of(intent, "last_payment_error");
    if (text_of(error, "code") == "payment_intent_authentication_failure")
        return "Your bank did not confirm it.";
    return escape_html(text_of(error, "message"));
}

std::string failure_line(const std::string& why) {
    return "<p class=\"problem\" role=\"status\">The payment did not go through: " + why + "</p>\n";
}

/// Why the last attempt to pay this invoice failed; "" when it did not fail.
std::string last_failure(Context& ctx, const Json& invoice) {
    const auto intent = ctx.find("payment_intent", text_of(invoice, "_payment_intent"));
    return intent ? last_failure(*intent) : "";
}

/// How to pay an invoice that is owed.
std::string payment_part(Context& ctx, const Json& invoice, const std::string& session) {
    const auto intent = ctx.find("payment_intent", text_of(invoice, "_payment_intent"));
    if (awaits_bank(ctx, invoice))
        return "<p class=\"notice\" role=\"status\">The payment is on its way: your bank has "
               "not answered yet.</p>\n";
    std::string body;
    if (intent && text_of(*intent, "status") == "requires_action")
        body += link_line(with_origin("/p/authenticate/" + text_of(*intent, "id"), session),
                          "Your bank asks you to confirm the payment");
    body += "<section><h2>Pay</h2>";
    const std::string pay = "Pay " + money_text(invoice, "amount_remaining");
    const std::string chosen = default_payment_method_of(ctx, invoice);
    if (chosen.empty()) return body + card_form("pay_with_card", pay) + "</section>\n";
    const auto method = ctx.look("payment_method", chosen);
    const std::string known = method ? method_text(*method) : "";
    body += post_form("pay", "", pay + " with " + (known.empty() ? "the card on file" : known));
    body += card_form("pay_with_card", pay + " with another card", "quiet");
    return body + "</section>\n";
}

/// Keeps the card that was typed in, and charges it from here on where no other one is chosen.
/// Returns the payment method to pay with.
Outcome<std::string> take_card(Context& ctx, const Json& invoice, const std::string& number) {
    const std::string customer_id = text_of(invoice, "customer");
    auto customer = ctx.find("customer", customer_id);
    if (!customer) return no_such_param("customer", customer_id, "customer");
    const auto method = keep_typed_card(ctx, number, customer_id);
    if (!method) return Refusal(method.error());
    const std::string id = text_of(*method, "id");
    if (default_payment_method_of(ctx, invoice).empty()) {
        (*customer)["invoice_settings"]["default_payment_method"] = id;
        ctx.update_and_emit("customer.updated", *customer);
    }
    return id;
}

std::string intent_outcome(const Json& intent) {
    const std::string status = text_of(intent, "status");
    if (status == "succeeded" || status == "requires_capture")
        return "<p class=\"notice\" role=\"status\">The payment went through.</p>\n";
    const std::string why = last_failure(intent);
    if (status != "canceled" && !why.empty()) return failure_line(why);
    return fmt::format("<p role=\"status\">This payment is {}.</p>\n", escape_html(status));
}

/// Name and address as they were when the invoice was made; the id of a customer who has neither.
std::string billed_to(const Json& invoice) {
    const std::string name = name_text(text_of(invoice, "customer_name"));
    const std::string email = name_text(text_of(invoice, "customer_email"));
    if (name.empty() && email.empty()) return escape_html(text_of(invoice, "customer"));
    return name + (name.empty() || email.empty() ? "" : ", ") + email;
}

/// Why the last form did nothing, for the page that follows it; "" if it did something.
std::string take_notice(PageRequest& page) {
    const std::string why = text_of(page.object, "_notice");
    if (why.empty()) return "";
    page.object["_notice"] = nullptr;
    page.ctx.put(page.object);
    return why;
}

}  // namespace

PageAnswer show_invoice(PageRequest& page) {
    if (text_of(page.object, "status") == "draft") return expired_page();
    const std::string problem = take_notice(page);
    const Json& invoice = page.object;
    const std::string session = origin_of(page, text_of(invoice, "customer"));
    const std::string number = text_of(invoice, "number");
    std::string body =
        fmt::format("<h1>Invoice {}</h1><p class=\"soft\">{}, {}</p>", escape_html(number),
                    day_text(invoice, "effective_at"), escape_html(text_of(invoice, "status")));
    body += fmt::format("<p>Billed to {}</p>", billed_to(invoice));
    body += state_line(invoice) + memo_line(invoice) + lines_table(invoice) + footer_line(invoice);
    if (is_owed(invoice)) {
        const std::string why =
            problem.empty() ? last_failure(page.ctx, invoice) : escape_html(problem);
        if (!why.empty()) body += failure_line(why);
        body += payment_part(page.ctx, invoice, session);
    }
    body += link_line("/p/invoice/" + text_of(invoice, "id") + "/pdf", "Invoice as PDF");
    body += way_back(page, session);
    return {.status = 200, .html = html_page("Invoice " + number, body)};
}

PageAnswer pay_hosted_invoice(PageRequest& page) {
    const std::string session = origin_of(page, text_of(page.object, "customer"));
    PageAnswer answer{.status = 303, .html = "", .location = with_origin(page.path, session)};
    if (!is_owed(page.object)) return answer;
    const std::string action = page.form.text("action").value_or("");
    if (action != "pay" && action != "pay_with_card") return answer;
    PaymentAttempt attempt;
    attempt.session = PaymentSession::OnSession;
    attempt.reason = AttemptReason::Requested;
    if (action == "pay_with_card") {
        const auto taken = take_card(page.ctx, page.object, page.form.text("number").value_or(""));
        if (!taken) {
            page.object["_notice"] = taken.error().message;
            page.ctx.put(page.object);
            return answer;
        }
        attempt.payment_method = *taken;
    }
    const AttemptResult result = attempt_payment(page.ctx, page.object, attempt);
    const std::string intent = text_of(result.invoice, "_payment_intent");
    if (result.kind == AttemptResult::Kind::ActionRequired && !intent.empty())
        answer.location = with_origin("/p/authenticate/" + intent, session);
    return answer;
}

PageAnswer ask_to_authenticate(PageRequest& page) {
    const Json& intent = page.object;
    const bool waits = text_of(intent, "status") == "requires_action";
    std::string body = "<h1>Your bank asks</h1>";
    if (waits && awaits_another_payment(page.ctx, intent))
        body +=
            "<p class=\"notice\" role=\"status\">Another payment of this invoice is on its way: "
            "the "
            "bank has not answered yet.</p>\n";
    else if (waits)
        body += fmt::format(
            "<section><p>Do you confirm the payment of <strong>{}</strong>?</p>{}{}</section>\n",
            money_text(intent, "amount"), post_form("yes", "", "Confirm the payment"),
            post_form("no", "", "Refuse", "quiet"));
    else
        body += intent_outcome(intent);
    const std::string session = origin_of(page, text_of(intent, "customer"));
    if (const std::string invoice = text_of(intent, "_invoice"); !invoice.empty())
        body += link_line(with_origin("/p/invoice/" + invoice, session), "Back to the invoice");
    if (!waits) body += way_back_after(page.ctx, intent);
    return {.status = 200, .html = html_page("Confirm your payment", body)};
}

PageAnswer authenticate_on_page(PageRequest& page) {
    const std::string answer = page.form.text("action").value_or("");
    if (text_of(page.object, "status") == "requires_action" &&
        (answer == "yes" || answer == "no") && !awaits_another_payment(page.ctx, page.object)) {
        const auto confirmed = authenticate_payment_intent(
            page.ctx, page.object, answer == "yes" ? Authenticated::Yes : Authenticated::No);
        tell_listeners(page.ctx, kPaymentIntentChanged, confirmed.intent);
    }
    const std::string session = origin_of(page, text_of(page.object, "customer"));
    return {.status = 303, .html = "", .location = with_origin(page.path, session)};
}

}  // namespace turnpike::twin
