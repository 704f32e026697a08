#include "sandbox/stripe/coupons/redemption.h"

#include <utility>

#include "json/value.h"
#include "sandbox/stripe/wire/billing_document.h"

namespace turnpike::twin {
namespace {

constexpr auto kSecond = std::chrono::seconds(1);

bool is_coupon(const Json& object) { return text_of(object, "object") == "coupon"; }

std::string switch_of(const Json& object) { return is_coupon(object) ? "valid" : "active"; }

bool is_on(const Json& object) { return flag_of(object, switch_of(object)); }

}  // namespace

std::optional<Instant> lapses_at(const Json& object) {
    if (!is_coupon(object)) return instant_of(object, "expires_at");
    // redeem_by is the last second that is good; expires_at the first that is not.
    const auto last = instant_of(object, "redeem_by");
    return last ? std::optional(*last + kSecond) : std::nullopt;
}

bool has_room(const Json& object, Instant now, std::int64_t uncounted) {
    const auto most = integer_of(object, "max_redemptions");  // at least 1 where there is a limit
    const bool used_up = most > 0 && integer_of(object, "times_redeemed") + uncounted >= most;
    const auto end = lapses_at(object);
    return !used_up && (!end || now < *end);
}

bool is_redeemable(const Json& object, Instant now) {
    return is_on(object) && has_room(object, now);
}

void schedule_lapse(Context& ctx, const Json& object) {
    ctx.put_due(object, is_on(object) ? lapses_at(object) : std::nullopt, "");
}

void settle_redemptions(Context& ctx, Json object) {
    const bool open = has_room(object, ctx.now());
    if (!open) object[switch_of(object)] = false;
    ctx.put(object);
    schedule_lapse(ctx, object);
    if (!open && is_coupon(object)) end_promotion_codes(ctx, text_of(object, "id"));
}

void count_redemption(Context& ctx, Json object) {
    object["times_redeemed"] = integer_of(object, "times_redeemed") + 1;
    settle_redemptions(ctx, std::move(object));
}

void end_promotion_codes(Context& ctx, const std::string& coupon) {
    for (auto& code : ctx.list("promotion_code", {.parent = coupon})) {
        code["active"] = false;
        ctx.put(code);
        schedule_lapse(ctx, code);
    }
}

}  // namespace turnpike::twin
