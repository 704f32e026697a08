#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sandbox/stripe/core/context.h"

/// What a checkout session sells: Stripe's "item" documents, in the session's list `line_items`.
namespace turnpike::twin {

/// One entry of line_items, its price found, or made from price_data and stored.
struct SoldLine {
    Json price;
    std::optional<std::int64_t> quantity{};  ///< none of what is metered
    Json adjustable;  ///< {"enabled", "maximum", "minimum"} where the payer chooses; null
    Json metadata = Json::object();
    std::string param;  ///< "line_items[0]"
};

/// Reads line_items of a session in `mode` ("payment", "subscription").
/// Errors: 400 for prices that do not exist, are not sold any more, or do not go with the mode, and
/// for too many lines.
Outcome<std::vector<SoldLine>> read_sold_lines(Context& ctx, Params& params,
                                               const std::string& mode);

bool is_recurring_price(const Json& price);

enum class Trial : bool { No, Yes };
/// The line's document. What recurs costs nothing today when it begins with a trial.
Json line_item(Context& ctx, const SoldLine& line, Trial trial);

/// The documents of a session's lines, in the order of the request.
const Json& lines_of(const Json& session);

}  // namespace turnpike::twin
