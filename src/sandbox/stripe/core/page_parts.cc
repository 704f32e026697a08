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

std::string return_address(const Json& intent) {
    const std::string address = text_of(intent, "_return_url");
    if (address.empty()) return "";
    const std::string status = text_of(intent, "status");
    const bool succeeded = status == "succeeded" || status == "requires_capture";
    // What follows '#' never leaves the browser.
    const auto end = std::min(address.find('#'), address.size());
    const std::string page = address.substr(0, end);
    return fmt::format("{0}{1}{2}={3}&{2}_client_secret={4}&redirect_status={5}{6}", page,
                       page.find('?') == std::string::npos ? "?" : "&",
                       text_of(intent, "object"), text_of(intent, "id"),
                       text_of(intent, "client_secret"), succeeded ? "succeeded" : "failed",
                       address.substr(end));
}

}  // namespace turnpike::twin
