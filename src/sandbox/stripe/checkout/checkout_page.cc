#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "sandbox/documents.h"
#include "sandbox/html.h"
#include "sandbox/stripe/catalog/custom_amounts.h"
#include "sandbox/stripe/checkout/checkout.h"
#include "sandbox/stripe/checkout/method_fields.h"
#include "sandbox/stripe/checkout/page_payment.h"
#include "sandbox/stripe/checkout/session_document.h"
#include "sandbox/stripe/checkout/session_lines.h"
#include "sandbox/stripe/checkout/session_payment.h"
#include "sandbox/stripe/checkout/typed_amounts.h"
#include "sandbox/stripe/checkout/typed_quantities.h"
#include "sandbox/stripe/core/customer_of.h"
#include "sandbox/stripe/core/page_parts.h"
#include "sandbox/stripe/wire/billing_document.h"
#include "sandbox/styled_page.h"

namespace turnpike::twin {
namespace {

/// The field belongs to the form that pays.
std::string quantity_field(const Json& line, std::size_t number) {
    return fmt::format(
        "<input form=\"pay\" name=\"{}\" aria-label=\"Quantity of {}\" inputmode=\"numeric\" "
        "autocomplete=\"off\" size=\"4\" class=\"short\" value=\"{}\"> × ",
        quantity_field_of(number), escape_html(text_of(line, "description")),
        integer_of(line, "quantity"));
}

std::string order_row(Context& ctx, const Json& line, std::size_t number) {
    const Json& price = line.at("price");
    const std::string what = is_recurring_price(price) ? price_text(ctx, price)
                                                       : name_text(text_of(line, "description"));
    std::string times;
    if (is_adjustable(line))
        times = quantity_field(line, number);
    else if (line.at("quantity").is_number())
        times = fmt::format("{} × ", integer_of(line, "quantity"));
    return fmt::format(
        "<tr><td>{}{}</td><td class=\"amount\">{}</td></tr>", times, what,
        has_custom_amount(price) ? "as you choose" : money_text(line, "amount_subtotal"));
}

/// The end of the trial that would begin now; nullopt for none.
std::optional<Instant> trial_end_of(Context& ctx, const Json& session) {
    const Json& form = session.at("_subscription");
    if (form.contains("trial_end"))
        return from_unix_seconds(std::stoll(text_of(form, "trial_end")));
    if (!form.contains("trial_period_days")) return std::nullopt;
    return second_of(ctx, text_of(session, "customer")) +
           std::chrono::days(std::stoll(text_of(form, "trial_period_days")));
}

std::string trial_text(Context& ctx, const Json& session) {
    const auto end = trial_end_of(ctx, session);
    if (!end) return "";
    const std::string days = text_of(session.at("_subscription"), "trial_period_days");
    const std::string length = days.empty() ? "Free trial" : days + "-day free trial";
    return fmt::format(
        "<p class=\"notice\">{}: nothing is charged for the plan before {}. It is billed as listed "
        "from then on, unless you cancel.</p>",
        length, long_day(*end));
}

/// In the form that pays, in place of a total.
std::string amount_field(const Json& session, const Json& notice) {
    if (!takes_amount(session)) return "";
    const std::string typed = text_of(notice, kAmountField);
    return plain_field(kAmountField, "Amount",
                       "inputmode=\"decimal\" autocomplete=\"off\" required "
                       "aria-describedby=\"amount-help\"",
                       typed.empty() ? amount_preset(session) : typed) +
           fmt::format("<p id=\"amount-help\" class=\"soft\">You choose what you pay, {}.</p>",
                       escape_html(amount_limits(session)));
}

std::string order_section(Context& ctx, const Json& session) {
    if (text_of(session, "mode") == "setup")
        return fmt::format(
            "<section><p>Your {} will be saved for later payments. Nothing is charged "
            "now.</p></section>\n",
            method_word(session));
    std::string rows;
    std::size_t number = 0;
    for (const Json& line : lines_of(session)) rows += order_row(ctx, line, number++);
    std::string sums;
    if (const auto discount = integer_of(session.at("total_details"), "amount_discount"))
        sums = sum_row("Subtotal", money_text(session, "amount_subtotal")) +
               sum_row("Discount", money_text(-discount, session));
    sums += sum_row("Total due today",
                    takes_amount(session) ? "as you choose" : money_text(session, "amount_total"));
    return "<section><h2>Your order</h2>" + trial_text(ctx, session) +
           "<table><thead><tr><th scope=\"col\">Item</th>"
           "<th scope=\"col\" class=\"amount\">Due today</th></tr></thead><tbody>" +
           rows + "</tbody><tfoot>" + sums + "</tfoot></table></section>\n";
}

std::string button_of(Context& ctx, const Json& session) {
    const std::string mode = text_of(session, "mode");
    const std::string submit = text_of(session, "submit_type");
    if (mode == "setup") return fmt::format("Save {}", method_word(session));
    if (mode == "subscription") return trial_end_of(ctx, session) ? "Start trial" : "Subscribe";
    const std::string verb = submit == "book" ? "Book" : submit == "donate" ? "Donate" : "Pay";
    if (takes_amount(session)) return verb;
    return verb + " " + money_text(session, "amount_total");
}

std::string problem_line(const std::string& why) {
    if (why.empty()) return "";
    return fmt::format("<p class=\"problem\" role=\"alert\">{}</p>", escape_html(why));
}

/// The code that takes something off, and how to be rid of it.
std::string applied_code(const Json& session) {
    if (!flag_of(session, "allow_promotion_codes") || session.at("discounts").empty()) return "";
    return "<section><p>A promotion code is applied.</p>" +
           post_form("remove_code", "", "Remove the code", "quiet") + "</section>\n";
}

bool takes_code(const Json& session) {
    return flag_of(session, "allow_promotion_codes") && session.at("discounts").empty();
}

/// In the form that pays: a code that is typed there counts, whichever button is pressed.
std::string code_field(const Json& session, const Json& notice) {
    if (!takes_code(session)) return "";
    const std::string why = text_of(notice, "code_problem");
    return problem_line(why) + checked_field(notice, "promotion_code",
                                             "Promotion code (if you have one)",
                                             "autocomplete=\"off\"");
}

/// Shows what the order comes to before anything is paid.
std::string look_button(const Json& session) {
    const bool adjusts = std::ranges::any_of(lines_of(session), is_adjustable);
    if (!adjusts && !takes_code(session)) return "";
    return fmt::format(
        " <button class=\"quiet\" name=\"action\" value=\"apply_code\" formnovalidate>{}</button>",
        adjusts ? "Update the order" : "Apply the code only");
}

/// The first button is the one that the Enter key presses.
std::string pay_form(Context& ctx, const Json& session, const Json& notice, std::string_view action,
                     const std::string& fields) {
    return fmt::format(
        "<form method=\"post\" id=\"pay\">{}{}<br><button name=\"action\" "
        "value=\"{}\">{}</button>{}</form>\n",
        fields, code_field(session, notice), action, button_of(ctx, session), look_button(session));
}

std::string email_field(const Json& session, const Json& notice) {
    if (knows_email(session)) return "";
    return checked_field(notice, "email", "E-mail",
                         "type=\"email\" autocomplete=\"email\" required");
}

std::string payment_section(Context& ctx, const Json& session, const Json& notice) {
    const std::string start = "<section><h2>Payment</h2>" + problem_line(text_of(notice, "text"));
    const std::string email = amount_field(session, notice) + email_field(session, notice);
    if (!wants_payment_method(session))
        return start + pay_form(ctx, session, notice, "free", email) + "</section>\n";
    return start +
           pay_form(ctx, session, notice, pay_action(session),
                    email + method_fields(session, notice)) +
           "</section>\n";
}

PageAnswer page_about(std::string_view title, const std::string& body, const Json& session) {
    std::string way_back;
    if (const std::string shop = text_of(session, "cancel_url"); !shop.empty())
        way_back = link_line(shop, "Return to the shop");
    return {.status = 200, .html = html_page(title, body + way_back)};
}

PageAnswer expired_checkout(const Json& session) {
    PageAnswer answer =
        page_about("Checkout expired",
                   "<h1>This checkout has expired</h1>"
                   "<p role=\"status\">Nothing was charged. Go back to the shop and "
                   "start again.</p>",
                   session);
    answer.status = 404;
    return answer;
}

PageAnswer return_to_shop(Context& ctx, Json session) {
    session["_returned"] = true;
    ctx.put(session);
    return {.status = 303, .html = "", .location = success_address(session)};
}

PageAnswer completed_checkout(Context& ctx, const Json& session) {
    if (!flag_of(session, "_returned")) return return_to_shop(ctx, session);
    std::string body =
        "<h1>You are all done here</h1>"
        "<p role=\"status\">This checkout has been completed already. Nothing more is charged.</p>";
    body += link_line(success_address(session), "Return to the shop");
    return {.status = 200, .html = html_page("Checkout completed", body)};
}

PageAnswer show_checkout(PageRequest& page) {
    Context& ctx = page.ctx;
    Json& session = page.object;
    if (text_of(session, "status") == "complete") return completed_checkout(ctx, session);
    if (!is_payable(session, ctx.now())) return expired_checkout(session);
    const Json notice = take_notice(ctx, session);
    const std::string title = text_of(session, "mode") == "setup"
                                  ? fmt::format("Save your {}", method_word(session))
                                  : "Checkout";
    std::string body =
        fmt::format("<header><h1>{}</h1><p class=\"soft\">{}</p></header>\n", title,
                    name_text(text_of(session.at("branding_settings"), "display_name")));
    body += order_section(ctx, session);
    body += applied_code(session);
    body += payment_section(ctx, session, notice);
    if (const std::string shop = text_of(session, "cancel_url"); !shop.empty())
        body += link_line(shop, "Cancel and return to the shop");
    return {.status = 200, .html = styled_page(title, body, method_style()), .leads_to_shop = true};
}

/// The bank's page without the server's name: the payer may have come by another one.
std::string local_path(Context& ctx, const std::string& address) {
    return address.starts_with(ctx.base_url()) ? address.substr(ctx.base_url().size()) : address;
}

StripeError order_has_changed(const Json& session) {
    StripeError error;
    error.message =
        "The order has changed: it comes to " +
        format_amount(integer_of(session, "amount_total"), text_of(session, "currency")) +
        " today. Nothing was charged yet.";
    return error;
}

PageAnswer act_on_checkout(PageRequest& page) {
    Context& ctx = page.ctx;
    if (!is_payable(page.object, ctx.now()))
        return {.status = 303, .html = "", .location = page.path};
    const auto quantities_changed = take_typed_quantities(page);
    if (!quantities_changed) {
        leave_notice(page, quantities_changed.error());
        return {.status = 303, .html = "", .location = page.path};
    }
    if (*quantities_changed) ctx.put(page.object);
    if (page.form.text("action").value_or("").ends_with("_code")) {
        if (const auto error = change_code(page))
            leave_notice(page, *error);
        else
            keep_typed(page);
        return {.status = 303, .html = "", .location = page.path};
    }
    // Nobody pays what they have not seen.
    if (*quantities_changed) {
        leave_notice(page, order_has_changed(page.object));
        return {.status = 303, .html = "", .location = page.path};
    }
    if (const auto error = take_typed_amount(page)) {
        leave_notice(page, *error);
        return {.status = 303, .html = "", .location = page.path};
    }
    ctx.put(page.object);
    Retreat before(ctx);
    auto step = pay_by_form(page);
    if (!step && !ctx.keeps_effects()) before.undo();
    before.close();
    if (!step) {
        leave_notice(page, step.error());
        return {.status = 303, .html = "", .location = page.path};
    }
    if (!step->bank_page.empty()) {
        keep_typed(page);
        return {.status = 303, .html = "", .location = local_path(ctx, step->bank_page)};
    }
    return return_to_shop(ctx, std::move(step->session));
}

constexpr auto kCheckoutPages = std::to_array<PageRoute>({
    {"GET", "/c/pay/{id}", kSessionKind, show_checkout},
    {"POST", "/c/pay/{id}", kSessionKind, act_on_checkout},
});

}  // namespace

const Feature& checkout_page_feature() {
    static constexpr Feature kFeature{.pages = kCheckoutPages};
    return kFeature;
}

}  // namespace turnpike::twin
