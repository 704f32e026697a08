#include "sandbox/stripe/subscriptions/end_requests.h"

#include "json/value.h"
#include "sandbox/stripe/wire/billing_document.h"
#include "sandbox/stripe/wire/exclusive.h"
#include "sandbox/stripe/wire/params.h"

namespace turnpike::twin {
namespace {

std::optional<Instant> resolve_cancel_at(const std::string& text, const PeriodEnds& ends) {
    if (text == "min_period_end") return ends.first;
    if (text == "max_period_end") return ends.last;
    Json form;
    form["cancel_at"] = text;
    return Params(form).timestamp("cancel_at");
}

}  // namespace

std::optional<StripeError> ask_for_end(Json& subscription, const EndRequest& request,
                                       const PeriodEnds& ends, Instant now) {
    if (request.cancel_at && request.at_period_end.value_or(false))
        return only_one_of("cancel_at", "cancel_at_period_end").error();
    if (request.at_period_end) {
        const bool wanted = *request.at_period_end;
        const bool already = flag_of(subscription, "cancel_at_period_end");
        if (wanted && !already)
            set_cancel_at(subscription, ends.first, CancelFlag::AtPeriodEnd, now);
        if (!wanted && instant_of(subscription, "cancel_at") && !request.cancel_at)
            set_cancel_at(subscription, std::nullopt, CancelFlag::AtPeriodEnd, now);
    }
    if (!request.cancel_at) return std::nullopt;
    if (request.cancel_at->empty()) {
        set_cancel_at(subscription, std::nullopt, CancelFlag::AtDate, now);
        return std::nullopt;
    }
    const auto when = resolve_cancel_at(*request.cancel_at, ends);
    if (!when)
        return bad_param("cancel_at", "", "Invalid timestamp: " + *request.cancel_at).error();
    if (*when <= now)
        return bad_param("cancel_at", "", "Invalid timestamp: must be in the future.").error();
    set_cancel_at(subscription, when, CancelFlag::AtDate, now);
    return std::nullopt;
}

void set_cancel_at(Json& subscription, std::optional<Instant> when, CancelFlag flag, Instant now) {
    subscription["cancel_at"] = seconds_or_null(when);
    subscription["cancel_at_period_end"] = when.has_value() && flag == CancelFlag::AtPeriodEnd;
    if (!when) {
        subscription["canceled_at"] = nullptr;
        subscription["cancellation_details"]["reason"] = nullptr;
        return;
    }
    subscription["canceled_at"] = unix_seconds(now);
    subscription["cancellation_details"]["reason"] = "cancellation_requested";
}

}  // namespace turnpike::twin
