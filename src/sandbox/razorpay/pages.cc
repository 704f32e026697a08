#include "sandbox/razorpay/pages.h"

#include <optional>

#include <fmt/format.h>

#include "sandbox/documents.h"
#include "sandbox/razorpay/customers.h"
#include "sandbox/razorpay/invoices.h"
#include "sandbox/razorpay/page_parts.h"
#include "sandbox/razorpay/plans.h"
#include "sandbox/razorpay/subscriptions.h"

namespace turnpike::twin::razorpay {
namespace {

PageAnswer page(std::string_view title, const std::string& body) {
    return {.status = 200, .html = html_page(title, body)};
}

std::string amount_text(const Json& object) {
    return escape_html(format_amount(integer_of(object, "amount"), text_of(object, "currency")));
}

struct Choice {
    Instrument now;    ///< what this payment is tried with
    Instrument later;  ///< what is kept for later ones
    std::string email;
};
/// nullopt for a form that no page of ours sends.
std::optional<Choice> read_choice(Params& form) {
    using Bank = Instrument::Bank;
    form.take("payment");  // of the page that the form was on
    const auto action = form.text("action").value_or("");
    const auto method = form.one_of("method", {"card", "upi", "emandate"}).value_or("card");
    const auto later = form.one_of("later", {"succeed", "fail"}).value_or("succeed");
    auto email = form.text("email", 64).value_or("");
    if (email.empty()) email = "gaurav.kumar@example.com";
    if (form.complaint() || (action != "authorise" && action != "fail")) return std::nullopt;
    return Choice{.now = {method, action == "fail" ? Bank::Declines : Bank::Approves},
                  .later = {method, later == "fail" ? Bank::Declines : Bank::Approves},
                  .email = email};
}

PageAnswer bad_form() {
    return {.status = 400,
            .html = html_page("Not understood",
                              "<h1>Not understood</h1><p>This form is not one of this page.</p>")};
}

/// Back to the page itself, which then tells of the payment.
PageAnswer told(const PageRequest& request, const Json& payment) {
    return {.status = 303, .location = request.path + "?payment=" + text_of(payment, "id")};
}

/// What Checkout hands to the shop after a payment, which the shop verifies.
std::string checkout_answer(const Context& ctx, const Json& payment, std::string_view of_what,
                            const std::string& id) {
    const auto payment_id = text_of(payment, "id");
    const bool order = of_what == "order";
    const auto signed_text = order ? id + "|" + payment_id : payment_id + "|" + id;
    return facts(
        "What the shop is told",
        row("razorpay_payment_id", payment_id) +
            row("razorpay_" + std::string(of_what) + "_id", id) +
            row("razorpay_signature", signature_of(ctx.account().key_secret, signed_text)));
}

/// What Checkout hands to the shop after a payment that failed.
std::string checkout_error(const Json& payment) {
    std::string rows;
    for (const char* member : {"code", "description", "source", "step", "reason"})
        rows +=
            row("error." + std::string(member), text_of(payment, "error_" + std::string(member)));
    rows += row("error.metadata", to_text(metadata_of(payment)));
    return facts("What the shop is told", rows);
}

/// The outcome of the payment that the address names; "" when it names none.
std::string outcome(PageRequest& request, std::string_view of_what) {
    const auto payment = request.ctx.find("payment", request.form.text("payment").value_or(""));
    if (!payment) return "";
    if (text_of(*payment, "status") == "failed")
        return "<p class=\"problem\" role=\"status\">The payment did not go through: " +
               escape_html(text_of(*payment, "error_description")) + "</p>\n" +
               checkout_error(*payment);
    return "<p class=\"notice\" role=\"status\">The payment of " + amount_text(*payment) +
           " went through.</p>\n" +
           checkout_answer(request.ctx, *payment, of_what, text_of(request.object, "id"));
}

bool waits_for_a_person(const Json& subscription) {
    const auto state = state_of(subscription);
    return state == State::Created || state == State::Pending || state == State::Halted;
}

/// What a click on the button would take, and what comes later.
std::string charges_of(Context& ctx, const Json& subscription, const Json& plan) {
    const auto due = due_now(ctx, subscription);
    const auto currency = currency_of(plan);
    std::string text =
        fmt::format("<p>Charged now: <strong>{}</strong>{}</p>\n", money(due.amount, currency),
                    due.is_given_back ? ", and given back at once" : "");
    const auto start = instant_of(subscription, "start_at");
    if (state_of(subscription) == State::Created && start)
        text += "<p>The first cycle is charged on " + day_text(*start) + ".</p>\n";
    return text + lines_table(due.lines, currency);
}

PageAnswer show_subscription(PageRequest& request) {
    const Json& subscription = request.object;
    const Json plan = plan_of(request.ctx, subscription);
    const auto total = unit_amount_of(plan) * integer_of(subscription, "quantity");
    std::string body = fmt::format(
        "<h1>{}</h1><p>{} {} ({} of {} charged). This subscription is <strong>{}</strong>.</p>\n",
        escape_html(text_of(plan.at("item"), "name")), money(total, currency_of(plan)),
        rhythm_of(plan), integer_of(subscription, "paid_count"),
        integer_of(subscription, "total_count"), escape_html(text_of(subscription, "status")));
    body += outcome(request, "subscription");
    const bool first = state_of(subscription) == State::Created;
    if (waits_for_a_person(subscription))
        body += charges_of(request.ctx, subscription, plan) +
                choice(first ? "Authorise" : "Use this from now on", "Let it fail",
                       {.email = first, .later = true});
    return page("Subscription", body);
}

/// What the subscription's bank says to later charges.
void keep_for_later(Context& ctx, const std::string& id, const Choice& choice) {
    auto subscription = ctx.find("subscription", id);
    (*subscription)["_instrument"] = to_json(choice.later);
    ctx.put(*subscription);
}

PageAnswer decide_subscription(PageRequest& request) {
    const auto choice = read_choice(request.form);
    if (!choice) return bad_form();
    if (!waits_for_a_person(request.object)) return {.status = 303, .location = request.path};
    auto& ctx = request.ctx;
    const Json payment = authorise(ctx, request.object, choice->now, choice->email);
    if (flag_of(payment, "captured")) keep_for_later(ctx, text_of(request.object, "id"), *choice);
    return told(request, payment);
}

/// The subscription that an invoice can bring back to life; nullopt for others.
std::optional<Json> debtor_of(Context& ctx, const Json& invoice) {
    auto subscription = ctx.find("subscription", text_of(invoice, "subscription_id"));
    if (!subscription) return std::nullopt;
    const auto state = state_of(*subscription);
    if (state != State::Pending && state != State::Halted) return std::nullopt;
    return subscription;
}

bool is_payable(Context& ctx, const Json& invoice) {
    if (text_of(invoice, "status") != "issued") return false;
    return text_of(invoice, "subscription_id").empty() || debtor_of(ctx, invoice).has_value();
}

/// Pays an open invoice: one of its own, or one that brings its subscription back to life.
Json pay_invoice(Context& ctx, Json invoice, const Choice& choice) {
    const auto subscription = debtor_of(ctx, invoice);
    if (!subscription) {
        const auto known = ctx.find("customer", text_of(invoice, "customer_id"));
        const Json customer = known ? *known : customer_with_email(ctx, choice.email);
        return charge_invoice(ctx, invoice, choice.now, customer);
    }
    Json payment = pay_open_invoice(ctx, *subscription, std::move(invoice), choice.now);
    if (flag_of(payment, "captured")) keep_for_later(ctx, text_of(*subscription, "id"), choice);
    return payment;
}

/// The invoice that an order is the payment of.
std::optional<Json> invoice_of_order(Context& ctx, const Json& order) {
    return ctx.find("invoice", text_of(order, "_invoice"));
}

bool is_payable_order(Context& ctx, const Json& order) {
    if (text_of(order, "status") == "paid" || has_authorized_payment(ctx, order)) return false;
    const auto invoice = invoice_of_order(ctx, order);
    return !invoice || is_payable(ctx, *invoice);
}

/// An invoice's customer is known, and one of a subscription has charges after it.
Questions questions_of(const Json& invoice) {
    return {.email = text_of(invoice, "customer_id").empty(),
            .later = !text_of(invoice, "subscription_id").empty()};
}

PageAnswer show_order(PageRequest& request) {
    auto& ctx = request.ctx;
    const Json& order = request.object;
    std::string body = "<h1>Pay " + amount_text(order) + "</h1>\n" + outcome(request, "order");
    const auto invoice = invoice_of_order(ctx, order);
    if (text_of(order, "status") == "paid")
        body += "<p role=\"status\">This order is paid.</p>\n";
    else if (has_authorized_payment(ctx, order))
        body +=
            "<p role=\"status\">This order's payment is <strong>authorized</strong>: it is the "
            "shop's to capture it.</p>\n";
    else if (is_payable_order(ctx, order))
        body += choice("Pay", "Let it fail",
                       invoice ? questions_of(*invoice) : Questions{.email = true});
    else
        body += "<p role=\"status\">This order cannot be paid any more.</p>\n";
    return page("Order", body);
}

PageAnswer decide_order(PageRequest& request) {
    const auto choice = read_choice(request.form);
    if (!choice) return bad_form();
    if (!is_payable_order(request.ctx, request.object))
        return {.status = 303, .location = request.path};
    if (const auto invoice = invoice_of_order(request.ctx, request.object))
        return told(request, pay_invoice(request.ctx, *invoice, *choice));
    const Json customer = customer_with_email(request.ctx, choice->email);
    Json order = request.object;
    const Json payment =
        attempt_payment(request.ctx, order, {.instrument = choice->now, .customer = customer});
    return told(request, payment);
}

/// Who is billed, when, and by which number: what is known of it.
std::string details_of(const Json& invoice) {
    const Json& customer = part_of(invoice, "customer_details");
    std::string rows;
    const auto add = [&](std::string_view name, const std::string& value) {
        if (!value.empty()) rows += row(name, value);
    };
    const auto add_day = [&](std::string_view name, const char* member) {
        if (const auto moment = instant_of(invoice, member)) add(name, day_text(*moment));
    };
    add("Number", text_of(invoice, "receipt"));
    add("Billed to", text_of(customer, "name"));
    add("E-mail", text_of(customer, "email"));
    add("Telephone", text_of(customer, "contact"));
    add_day("Date", "date");
    add_day("Payable until", "expire_by");
    add_day("Paid on", "paid_at");
    add("Terms", text_of(invoice, "terms"));
    add("Comment", text_of(invoice, "comment"));
    return facts("Details", rows);
}

PageAnswer show_invoice(PageRequest& request) {
    const Json& invoice = request.object;
    std::string body = fmt::format("<h1>Invoice of {}</h1><p>It is <strong>{}</strong>.</p>\n",
                                   amount_text(invoice), escape_html(text_of(invoice, "status")));
    if (const auto description = text_of(invoice, "description"); !description.empty())
        body += "<p>" + escape_html(description) + "</p>\n";
    body += outcome(request, "invoice");
    body += lines_table(lines_of(invoice), text_of(invoice, "currency")) + details_of(invoice);
    if (is_payable(request.ctx, invoice))
        body += choice("Pay", "Let it fail", questions_of(invoice));
    return page("Invoice", body);
}

PageAnswer decide_invoice(PageRequest& request) {
    const auto choice = read_choice(request.form);
    if (!choice) return bad_form();
    if (!is_payable(request.ctx, request.object)) return {.status = 303, .location = request.path};
    return told(request, pay_invoice(request.ctx, request.object, *choice));
}

}  // namespace

std::vector<PageRoute> page_routes() {
    return {
        {"GET", "/p/subscription/{id}", "subscription", show_subscription},
        {"POST", "/p/subscription/{id}", "subscription", decide_subscription},
        {"GET", "/p/order/{id}", "order", show_order},
        {"POST", "/p/order/{id}", "order", decide_order},
        {"GET", "/p/invoice/{id}", "invoice", show_invoice},
        {"POST", "/p/invoice/{id}", "invoice", decide_invoice},
    };
}

}  // namespace turnpike::twin::razorpay
