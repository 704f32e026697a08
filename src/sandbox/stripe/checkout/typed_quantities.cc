#include "sandbox/stripe/checkout/typed_quantities.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "sandbox/characters.h"
#include "sandbox/documents.h"
#include "sandbox/stripe/checkout/session_discounts.h"
#include "sandbox/stripe/checkout/session_document.h"
#include "sandbox/stripe/checkout/session_lines.h"
#include "sandbox/stripe/checkout/session_payment.h"
#include "sandbox/stripe/core/page_parts.h"
#include "sandbox/stripe/wire/amounts.h"

namespace turnpike::twin {
namespace {

Outcome<std::int64_t> read_typed_quantity(const Json& line, const std::string& typed) {
    const Json& range = line.at("adjustable_quantity");
    // A line that is bought is bought once at least.
    const std::int64_t least = std::max<std::int64_t>(1, integer_of(range, "minimum"));
    const std::int64_t most = integer_of(range, "maximum");
    const auto quantity = parse_integer(typed);
    if (quantity && *quantity >= least && *quantity <= most) return *quantity;
    return bad_param("", "",
                     "The quantity must be a whole number from " + std::to_string(least) + " to " +
                         std::to_string(most) + ".");
}

}  // namespace

std::string quantity_field_of(std::size_t line) { return "quantity_" + std::to_string(line); }

bool is_adjustable(const Json& line) {
    return flag_of(part_of(line, "adjustable_quantity"), "enabled");
}

Outcome<bool> take_typed_quantities(PageRequest& page) {
    Json session = page.object;
    std::vector<Json> lines(lines_of(session).begin(), lines_of(session).end());
    bool changed = false;
    for (std::size_t i = 0; i < lines.size(); ++i) {
        const std::string field = quantity_field_of(i);
        if (!page.form.has(field) || !is_adjustable(lines[i])) continue;
        const auto quantity = read_typed_quantity(lines[i], typed_text(page.form, field));
        if (!quantity) return Refusal(quantity.error());
        if (*quantity == integer_of(lines[i], "quantity")) continue;
        const Json& price = lines[i].at("price");
        const bool later = begins_with_trial(session) && is_recurring_price(price);
        lines[i]["amount_subtotal"] = later ? 0 : total_of(price, *quantity);
        lines[i]["quantity"] = *quantity;
        changed = true;
    }
    if (!changed) return false;
    put_lines(session, lines);
    if (auto error = discount_again(page.ctx, session)) return Refusal(*std::move(error));
    page.object = std::move(session);
    forget_attempt(page.ctx, page.object);
    return true;
}

}  // namespace turnpike::twin
