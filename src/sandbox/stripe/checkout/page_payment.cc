#include "sandbox/stripe/checkout/page_payment.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "sandbox/characters.h"
#include "sandbox/documents.h"
#include "sandbox/stripe/cards/cards.h"
#include "sandbox/stripe/cards/sepa_debit.h"
#include "sandbox/stripe/checkout/method_fields.h"
#include "sandbox/stripe/checkout/session_discounts.h"
#include "sandbox/stripe/checkout/session_document.h"
#include "sandbox/stripe/checkout/typed_amounts.h"
#include "sandbox/stripe/core/page_parts.h"
#include "sandbox/stripe/wire/checked_fields.h"
#include "sandbox/stripe/wire/fields.h"

namespace turnpike::twin {
namespace {

constexpr const char* kCodeField = "promotion_code";
constexpr const char* kMethodField = "method";

/// As Stripe has it of a customer's.
constexpr std::size_t kNameMax = 256;

Refusal typed_wrong(const char* field, const std::string& message) {
    return bad_param(field, "", message);
}

std::string typed_text(PageRequest& page, std::string_view name) {
    return typed_text(page.form, name);
}

/// The page's field that a member of the card is typed into.
std::string field_of(const std::string& param) { return param.starts_with("exp_") ? "exp" : param; }

/// "12/34", "12 / 2034", "1234" as {"exp_month", "exp_year"}; nullopt when it is neither.
std::optional<Json> expiry_of(const std::string& typed) {
    std::string digits;
    for (const char c : typed)
        if (c >= '0' && c <= '9') digits += c;
    if (digits.size() != 4 && digits.size() != 6) return std::nullopt;
    return Json{{"exp_month", digits.substr(0, 2)}, {"exp_year", digits.substr(2)}};
}

Outcome<Json> typed_card(PageRequest& page) {
    auto expiry = expiry_of(typed_text(page, "exp"));
    if (!expiry) return typed_wrong("exp", "Your card's expiration date is incomplete.");
    const std::string cvc = typed_text(page, "cvc");
    if (cvc.empty()) return typed_wrong("cvc", "Your card's security code is incomplete.");
    const std::string number = typed_text(page, "number");
    if (number.empty()) return typed_wrong("number", "Your card number is incomplete.");
    Json form;
    form["card"] = *std::move(expiry);
    form["card"]["number"] = number;
    form["card"]["cvc"] = cvc;
    Params params(form);
    auto card = read_card(page.ctx, params);
    if (!card) return card;
    const std::size_t digits = text_of(card->at("card"), "brand") == "amex" ? 4 : 3;
    if (cvc.size() < digits) return typed_wrong("cvc", "Your card's security code is incomplete.");
    if (cvc.size() > digits) return typed_wrong("cvc", "Your card's security code is invalid.");
    return card;
}

Outcome<Json> typed_account(PageRequest& page, const Json& details) {
    if (typed_text(page, "iban").empty()) return typed_wrong("iban", "Your IBAN is incomplete.");
    Json form;
    form["sepa_debit"]["iban"] = typed_text(page, "iban");
    form["billing_details"] = details;
    Params params(form);
    auto account = read_sepa_debit(page.ctx, params);
    if (!account) account.error().param = "iban";
    return account;
}

/// The name, and the e-mail that is typed or known.
Outcome<Json> typed_details(PageRequest& page) {
    const std::string name = typed_text(page, "name");
    if (name.empty() && wants_payment_method(page.object))
        return typed_wrong("name", "Your name is incomplete.");
    if (characters_in(name) > kNameMax) return typed_wrong("name", "Your name is too long.");
    if (knows_email(page.object))
        return Json{{"email", text_of(part_of(page.object, "customer_details"), "email")},
                    {"name", name}};
    const std::string email = typed_text(page, "email");
    if (!is_email(email)) return typed_wrong("email", "Your email is invalid.");
    return Json{{"email", email}, {"name", name}};
}

Outcome<Json> typed_method(PageRequest& page, const Json& details) {
    const auto chosen =
        typed_method_of(page.object, typed_text(page, "action"), typed_text(page, kMethodField));
    if (!chosen) return typed_wrong(kMethodField, "Choose how you want to pay.");
    if (chosen == TypedMethod::Debit) return typed_account(page, details);
    auto card = typed_card(page);
    if (!card) return card;
    (*card)["billing_details"]["email"] = text_or_null(text_of(details, "email"));
    (*card)["billing_details"]["name"] = text_or_null(text_of(details, "name"));
    return card;
}

/// Why the code that was typed takes nothing off; nullopt where none was, or it does.
std::optional<StripeError> take_typed_code(PageRequest& page) {
    const std::string code = typed_text(page, "promotion_code");
    if (code.empty()) return std::nullopt;
    Json session = page.object;
    auto error = apply_typed_code(page.ctx, session, code);
    if (error) {
        error->param = kCodeField;
        return error;
    }
    page.object = std::move(session);
    forget_attempt(page.ctx, page.object);
    return std::nullopt;
}

/// The intent that the bank was asked about.
std::optional<Json> asked_intent(Context& ctx, const Json& session) {
    const std::string id = text_of(session, "_parent");
    if (auto payment = ctx.find("payment_intent", id)) return payment;
    if (auto setup = ctx.find("setup_intent", id)) return setup;
    const auto subscription = ctx.find("subscription", id);
    if (!subscription) return std::nullopt;
    const auto invoice = ctx.find("invoice", text_of(*subscription, "latest_invoice"));
    return invoice ? ctx.find("payment_intent", text_of(*invoice, "_payment_intent"))
                   : std::nullopt;
}

/// Why the last try failed, for who has come back from the bank; "" if it did not.
std::string failure_at_bank(Context& ctx, const Json& session) {
    const auto intent = asked_intent(ctx, session);
    if (!intent || text_of(*intent, "status") != "requires_payment_method") return "";
    const Json& payment = part_of(*intent, "last_payment_error");
    const Json& error = payment.empty() ? part_of(*intent, "last_setup_error") : payment;
    if (text_of(error, "code").ends_with("_authentication_failure"))
        return "Your bank did not confirm it. Try again, or use another card.";
    return text_of(error, "message");
}

}  // namespace

Outcome<PaymentStep> pay_by_form(PageRequest& page) {
    if (auto error = take_typed_code(page)) return Refusal(*std::move(error));
    const auto details = typed_details(page);
    if (!details) return Refusal(details.error());
    Payer payer;
    payer.email = text_of(*details, "email");
    if (wants_payment_method(page.object)) {
        const auto method = typed_method(page, *details);
        if (!method) return Refusal(method.error());
        page.ctx.put(*method);
        payer.payment_method = text_of(*method, "id");
    }
    return pay_session(page.ctx, page.object, payer);
}

std::optional<StripeError> change_code(PageRequest& page) {
    if (typed_text(page, "action") == "apply_code") {
        if (auto error = take_typed_code(page)) return error;
    } else if (flag_of(page.object, "allow_promotion_codes")) {
        if (auto error = apply_typed_code(page.ctx, page.object, "")) return error;
        forget_attempt(page.ctx, page.object);
    }
    page.ctx.put(page.object);
    return std::nullopt;
}

void leave_notice(PageRequest& page, const StripeError& error) {
    auto session = page.ctx.find(kSessionKind, text_of(page.object, "id"));
    check(session.has_value(), "a session is never removed");
    Json notice{{error.param == kCodeField ? "code_problem" : "text", error.message}};
    notice["field"] = field_of(error.param);
    for (const char* name : {"email", "name", kMethodField, "promotion_code", kAmountField})
        notice[name] = typed_text(page, name);
    (*session)["_notice"] = std::move(notice);
    page.ctx.put(*session);
}

void keep_typed(PageRequest& page) {
    auto session = page.ctx.find(kSessionKind, text_of(page.object, "id"));
    check(session.has_value(), "a session is never removed");
    Json& notice = (*session)["_notice"];
    for (const char* name : {"email", "name", kMethodField}) notice[name] = typed_text(page, name);
    page.ctx.put(*session);
}

Json take_notice(Context& ctx, Json& session) {
    Json notice = part_of(session, "_notice");
    if (!notice.empty()) {
        session["_notice"] = nullptr;
        ctx.put(session);
    }
    if (text_of(notice, "text").empty() && text_of(notice, "code_problem").empty())
        notice["text"] = failure_at_bank(ctx, session);
    return notice;
}

bool knows_email(const Json& session) {
    return !text_of(part_of(session, "customer_details"), "email").empty();
}

bool takes_method(const Json& session, const std::string& payment_method_type) {
    const Json& types = session.at("payment_method_types");
    return std::ranges::find(types, Json(payment_method_type)) != types.end();
}

std::string success_address(const Json& session) {
    constexpr std::string_view kPlace = "{CHECKOUT_SESSION_ID}";
    std::string address = text_of(session, "success_url");
    const std::string id = text_of(session, "id");
    for (auto at = address.find(kPlace); at != std::string::npos;
         at = address.find(kPlace, at + id.size()))
        address.replace(at, kPlace.size(), id);
    return address;
}

}  // namespace turnpike::twin
