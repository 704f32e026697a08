#include "sandbox/razorpay/events.h"

#include <algorithm>
#include <array>

#include "json/value.h"
#include "sandbox/documents.h"
#include "sandbox/razorpay/context.h"

namespace turnpike::twin::razorpay {
namespace {

constexpr auto kEvents = std::to_array<std::string_view>({
    "invoice.expired",
    "invoice.paid",
    "invoice.partially_paid",
    "order.paid",
    "payment.authorized",
    "payment.captured",
    "payment.dispute.action_required",
    "payment.dispute.closed",
    "payment.dispute.created",
    "payment.dispute.lost",
    "payment.dispute.under_review",
    "payment.dispute.won",
    "payment.failed",
    "refund.created",
    "refund.failed",
    "refund.processed",
    "refund.speed_changed",
    "subscription.activated",
    "subscription.authenticated",
    "subscription.cancelled",
    "subscription.charged",
    "subscription.completed",
    "subscription.halted",
    "subscription.paused",
    "subscription.pending",
    "subscription.resumed",
    "subscription.updated",
});

}  // namespace

bool is_event(std::string_view name) { return std::ranges::binary_search(kEvents, name); }

std::string event_body(const std::string& account, std::string_view event,
                       std::initializer_list<const Json*> entities, std::int64_t created_at) {
    Json contains = Json::array();
    Json payload = Json::object();
    for (const Json* entity : entities) {
        const auto kind = text_of(*entity, "entity");
        contains.push_back(kind);
        payload[kind]["entity"] = visible(*entity);
    }
    return to_text(Json{{"entity", "event"},
                        {"account_id", account},
                        {"event", std::string(event)},
                        {"contains", std::move(contains)},
                        {"payload", std::move(payload)},
                        {"created_at", created_at}});
}

}  // namespace turnpike::twin::razorpay
