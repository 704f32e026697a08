#include "billing/telling/checkout_wire.h"

#include "json/write.h"

namespace turnpike {

Json write_checkout(const CheckoutSession& s, std::string_view plan) {
    const bool complete = s.status == CheckoutStatus::Complete;
    return Json{{"id", s.id.text()},
                {"object", "checkout_session"},
                {"customer", s.customer.text()},
                {"plan", plan},
                {"plan_version", s.plan_version.text()},
                {"price", s.price.text()},
                {"quantity", s.quantity},
                {"trial_days", s.trial_days},
                {"status", to_text(s.status)},
                {"url", write_optional(s.url)},
                {"success_url", s.success_url},
                {"cancel_url", s.cancel_url},
                {"subscription", complete ? Json(s.subscription.text()) : Json()},
                {"provider", s.provider},
                {"provider_session_id", write_optional(s.provider_session_id)},
                {"expires_at", format_rfc3339(s.expires_at)},
                {"created_at", format_rfc3339(s.created_at)}};
}

}  // namespace turnpike
