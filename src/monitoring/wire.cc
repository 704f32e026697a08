#include "monitoring/wire.h"

#include "json/write.h"

namespace turnpike {
namespace {

Json write_watched(std::string_view object, const WatchedSubscription& watched) {
    return Json{{"object", object},
                {"subscription", watched.id.text()},
                {"customer", watched.customer.text()},
                {"external_id", watched.external_id},
                {"email", write_optional(watched.email)},
                {"name", write_optional(watched.name)},
                {"catalog", watched.catalog},
                {"plan", watched.plan},
                {"plan_name", watched.plan_name},
                {"amount", write_money(watched.amount)},
                {"quantity", watched.quantity},
                {"provider", watched.provider},
                {"status", to_text(watched.status)}};
}

}  // namespace

Json write_expiring(const ExpiringSubscription& expiring) {
    Json json = write_watched("expiring_subscription", expiring.subscription);
    json["reason"] = to_text(expiring.reason);
    json["at"] = format_rfc3339(expiring.at);
    const auto& behavior = expiring.trial_end_behavior;
    json["trial_end_behavior"] = behavior ? Json(to_text(*behavior)) : Json();
    return json;
}

Json write_failing(const FailingSubscription& failing) {
    Json json = write_watched("failing_subscription", failing.subscription);
    json["since"] = format_rfc3339(failing.since);
    json["amount_due"] = write_money(failing.amount_due);
    json["attempts"] = failing.attempts;
    json["grace_ends_at"] = write_instant(failing.grace_ends_at);
    return json;
}

}  // namespace turnpike
