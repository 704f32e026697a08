#include "sandbox/stripe/checkout/method_fields.h"

#include <fmt/format.h>

#include "sandbox/documents.h"
#include "sandbox/html.h"
#include "sandbox/stripe/checkout/page_payment.h"

namespace turnpike::twin {
namespace {

constexpr std::string_view kCardHelp =
    R"html(<p id="number-help" class="soft">Only Stripe's test numbers: 4242 4242 4242 4242 pays,
4000 0000 0000 0002 is declined, 4000 0027 6000 3184 asks the bank (3-D Secure).</p>)html";
constexpr std::string_view kDebitHelp =
    R"html(<p id="iban-help" class="soft">Only Stripe's test accounts: AT61 1904 3002 3457 3201
pays, AT86 1904 3002 3547 3202 does not.</p>)html";

constexpr std::string_view kMethodStyle = R"css(
fieldset { border: 1px solid var(--line); border-radius: .35rem; margin: .75rem 0; padding: .75rem }
legend { font-weight: 600; padding: 0 .35rem }
input[type="radio"] { width: auto; margin: 0 .5rem 0 0 }
.choice { display: flex; align-items: center } .choice label { margin: 0; padding: .25rem 0 }
form:has(#by-card:checked) .of-debit, form:has(#by-debit:checked) .of-card { display: none }
)css";

bool takes_both(const Json& session) {
    return takes_method(session, "card") && takes_method(session, "sepa_debit");
}

/// A browser holds up a form for a required field that it does not show.
std::string_view required(const Json& session) { return takes_both(session) ? "" : " required"; }

/// Nothing is filled in by the browser: it would offer real cards, and keep the test numbers.
std::string card_fields(const Json& session, const Json& notice) {
    const std::string digits =
        fmt::format("inputmode=\"numeric\" autocomplete=\"off\"{}", required(session));
    return checked_field(notice, "number", "Card number",
                         digits + " aria-describedby=\"number-help\"") +
           std::string(kCardHelp) + checked_field(notice, "exp", "Expiry date (MM / YY)", digits) +
           checked_field(notice, "cvc", "Security code (CVC)", digits);
}

std::string debit_fields(const Json& session, const Json& notice) {
    return checked_field(notice, "iban", "IBAN",
                         fmt::format("autocomplete=\"off\"{} aria-describedby=\"iban-help\"",
                                     required(session))) +
           std::string(kDebitHelp);
}

std::string name_field(std::string_view label, const Json& notice) {
    return checked_field(notice, "name", label, "autocomplete=\"off\" required");
}

std::string choice(std::string_view method, std::string_view label, bool checked) {
    return fmt::format(
        "<div class=\"choice\"><input id=\"by-{0}\" type=\"radio\" name=\"method\" "
        "value=\"{0}\"{2}>"
        "<label for=\"by-{0}\">{1}</label></div>",
        method, label, checked ? " checked" : "");
}

std::string choice_of_method(const Json& session, const Json& notice) {
    const bool saves = text_of(session, "mode") == "setup";
    const bool debit = text_of(notice, "method") == "debit";
    return fmt::format("<fieldset><legend>{}</legend>{}{}</fieldset>",
                       saves ? "What do you want to save?" : "How do you want to pay?",
                       choice("card", "Card", !debit),
                       choice("debit", "Bank account (SEPA debit)", debit));
}

}  // namespace

std::string plain_field(std::string_view name, std::string_view label, std::string_view attributes,
                        const std::string& value) {
    return fmt::format(
        "<label for=\"{0}\">{1}</label><input id=\"{0}\" name=\"{0}\" {2} value=\"{3}\">", name,
        label, attributes, escape_html(value));
}

std::string checked_field(const Json& notice, std::string_view name, std::string_view label,
                          std::string_view attributes) {
    const bool is_wrong = text_of(notice, "field") == name;
    return plain_field(name, label,
                       std::string(attributes) + (is_wrong ? " aria-invalid=\"true\"" : ""),
                       text_of(notice, std::string(name)));
}

std::string_view method_word(const Json& session) {
    if (takes_both(session)) return "payment method";
    return takes_method(session, "card") ? "card" : "bank account";
}

std::string method_fields(const Json& session, const Json& notice) {
    if (takes_both(session))
        return choice_of_method(session, notice) + "<div class=\"of-card\">" +
               card_fields(session, notice) + "</div><div class=\"of-debit\">" +
               debit_fields(session, notice) + "</div>" + name_field("Your name", notice);
    if (takes_method(session, "card"))
        return card_fields(session, notice) + name_field("Name on the card", notice);
    return debit_fields(session, notice) + name_field("Name of the account's holder", notice);
}

std::string_view pay_action(const Json& session) {
    if (takes_both(session)) return "pay";
    return takes_method(session, "card") ? "card" : "debit";
}

std::string_view method_style() { return kMethodStyle; }

std::optional<TypedMethod> typed_method_of(const Json& session, const std::string& action,
                                           const std::string& method) {
    if (!takes_both(session))
        return takes_method(session, "card") ? TypedMethod::Card : TypedMethod::Debit;
    const std::string& chosen = method.empty() ? action : method;
    if (chosen == "debit") return TypedMethod::Debit;
    if (chosen == "card") return TypedMethod::Card;
    return std::nullopt;
}

}  // namespace turnpike::twin
