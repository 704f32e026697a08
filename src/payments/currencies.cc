#include "payments/currencies.h"

#include <string>

#include "base/letter_case.h"
#include "payments/reply_reader.h"

namespace turnpike {

Result<std::int64_t> wire_amount(Money amount) {
    if (!can_be_charged(amount))
        return invalid_argument("payment.amount_not_chargeable",
                                amount.text() + " is not a multiple of ten minor units");
    return amount.minor();
}

std::string upper_code(Currency currency) { return upper_case(to_text(currency)); }

Result<Money> read_amount(std::int64_t amount, std::string_view currency) {
    const auto known = parse_currency(currency);
    if (!known) return unexpected_reply("currency '" + std::string(currency) + "'");
    auto money = Money::bounded(amount, *known);
    if (!money) return unexpected_reply("amount " + std::to_string(amount) + " out of range");
    return money;
}

Money read_returned(ReplyReader& fields, const std::string& kind) {
    const auto amount = read_amount(fields.integer("amount"), fields.text("currency"));
    if (!amount || amount->minor() < 0) {
        fields.complain(kind + ".amount or its currency cannot be meant");
        return {0, Currency::Usd};
    }
    return *amount;
}

}  // namespace turnpike
