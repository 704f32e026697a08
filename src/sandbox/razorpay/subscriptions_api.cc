#include <array>
#include <utility>
#include <vector>

#include "sandbox/documents.h"
#include "sandbox/razorpay/plans.h"
#include "sandbox/razorpay/subscriptions.h"

namespace turnpike::twin::razorpay {
namespace {

constexpr std::int64_t kAddonQuantityMax = 1'000;

Json new_addon(Context& ctx, const std::string& subscription, Json item, std::int64_t quantity) {
    return Json{{"id", ctx.new_id("ao")},
                {"entity", "addon"},
                {"item", std::move(item)},
                {"quantity", quantity},
                {"created_at", ctx.now_seconds()},
                {"subscription_id", subscription},
                {"invoice_id", nullptr}};
}

/// The upfront amounts of a new subscription, not stored yet.
std::vector<Json> read_addons(Context& ctx, Params& params, const std::string& subscription,
                              const std::string& currency) {
    std::vector<Json> addons;
    for (Params& given : params.objects("addons")) {
        const auto quantity = given.integer("quantity", 1, kAddonQuantityMax).value_or(1);
        addons.push_back(
            new_addon(ctx, subscription, read_item(ctx, given, "addon", currency), quantity));
        params.absorb(given);
        if (addons.size() > static_cast<std::size_t>(kAddonsMax))
            params.complain(bad_request("Too many addons", "addons"));
    }
    return addons;
}

Json new_subscription(Context& ctx, const std::string& id) {
    return Json{{"id", id},
                {"entity", "subscription"},
                {"plan_id", nullptr},
                {"customer_id", nullptr},
                {"status", "created"},
                {"current_start", nullptr},
                {"current_end", nullptr},
                {"ended_at", nullptr},
                {"quantity", 1},
                {"notes", Json::array()},
                {"charge_at", nullptr},
                {"start_at", nullptr},
                {"end_at", nullptr},
                {"auth_attempts", 0},
                {"total_count", 0},
                {"paid_count", 0},
                {"customer_notify", true},
                {"created_at", ctx.now_seconds()},
                {"expire_by", nullptr},
                {"short_url", ctx.base_url() + "/p/subscription/" + id},
                {"has_scheduled_changes", false},
                {"change_scheduled_at", nullptr},
                {"source", "api"},
                {"payment_method", nullptr},
                {"offer_id", nullptr},
                {"remaining_count", 0},
                {"_cycles", 0}};
}

void read_future(Context& ctx, Params& params, const char* name, Json& subscription) {
    const auto moment = params.timestamp(name);
    if (!moment) return;
    if (*moment <= ctx.now())
        params.complain(
            bad_request(std::string(name) + " cannot be lesser than the current time.", name));
    subscription[name] = unix_seconds(*moment);
}

void read_subscription(Context& ctx, Params& params, Json& subscription) {
    subscription["total_count"] = params.required_integer("total_count", 1, kCyclesMax);
    if (const auto quantity = params.integer("quantity", 1, kQuantityMax))
        subscription["quantity"] = *quantity;
    if (const auto notifies = params.flag("customer_notify"))
        subscription["customer_notify"] = *notifies;
    read_future(ctx, params, "start_at", subscription);
    read_future(ctx, params, "expire_by", subscription);
    subscription["notes"] = notes_of(params);
    if (params.text("offer_id")) params.complain(bad_request("Offer Not Found", "offer_id"));
    params.lacks({"notify_info", "customer_id", "schedule_change_at"});
}

Answer create_subscription(Operation& operation) {
    auto& ctx = operation.ctx;
    auto& params = operation.params;
    const auto id = ctx.new_id("sub");
    Json subscription = new_subscription(ctx, id);
    const auto plan_id = params.required_text("plan_id");
    const auto plan = ctx.find("plan", plan_id);
    if (!plan_id.empty() && !plan) params.complain(no_such_id());
    subscription["plan_id"] = plan_id;
    read_subscription(ctx, params, subscription);
    if (plan && integer_of(subscription, "total_count") > cycles_in_a_century(*plan))
        params.complain(too_many_cycles(*plan, "total_count"));
    const auto addons = read_addons(ctx, params, id, plan ? currency_of(*plan) : "");
    if (const auto complaint = params.complaint()) return Refusal(*complaint);

    set_outlook(subscription, *plan);
    save_subscription(ctx, subscription);
    for (const Json& addon : addons) ctx.put(addon);
    return subscription;
}

Answer fetch_subscription(Operation& operation) {
    if (const auto complaint = operation.params.complaint()) return Refusal(*complaint);
    return object_of_path(operation, "subscription");
}

Answer list_subscriptions(Operation& operation) {
    ListFilter filter;
    filter.parent = operation.params.text("plan_id").value_or("");
    filter.customer = operation.params.text("customer_id").value_or("");
    return list_objects(operation, "subscription", filter);
}

Answer create_addon(Operation& operation) {
    auto& ctx = operation.ctx;
    auto& params = operation.params;
    const auto subscription = object_of_path(operation, "subscription");
    if (!subscription) return subscription;
    const auto id = text_of(*subscription, "id");
    const auto quantity = params.integer("quantity", 1, kAddonQuantityMax).value_or(1);
    Json item = read_item(ctx, params, "addon", currency_of(plan_of(ctx, *subscription)));
    if (const auto complaint = params.complaint()) return Refusal(*complaint);
    const auto state = state_of(*subscription);
    if (state == State::Cancelled || state == State::Completed || state == State::Expired)
        return bad_request("Addon cannot be created for a subscription in " +
                           text_of(*subscription, "status") + " state");
    if (ctx.list("addon", {.parent = id}, {.limit = kAddonsMax}).size() == kAddonsMax)
        return bad_request("Too many addons");
    Json addon = new_addon(ctx, id, std::move(item), quantity);
    ctx.put(addon);
    return addon;
}

Answer fetch_addon(Operation& operation) {
    if (const auto complaint = operation.params.complaint()) return Refusal(*complaint);
    return object_of_path(operation, "addon");
}

Answer list_addons(Operation& operation) { return list_objects(operation, "addon", {}); }

/// Only while no invoice holds it.
Answer delete_addon(Operation& operation) {
    const auto addon = fetch_addon(operation);
    if (!addon) return addon;
    if (!text_of(*addon, "invoice_id").empty())
        return bad_request("Addon cannot be deleted since it has already been added to an invoice");
    operation.ctx.remove("addon", text_of(*addon, "id"));
    return Json::array();
}

constexpr auto kSubscriptionRoutes = std::to_array<Route>({
    {"POST", "/v1/subscriptions", create_subscription},
    {"GET", "/v1/subscriptions", list_subscriptions},
    {"GET", "/v1/subscriptions/{id}", fetch_subscription},
    {"POST", "/v1/subscriptions/{id}/addons", create_addon},
});

constexpr auto kAddonRoutes = std::to_array<Route>({
    {"GET", "/v1/addons", list_addons},
    {"GET", "/v1/addons/{id}", fetch_addon},
    {"DELETE", "/v1/addons/{id}", delete_addon},
});

}  // namespace

std::span<const Route> subscription_routes() { return kSubscriptionRoutes; }
std::span<const Route> addon_routes() { return kAddonRoutes; }

}  // namespace turnpike::twin::razorpay
