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
    json["next_attempt_at"] = write_instant(failing.next_attempt_at);
    json["grace_ends_at"] = write_instant(failing.grace_ends_at);
    return json;
}

Json write_expiring_card(const ExpiringCard& card) {
    Json json = write_watched("expiring_card", card.subscription);
    json["brand"] = card.brand;
    json["last4"] = card.last4;
    json["good_until"] = format_rfc3339(card.good_until);
    json["charged_at"] = format_rfc3339(card.charged_at);
    return json;
}

Json write_monitor(const MonitorState& state) {
    Json open = Json::object();
    for (const FindingKind kind : kFindingKinds) {
        const auto found = state.open.find(kind);
        open[std::string(to_text(kind))] = found == state.open.end() ? 0 : found->second;
    }
    Json at_risk = Json::array();
    for (const auto& risk : state.at_risk)
        at_risk.push_back(
            {{"mrr", write_money(risk.monthly)}, {"subscriptions", risk.subscriptions}});
    Json actions = Json::array();
    for (const auto& lag : state.lags)
        actions.push_back({{"action", lag.action},
                           {"lag_seconds", lag.seconds},
                           {"late", lag.seconds > state.late_after.count()}});
    return Json{{"object", "monitor"},
                {"as_of", format_rfc3339(state.now)},
                {"observed_at", write_instant(state.observed_at)},
                {"open", open},
                {"mrr_at_risk", at_risk},
                {"late_after_seconds", state.late_after.count()},
                {"actions", actions}};
}

Json write_health(const SubscriptionId& subscription, const HealthSignals& signals,
                  const HealthScore& health) {
    Json reasons = Json::array();
    for (const auto& reason : health.reasons) {
        Json numbers = Json::object();
        for (const auto& [name, text] : reason.numbers) numbers[std::string(name)] = text;
        reasons.push_back({{"code", reason.code},
                           {"weight", reason.weight},
                           {"text", reason.text},
                           {"numbers", numbers}});
    }
    return Json{{"object", "subscription_health"},
                {"subscription", subscription.text()},
                {"status", to_text(signals.status)},
                {"as_of", format_rfc3339(signals.now)},
                {"score", health.score},
                {"reasons", reasons}};
}

}  // namespace turnpike
