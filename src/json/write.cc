#include "json/write.h"

#include "base/letter_case.h"

namespace turnpike {

Json write_money(Money money) {
    return Json{{"amount", money.minor()}, {"currency", upper_case(to_text(money.currency()))}};
}

Json write_number(Quantity quantity) { return Json::parse(quantity.text()); }

Json write_instant(const std::optional<Instant>& moment) {
    return moment ? Json(format_rfc3339(*moment)) : Json();
}

Json write_period(const Period& period) {
    return Json{{"start", format_rfc3339(period.start)}, {"end", format_rfc3339(period.end)}};
}

Json write_optional(const std::optional<std::string>& text) { return text ? Json(*text) : Json(); }

}  // namespace turnpike
