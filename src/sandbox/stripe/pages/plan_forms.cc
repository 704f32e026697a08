#include "sandbox/stripe/pages/plan_forms.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "sandbox/html.h"
#include "sandbox/stripe/core/page_parts.h"
#include "sandbox/stripe/pages/portal_actions.h"
#include "sandbox/stripe/subscriptions/subscriptions_params.h"
#include "sandbox/stripe/wire/billing_document.h"

namespace turnpike::twin {
namespace {

/// The present price too, where something else of the plan can be changed.
std::string price_field(Context& ctx, const std::vector<Json>& prices, const std::string& present,
                        const std::string& field, bool with_present) {
    std::string options;
    std::size_t others = 0;
    for (const Json& price : prices) {
        const std::string id = text_of(price, "id");
        if (id == present && !with_present) continue;
        if (id != present) ++others;
        options += fmt::format("<option value=\"{}\"{}>{}</option>", escape_html(id),
                               id == present ? " selected" : "", price_text(ctx, price));
    }
    if (others == 0) return "";
    return fmt::format(
        "<label for=\"{0}\">Change to</label><select id=\"{0}\" name=\"price\">{1}"
        "</select><br>",
        field, options);
}

bool has_any_range(const Json& features, const std::vector<Json>& prices,
                   const std::string& present) {
    if (quantity_range(features, present)) return true;
    return std::ranges::any_of(prices, [&](const Json& price) {
        return quantity_range(features, text_of(price, "id")).has_value();
    });
}

std::string quantity_field(const Json& subscription, const std::string& field) {
    const Json& item = subscription.at("items").at("data").at(0);
    return fmt::format(
        "<label for=\"{0}_quantity\">Quantity</label><input id=\"{0}_quantity\" "
        "name=\"quantity\" inputmode=\"numeric\" autocomplete=\"off\" required "
        "value=\"{1}\"><br>",
        field, integer_of(item, "quantity"));
}

std::string code_field(const std::string& field) {
    return fmt::format(
        "<label for=\"{0}_code\">Promotion code (if you have one)</label>"
        "<input id=\"{0}_code\" name=\"promotion_code\" autocomplete=\"off\"><br>",
        field);
}

/// What a customer reads of each of kFeedbacks, in their order.
constexpr std::array<std::string_view, kFeedbacks.size()> kReasons{
    "Customer service was less than expected",
    "Quality was less than expected",
    "Some features are missing",
    "Another reason",
    "I am switching to something else",
    "It is too hard to use",
    "It is too expensive",
    "I do not use it enough"};

}  // namespace

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

PortalOffer portal_offer(Context& ctx, const Json& session) {
    PortalOffer offer{portal_features(ctx, session), {}};
    if (is_offered(offer.features, "subscription_update"))
        offer.prices = offered_prices(ctx, offer.features);
    return offer;
}

std::string plan_choice(Context& ctx, const PortalOffer& offer, const Json& subscription,
                        const std::string& field, const std::string& about) {
    if (subscription.at("items").at("data").size() != 1 || !takes_changes(subscription)) return "";
    const std::string present = text_of(subscription.at("items").at("data").at(0), "price");
    const std::vector<Json> prices = prices_for(offer.prices, subscription);
    const bool counts = has_any_range(offer.features, prices, present);
    const bool takes_code = may_change(offer.features, "promotion_code");
    std::string fields;
    if (may_change(offer.features, "price"))
        fields = price_field(ctx, prices, present, field, counts || takes_code);
    if (fields.empty() && !counts) return "";
    if (counts) fields += quantity_field(subscription, field);
    if (takes_code) fields += code_field(field);
    return post_form("change_plan",
                     hidden_field("subscription", text_of(subscription, "id")) + fields,
                     "Change plan" + about);
}

std::string cancel_form(const Json& features, const Json& subscription, const std::string& field,
                        const std::string& about) {
    const Json& asked = part_of(part_of(features, "subscription_cancel"), "cancellation_reason");
    std::string fields = hidden_field("subscription", text_of(subscription, "id"));
    std::string options;
    const Json& offered = part_of(asked, "options");
    for (std::size_t i = 0; i < kFeedbacks.size(); ++i)
        if (std::ranges::find(offered, Json(std::string(kFeedbacks[i]))) != offered.end())
            options += fmt::format("<option value=\"{}\">{}</option>", kFeedbacks[i], kReasons[i]);
    if (flag_of(asked, "enabled") && !options.empty())
        fields += fmt::format(
            "<label for=\"{0}_why\">Why do you cancel?</label><select id=\"{0}_why\" "
            "name=\"reason\"><option value=\"\">I would rather not say</option>{1}</select><br>",
            field, options);
    return post_form("cancel", fields, "Cancel plan" + about, "quiet");
}

}  // namespace turnpike::twin
