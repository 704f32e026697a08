#include "subscriptions/wire.h"

#include "json/write.h"

namespace turnpike {

Json write_subscription(const Subscription& s, std::string_view plan_key) {
    return Json{
        {"id", s.id.text()},
        {"object", "subscription"},
        {"customer", s.customer.text()},
        {"plan", plan_key},
        {"plan_version", s.plan_version.text()},
        {"price", s.price.text()},
        {"status", to_text(s.status)},
        {"current_period", write_period(s.period)},
        {"cancel_at_period_end", s.cancel_at_period_end},
        {"cancel_at", write_instant(s.cancel_at)},
        {"canceled_at", write_instant(s.canceled_at)},
        {"started_at", write_instant(s.started_at)},
        {"ended_at", write_instant(s.ended_at)},
        {"provider", s.provider},
        {"provider_subscription_id", write_optional(s.provider_subscription_id)},
        {"authorization_url", write_optional(s.authorization_url)},
        {"created_at", format_rfc3339(s.created_at)},
        {"version", s.version},
    };
}

}  // namespace turnpike
