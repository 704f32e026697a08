#include "sandbox/stripe/core/page_parts.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "json/value.h"
#include "sandbox/characters.h"
#include "sandbox/html.h"
#include "sandbox/stripe/core/context.h"
#include "sandbox/stripe/wire/billing_document.h"
#include "sandbox/stripe/wire/price_amount.h"

namespace turnpike::twin {
namespace {

std::string interval_text(const Json& price) {
    const Json& recurring = part_of(price, "recurring");
    const std::int64_t count = integer_of(recurring, "interval_count");
    const std::string name = text_of(recurring, "interval");
    return count > 1 ? fmt::format("every {} {}s", count, name) : "per " + name;
}

/// "$99.00", "$5.00 per 10", "by tiers"
std::string price_rate_text(const Json& price) {
    if (is_tiered(price)) return "by tiers";
    const std::string rate =
        format_rate(text_of(price, "unit_amount_decimal"), text_of(price, "currency"));
    const std::int64_t package = integer_of(part_of(price, "transform_quantity"), "divide_by");
    return package > 1 ? fmt::format("{} per {}", rate, package) : rate;
}

/// As people know it: "Visa".
std::string brand_name(const std::string& brand) {
    constexpr auto kNames = std::to_array<std::pair<std::string_view, std::string_view>>({
        {"amex", "American Express"},
        {"diners", "Diners Club"},
        {"discover", "Discover"},
        {"jcb", "JCB"},
        {"mastercard", "Mastercard"},
        {"unionpay", "UnionPay"},
        {"visa", "Visa"},
    });
    const auto* const known =
        std::ranges::find(kNames, brand, &std::pair<std::string_view, std::string_view>::first);
    return known == kNames.end() ? brand : std::string(known->second);
}

bool has_succeeded(const Json& intent) {
    const std::string status = text_of(intent, "status");
    return status == "succeeded" || status == "requires_capture";
}

}  // namespace

std::string money_text(const Json& object, const char* member) {
    return money_text(integer_of(object, member), object);
}

std::string money_text(std::int64_t amount, const Json& object) {
    return escape_html(format_amount(amount, text_of(object, "currency")));
}

std::string day_text(const Json& object, const char* member) {
    const auto moment = instant_of(object, member);
    return moment ? long_day(*moment) : "";
}

std::string price_text(Context& ctx, const Json& price) {
    const auto product = ctx.find("product", text_of(price, "product"));
    const std::string what = name_text(product ? text_of(*product, "name") : "Plan");
    const std::string rate = price_rate_text(price);
    if (!is_metered(price)) return what + ": " + escape_html(rate + " " + interval_text(price));
    const bool one_by_one = !is_tiered(price) && part_of(price, "transform_quantity").empty();
    return what + ": " +
           escape_html(fmt::format("{}{}, {} by what is used", rate, one_by_one ? " each" : "",
                                   interval_text(price)));
}

std::string method_text(const Json& method) {
    const Json& debit = part_of(method, "sepa_debit");
    const Json& card = part_of(method, "card");
    if (card.empty() && debit.empty()) return "";
    const std::string what = card.empty() ? "Bank account" : brand_name(text_of(card, "brand"));
    return escape_html(what + " ending in " + text_of(card.empty() ? debit : card, "last4"));
}

std::string name_text(std::string_view name) {
    constexpr std::string_view kIsolate = "\u2068";
    constexpr std::string_view kEnd = "\u2069";
    const bool is_plain =
        std::ranges::all_of(name, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
    if (is_plain) return escape_html(name);
    return fmt::format("{}{}{}", kIsolate, escape_html(name), kEnd);
}

std::string unseen_text(const std::string& html) {
    return "<span class=\"unseen\">" + html + "</span>";
}

std::string typed_text(Params& form, std::string_view field) {
    return std::string(trimmed(form.text(field).value_or("")));
}

std::string sum_row(std::string_view name, const std::string& amount) {
    return fmt::format("<tr><th scope=\"row\">{}</th><td class=\"amount\">{}</td></tr>", name,
                       amount);
}

std::string return_address(const Json& intent) {
    const std::string address = text_of(intent, "_return_url");
    if (address.empty()) return "";
    // What follows '#' never leaves the browser.
    const auto end = std::min(address.find('#'), address.size());
    const std::string page = address.substr(0, end);
    return fmt::format("{0}{1}{2}={3}&{2}_client_secret={4}&redirect_status={5}{6}", page,
                       page.find('?') == std::string::npos ? "?" : "&", text_of(intent, "object"),
                       text_of(intent, "id"), text_of(intent, "client_secret"),
                       has_succeeded(intent) ? "succeeded" : "failed", address.substr(end));
}

std::string way_back_after(Context& ctx, const Json& intent) {
    const std::string address = return_address(intent);
    if (address.empty()) return "";
    // Of this sandbox's own pages only checkout wants its payer back.
    const bool is_unpaid_checkout =
        address.starts_with(ctx.base_url() + "/") && !has_succeeded(intent);
    return link_line(address, is_unpaid_checkout ? "Back to checkout" : "Return to the shop");
}

}  // namespace turnpike::twin
