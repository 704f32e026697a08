#include "subscriptions/wire.h"

#include "json/write.h"
#include "subscriptions/discounts.h"

namespace turnpike {
namespace {

Json write_trial(const Subscription& s) {
    if (!s.trial_end) return nullptr;
    Json trial{{"start", write_instant(s.trial_start)}, {"end", write_instant(s.trial_end)}};
    trial["end_behavior"] = s.trial_end_behavior ? Json(to_text(*s.trial_end_behavior)) : Json();
    return trial;
}

Json write_pause(const Subscription& s) {
    if (!s.pause) return nullptr;
    return Json{{"behavior", to_text(s.pause->behavior)},
                {"paused_at", write_instant(s.paused_at)},
                {"resumes_at", write_instant(s.pause->resumes_at)}};
}

Json write_pending_change(const ShownSubscription& shown) {
    const auto& change = shown.subscription.pending_change;
    if (!change) return nullptr;
    return Json{{"plan", shown.pending_plan},
                {"price", change->price.text()},
                {"quantity", change->quantity},
                {"at", format_rfc3339(change->at)}};
}

}  // namespace

Json write_subscription(const ShownSubscription& shown) {
    const Subscription& s = shown.subscription;
    const AccessTerms terms = access_terms(s);
    const auto status = status_at(terms, shown.now);
    const bool gives = grants_access(status) && shown.now < gives_plan_until(terms, shown.now);
    return Json{
        {"id", s.id.text()},
        {"object", "subscription"},
        {"customer", s.customer.text()},
        {"plan", shown.plan},
        {"plan_version", s.plan_version.text()},
        {"price", s.price.text()},
        {"quantity", s.quantity},
        {"status", to_text(status)},
        {"gives_access", gives && !s.ended_at},
        {"grace_ends_at", write_instant(s.grace_ends_at)},
        {"current_period", write_period(s.period)},
        {"trial", write_trial(s)},
        {"pause", write_pause(s)},
        {"pending_change", write_pending_change(shown)},
        {"discounts", write_discounts(shown.discounts, shown.now)},
        {"cancel_at_period_end", s.cancel_at_period_end},
        {"cancel_at", write_instant(s.cancel_at)},
        {"canceled_at", write_instant(s.canceled_at)},
        {"cancel_comment", write_optional(s.cancel_comment)},
        {"cancel_feedback", write_optional(s.cancel_feedback)},
        {"started_at", write_instant(s.started_at)},
        {"ended_at", write_instant(s.ended_at)},
        {"provider", s.provider},
        {"provider_subscription_id", write_optional(s.provider_subscription_id)},
        {"provider_customer_id", write_optional(shown.provider_customer)},
        {"authorization_url", write_optional(s.authorization_url)},
        {"created_at", format_rfc3339(s.created_at)},
        {"version", s.version},
    };
}

}  // namespace turnpike
