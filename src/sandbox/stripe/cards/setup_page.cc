#include <array>

#include <fmt/format.h>

#include "json/value.h"
#include "sandbox/html.h"
#include "sandbox/stripe/cards/setup_intents.h"
#include "sandbox/stripe/core/page_parts.h"
#include "sandbox/stripe/wire/billing_document.h"

namespace turnpike::twin {
namespace {

bool waits_for_cardholder(const Json& intent) {
    return text_of(intent, "status") == "requires_action";
}

std::string question(Context& ctx, const Json& intent) {
    const auto method = ctx.find("payment_method", text_of(intent, "payment_method"));
    const std::string last4 = method ? text_of(part_of(*method, "card"), "last4") : "";
    return fmt::format(
        "<section><p>Do you confirm that your card ending in <strong>{}</strong> may be kept for "
        "later payments?</p>{}{}</section>\n",
        escape_html(last4), post_form("yes", "", "Confirm"),
        post_form("no", "", "Refuse", "quiet"));
}

std::string setup_outcome(const Json& intent) {
    const std::string status = text_of(intent, "status");
    if (status == "succeeded")
        return "<p class=\"notice\" role=\"status\">The card has been saved.</p>\n";
    const Json& error = part_of(intent, "last_setup_error");
    if (status == "canceled" || error.empty())
        return fmt::format("<p role=\"status\">This request is {}.</p>\n", escape_html(status));
    const bool refused = text_of(error, "code") == "setup_intent_authentication_failure";
    return "<p class=\"problem\" role=\"status\">The card was not saved: " +
           (refused ? "your bank did not confirm it." : escape_html(text_of(error, "message"))) +
           "</p>\n";
}

PageAnswer ask_about_setup(PageRequest& page) {
    const Json& intent = page.object;
    std::string body = "<h1>Your bank asks</h1>";
    if (waits_for_cardholder(intent)) {
        body += question(page.ctx, intent);
    } else {
        body += setup_outcome(intent);
        body += way_back_after(page.ctx, intent);
    }
    return {.status = 200, .html = html_page("Confirm your card", body)};
}

PageAnswer answer_about_setup(PageRequest& page) {
    const std::string action = page.form.text("action").value_or("");
    if (waits_for_cardholder(page.object) && (action == "yes" || action == "no"))
        answer_setup_intent(
            page.ctx, page.object,
            action == "yes" ? CardholderAnswer::Confirmed : CardholderAnswer::Refused);
    return {.status = 303, .html = "", .location = page.path};
}

constexpr auto kSetupPages = std::to_array<PageRoute>({
    {"GET", "/p/setup/{id}", "setup_intent", ask_about_setup},
    {"POST", "/p/setup/{id}", "setup_intent", answer_about_setup},
});

}  // namespace

const Feature& setup_page_feature() {
    static constexpr Feature kFeature{.pages = kSetupPages};
    return kFeature;
}

}  // namespace turnpike::twin
