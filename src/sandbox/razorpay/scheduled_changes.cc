#include "sandbox/razorpay/scheduled_changes.h"

#include "sandbox/documents.h"
#include "sandbox/razorpay/plans.h"
#include "sandbox/razorpay/subscriptions.h"

namespace turnpike::twin::razorpay {

void apply_changes(Json& subscription, const Json& changes) {
    for (const char* name : {"plan_id", "quantity", "customer_notify"})
        if (changes.contains(name)) subscription[name] = changes.at(name);
    if (changes.contains("remaining_count"))
        subscription["total_count"] =
            integer_of(subscription, "_cycles") + integer_of(changes, "remaining_count");
}

void apply_scheduled_changes(Context& ctx, Json& subscription) {
    const Json changes = part_of(subscription, "_scheduled");
    if (changes.empty()) return;
    const auto before = interval_of_plan(plan_of(ctx, subscription));
    apply_changes(subscription, changes);
    const Json plan = plan_of(ctx, subscription);
    if (interval_of_plan(plan) != before) {
        // The next cycle is the first of a new count.
        subscription["_anchor"] = subscription.at("current_end");
        subscription["_index"] = -1;
    }
    subscription["has_scheduled_changes"] = false;
    subscription["change_scheduled_at"] = nullptr;
    subscription["_scheduled"] = nullptr;
    set_outlook(subscription, plan);
    ctx.put(subscription);
    ctx.emit("subscription.updated", {&subscription});
}

}  // namespace turnpike::twin::razorpay
