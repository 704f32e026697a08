#include "sandbox/stripe/core/page_parts.h"

#include <algorithm>
#include <string_view>

#include <fmt/format.h>

#include "json/value.h"
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
    return escape_html(fmt::format("{}: {} {}{}", product ? text_of(*product, "name") : "Plan",
                                   price_rate_text(price), interval_text(price),
                                   is_metered(price) ? ", by what is used" : ""));
}

std::string sum_row(std::string_view name, const std::string& amount) {
    return fmt::format("<tr><th scope=\"row\">{}</th><td class=\"amount\">{}</td></tr>", name,
                       amount);
}

std::string return_address(const Json& intent) {
    const std::string address = text_of(intent, "_return_url");
    if (address.empty()) return "";
    const std::string status = text_of(intent, "status");
    const bool succeeded = status == "succeeded" || status == "requires_capture";
    return fmt::format("{0}{1}{2}={3}&{2}_client_secret={4}&redirect_status={5}", address,
                       address.find('?') == std::string::npos ? "?" : "&",
                       text_of(intent, "object"), text_of(intent, "id"),
                       text_of(intent, "client_secret"), succeeded ? "succeeded" : "failed");
}

std::string origin_of_address(const std::string& address) {
    const auto scheme = address.find("://");
    if (scheme == std::string::npos) return "";
    const auto end = address.find_first_of("/?#", scheme + 3);
    const std::string origin = address.substr(0, end);
    const bool plain = std::ranges::all_of(origin, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               std::string_view(":/.-[]_").contains(c);
    });
    return plain ? origin : "";
}

}  // namespace turnpike::twin
