#include "dialects/saas_orgs_subscription_wire.h"

#include <utility>

#include "json/object_reader.h"
#include "json/write.h"
#include "payments/stripe/provider.h"

namespace turnpike {

Result<OrgSubscribeBody> read_org_subscribe(const http::Request& request) {
    const auto json = request.json();
    if (!json) return failure(json);
    ObjectReader fields(*json);
    OrgSubscribeBody body;
    body.offer.plan = fields.required_text("plan_id");
    body.organization = fields.required_text("organization_id");
    body.offer.currency = read_currency(fields);
    body.offer.interval = read_interval(fields);
    body.trial.days =
        fields.optional_integer("trial_period_days", {.min = 0, .max = kTrialDaysMax});
    body.payment_method = fields.optional_text("payment_method_id");
    body.first_payment = read_first_payment(fields);
    return fields.finish(std::move(body));
}

Result<OrgChangeBody> read_org_change(const http::Request& request) {
    const auto json = request.json();
    if (!json) return failure(json);
    ObjectReader fields(*json);
    OrgChangeBody body;
    const auto plan = fields.optional_text("plan_id");
    const auto interval = read_interval(fields);
    body.cancel_at_period_end = fields.optional_boolean("cancel_at_period_end");
    if (plan) body.offer = PlanOffer{.plan = *plan, .interval = interval};
    if (!plan && (interval || !body.cancel_at_period_end) && fields.complaints().empty())
        fields.complain("plan_id", "required", "is required: the plan to change to");
    return fields.finish(std::move(body));
}

Result<CancelWhen> read_org_cancel(const http::Request& request) {
    if (request.body.empty()) return CancelWhen::AtPeriodEnd;
    const auto json = request.json();
    if (!json) return failure(json);
    ObjectReader fields(*json);
    const bool immediate = fields.optional_boolean("immediate").value_or(false);
    return fields.finish(immediate ? CancelWhen::Now : CancelWhen::AtPeriodEnd);
}

Json write_org_subscription(const ShownOrgSubscription& shown) {
    const Subscription& s = shown.shown.subscription;
    const bool is_stripes = s.provider == stripe::kProviderName;
    return Json{
        {"id", s.id.text()},
        {"object", "subscription"},
        {"organization_id", shown.organization.text()},
        {"plan_id", shown.plan.plan.text()},
        {"plan", shown.plan.key},
        {"plan_name", shown.plan.name},
        {"price_amount", shown.price.amount.minor()},
        {"currency", to_text(shown.price.amount.currency())},
        {"interval", to_text(shown.price.recurrence.interval)},
        {"quantity", s.quantity},
        {"status", to_text(status_at(access_terms(s), shown.shown.now))},
        {"current_period_start", format_rfc3339(s.period.start)},
        {"current_period_end", format_rfc3339(s.period.end)},
        {"trial_start", write_instant(s.trial_start)},
        {"trial_end", write_instant(s.trial_end)},
        {"cancel_at_period_end", s.cancel_at_period_end},
        {"cancel_at", write_instant(s.cancel_at)},
        {"canceled_at", write_instant(s.canceled_at)},
        {"started_at", write_instant(s.started_at)},
        {"ended_at", write_instant(s.ended_at)},
        {"created_at", format_rfc3339(s.created_at)},
        {"provider", s.provider},
        {"stripe_subscription_id",
         is_stripes ? write_optional(s.provider_subscription_id) : Json()},
        {"stripe_customer_id", write_optional(shown.stripe_customer)},
        {"next_action",
         shown.payment_page ? Json{{"type", "pay_invoice"}, {"url", *shown.payment_page}} : Json()},
    };
}

}  // namespace turnpike
