#include "sandbox/stripe/subscriptions/billing_mode.h"

#include <string>
#include <utility>
#include <vector>

#include "json/value.h"
#include "sandbox/stripe/core/customer_of.h"
#include "sandbox/stripe/subscriptions/subscriptions.h"
#include "sandbox/stripe/wire/billing_document.h"

namespace turnpike::twin {
namespace {

/// Reads flexible[proration_discounts]; "" when it is not given.
std::string read_proration_discounts(Params& mode) {
    auto flexible = mode.object("flexible");
    if (!flexible) return "";
    const auto discounts = flexible->one_of("proration_discounts", {"included", "itemized"});
    mode.absorb(*flexible);
    return discounts.value_or("");
}

Json flexible_mode(const std::string& proration_discounts) {
    Json mode;
    mode["flexible"]["proration_discounts"] =
        proration_discounts.empty() ? "included" : proration_discounts;
    mode["type"] = "flexible";
    return mode;
}

}  // namespace

Json default_billing_mode() { return flexible_mode(""); }

Json read_new_billing_mode(Params& params) {
    auto mode = params.object("billing_mode");
    if (!mode) return default_billing_mode();
    const bool classic = mode->one_of("type", {"flexible", "classic"}) == "classic";
    const auto discounts = read_proration_discounts(*mode);
    if (classic && !discounts.empty())
        mode->complain(bad_param("billing_mode[flexible]", "",
                                 "You can only pass billing_mode[flexible] when "
                                 "billing_mode[type] is `flexible`."));
    params.absorb(*mode);
    if (!classic) return flexible_mode(discounts);
    return {{"flexible", nullptr}, {"type", "classic"}};
}

bool is_classic(const Json& subscription) {
    return text_of(part_of(subscription, "billing_mode"), "type") == "classic";
}

bool itemizes_discounts(const Json& subscription) {
    const Json& flexible = part_of(part_of(subscription, "billing_mode"), "flexible");
    return text_of(flexible, "proration_discounts") == "itemized";
}

Answer migrate_subscription(Operation& operation) {
    Context& ctx = operation.ctx;
    Params& params = operation.params;
    std::string discounts;
    auto mode = params.object("billing_mode");
    if (!mode) {
        params.complain(missing_param("billing_mode"));
    } else {
        if (!mode->has("type")) mode->complain(missing_param("billing_mode[type]"));
        mode->one_of("type", {"flexible"});
        discounts = read_proration_discounts(*mode);
        params.absorb(*mode);
    }
    if (auto complaint = params.complaint()) return Refusal(*std::move(complaint));
    const std::string& id = operation.path("subscription");
    auto subscription = ctx.find("subscription", id);
    if (!subscription) return no_such_object("subscription", id);
    if (is_ended(*subscription))
        return bad_param("", "", "A canceled subscription cannot be migrated.");
    if (discounts == "included" && itemizes_discounts(*subscription))
        return bad_param("billing_mode[flexible][proration_discounts]", "",
                         "You cannot migrate a subscription from `itemized` to `included`.");
    if (discounts.empty() && itemizes_discounts(*subscription)) discounts = "itemized";
    Json migrated = flexible_mode(discounts);
    migrated["updated_at"] = unix_seconds(second_of(ctx, text_of(*subscription, "customer")));
    (*subscription)["billing_mode"] = std::move(migrated);
    update_subscription_document(ctx, *subscription);
    return *std::move(subscription);
}

}  // namespace turnpike::twin
