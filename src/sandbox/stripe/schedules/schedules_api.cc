#include <algorithm>
#include <array>
#include <utility>

#include "json/value.h"
#include "sandbox/stripe/schedules/following.h"
#include "sandbox/stripe/schedules/phase_params.h"
#include "sandbox/stripe/schedules/schedules.h"
#include "sandbox/stripe/subscriptions/subscriptions.h"
#include "sandbox/stripe/wire/billing_document.h"
#include "sandbox/stripe/wire/paging.h"

namespace turnpike::twin {
namespace {

constexpr std::string_view kScheduleKind = "subscription_schedule";

Outcome<Json> require_schedule(Operation& operation) {
    const std::string& id = operation.path("schedule");
    auto schedule = operation.ctx.find(kScheduleKind, id);
    if (!schedule) return no_such_object(std::string(kScheduleKind), id);
    return *std::move(schedule);
}

/// nullopt while the schedule is open. `action` is "cancel", `done` "canceled".
std::optional<StripeError> check_open(const Json& schedule, const std::string& action,
                                      const std::string& done) {
    if (is_open(schedule)) return std::nullopt;
    StripeError error;
    error.message = "You cannot " + action + " a subscription schedule that is currently in the `" +
                    text_of(schedule, "status") +
                    "` status. It must be in `not_started, active` status to be " + done + ".";
    return error;
}

// --- creation ------------------------------------------------------------------------------
Json blank_schedule(Context& ctx, const Json& customer) {
    const std::string id = text_of(customer, "id");
    const std::int64_t now = unix_seconds(second_of(ctx, id));
    Json schedule;
    schedule["id"] = ctx.new_id("sub_sched");
    schedule["object"] = std::string(kScheduleKind);
    for (const char* member :
         {"application", "canceled_at", "completed_at", "current_phase", "customer_account",
          "released_at", "released_subscription", "subscription"})
        schedule[member] = nullptr;
    schedule["billing_mode"] = {{"flexible", {{"proration_discounts", "included"}}},
                                {"type", "flexible"},
                                {"updated_at", now}};
    schedule["created"] = now;
    schedule["customer"] = id;
    schedule["default_settings"] = default_settings_of_new();
    schedule["end_behavior"] = "release";
    schedule["livemode"] = false;
    schedule["metadata"] = Json::object();
    schedule["phases"] = Json::array();
    schedule["status"] = "not_started";
    schedule["test_clock"] = text_or_null(text_of(customer, "test_clock"));
    return schedule;
}

/// release (default) or cancel; what Stripe has beside them is not for new schedules.
void read_end_behavior(Params& params, Json& schedule) {
    const auto end = params.one_of("end_behavior", {"cancel", "none", "release", "renew"});
    if (end == "none" || end == "renew")
        params.complain(bad_param("end_behavior", "",
                                  "This sandbox ends a schedule with `release` or `cancel`, not "
                                  "with `" +
                                      *end + "`."));
    if (end) schedule["end_behavior"] = *end;
}

void read_billing_mode(Params& params) {
    auto mode = params.object("billing_mode");
    if (!mode) return;
    if (mode->one_of("type", {"flexible", "classic"}) == "classic")
        mode->complain(bad_param(mode->name_of("type"), "",
                                 "This sandbox's schedules bill in flexible mode only."));
    mode->ignore("flexible");
    params.absorb(*mode);
}

/// Where in time a creation begins; "now" when it says nothing.
Instant read_start(Params& params, Instant now) {
    if (params.text("start_date").value_or("now") == "now") return now;
    return params.timestamp("start_date").value_or(now);
}

std::optional<StripeError> check_first_phase(const Json& schedule, Instant now) {
    const Json& first = schedule.at("phases").at(0);
    if (*instant_of(first, "end_date") > now) return std::nullopt;
    return bad_param("phases[0][end_date]", "", "The first phase must end in the future.").error();
}

Outcome<Json> stored_and_begun(Context& ctx, Json schedule, Instant now) {
    // Before its subscription, so that it is the older of the two.
    save_schedule(ctx, schedule);
    if (*instant_of(schedule.at("phases").at(0), "start_date") > now) return schedule;
    return begin_schedule(ctx, std::move(schedule));
}

Answer create_for_customer(Operation& operation) {
    Context& ctx = operation.ctx;
    Params& params = operation.params;
    const std::string id = params.required_text("customer");
    const auto customer = ctx.find("customer", id);
    if (!customer && !id.empty()) return no_such_param("customer", id, "customer");
    const Instant now = second_of(ctx, id);
    const Instant start = read_start(params, now);
    Json schedule = customer ? blank_schedule(ctx, *customer) : Json::object();
    schedule["default_settings"] = default_settings_of_new();
    read_default_settings(params, schedule["default_settings"]);
    read_end_behavior(params, schedule);
    read_billing_mode(params);
    merge_metadata(schedule, params.metadata());
    auto phases = read_phases(ctx, params, {.customer = id, .now = now, .start = start});
    if (!phases) return Refusal(phases.error());
    schedule["phases"] = *std::move(phases);
    if (auto complaint = params.complaint()) return Refusal(*std::move(complaint));
    if (auto error = check_settings(ctx, schedule["default_settings"], id, "default_settings"))
        return Refusal(*std::move(error));
    if (auto error = check_due_days(schedule)) return Refusal(*std::move(error));
    if (auto error = check_first_phase(schedule, now)) return Refusal(*std::move(error));

    auto created = stored_and_begun(ctx, std::move(schedule), now);
    if (created) ctx.emit("subscription_schedule.created", *created);
    return created;
}

/// One phase: the billing period that is running, or what is left until the subscription's end.
Json mirror_of(Context& ctx, const Json& subscription) {
    const auto customer = ctx.find("customer", text_of(subscription, "customer"));
    Json schedule = blank_schedule(ctx, *customer);
    Json& defaults = schedule["default_settings"];
    for (const char* member : {"collection_method", "default_payment_method", "description"})
        defaults[member] = subscription.at(member);
    defaults["invoice_settings"]["days_until_due"] = subscription.at("days_until_due");
    Json phase = phase_of_subscription(subscription);
    const Period period = period_of_item(subscription.at("items").at("data").at(0));
    const auto end = instant_of(subscription, "cancel_at");
    phase["start_date"] = unix_seconds(period.start);
    phase["end_date"] = unix_seconds(end.value_or(period.end));
    if (text_of(subscription, "status") == "trialing")
        phase["trial_end"] = subscription.at("trial_end");
    phase["metadata"] = subscription.at("metadata");
    schedule["phases"].push_back(std::move(phase));
    schedule["status"] = "active";
    schedule["subscription"] = subscription.at("id");
    if (end) schedule["end_behavior"] = "cancel";
    set_current_phase(schedule, 0);
    return schedule;
}

Answer create_from_subscription(Operation& operation) {
    Context& ctx = operation.ctx;
    Params& params = operation.params;
    const std::string id = params.required_text("from_subscription");
    for (const char* other :
         {"customer", "default_settings", "end_behavior", "metadata", "phases", "start_date"})
        params.refuse(other,
                      "You cannot set `" + std::string(other) + "` if `from_subscription` is set.");
    read_billing_mode(params);
    if (auto complaint = params.complaint()) return Refusal(*std::move(complaint));
    auto subscription = ctx.find("subscription", id);
    if (!subscription) return no_such_param("subscription", id, "from_subscription");
    const std::string attached = text_of(*subscription, "schedule");
    if (!attached.empty())
        return bad_param("from_subscription", "",
                         "You cannot migrate a subscription that is already attached to a "
                         "schedule: " +
                             attached + ".");
    const std::string status = text_of(*subscription, "status");
    if (is_ended(*subscription) || status == "incomplete")
        return bad_param(
            "from_subscription", "",
            "You cannot migrate a subscription that is in the `" + status + "` status.");

    const Json schedule = mirror_of(ctx, *subscription);
    save_schedule(ctx, schedule);
    (*subscription)["schedule"] = schedule.at("id");
    update_subscription_document(ctx, *subscription);
    ctx.emit("subscription_schedule.created", schedule);
    return schedule;
}

Answer create_schedule(Operation& operation) {
    return operation.params.has("from_subscription") ? create_from_subscription(operation)
                                                     : create_for_customer(operation);
}

// --- change --------------------------------------------------------------------------------
Instant start_of(const Json& phase) { return *instant_of(phase, "start_date"); }
Instant end_of(const Json& phase) { return *instant_of(phase, "end_date"); }

/// The phases of an active schedule after an update: those that are over stay as they are, also
/// where the request repeats them. Returns the one that runs from now on.
Outcome<std::size_t> replace_phases(Json& schedule, std::vector<Json> given, Instant now) {
    const std::size_t current = current_phase_of(schedule);
    const Instant started = start_of(schedule.at("phases").at(current));
    std::erase_if(given, [&](const Json& phase) { return end_of(phase) <= started; });
    if (given.empty() || start_of(given.front()) != started)
        return bad_param("phases[0][start_date]", "",
                         "You can not modify the start date of the current phase.");
    if (end_of(given.back()) <= now)
        return bad_param("phases", "", "The last phase must end in the future.");
    std::vector<Json> phases = schedule.at("phases").get<std::vector<Json>>();
    phases.resize(current);
    for (Json& phase : given) phases.push_back(std::move(phase));
    const auto running = std::ranges::find_if(
        phases, [&](const Json& phase) { return start_of(phase) <= now && now < end_of(phase); });
    const auto index = static_cast<std::size_t>(running - phases.begin());
    if (index != current && start_of(*running) != now)
        return bad_param("phases[0][end_date]", "",
                         "The current phase can end now or later, not in the past.");
    schedule["phases"] = std::move(phases);
    return index;
}

/// How the subscription follows an update of its schedule.
struct ScheduleUpdate {
    std::optional<std::vector<Json>> phases;
    std::optional<ProrationBehavior> proration;
    bool touches_subscription = false;
};

Outcome<ScheduleUpdate> read_update(Context& ctx, Params& params, Json& schedule) {
    ScheduleUpdate update;
    const std::string customer = text_of(schedule, "customer");
    merge_metadata(schedule, params.metadata());
    read_end_behavior(params, schedule);
    read_default_settings(params, schedule["default_settings"]);
    if (const auto proration =
            params.one_of("proration_behavior", {"always_invoice", "create_prorations", "none"}))
        update.proration = proration_of(*proration);
    if (params.has("phases")) {
        auto phases =
            read_phases(ctx, params, {.customer = customer, .now = second_of(ctx, customer)});
        if (!phases) return Refusal(phases.error());
        update.phases = *std::move(phases);
    }
    update.touches_subscription =
        update.phases || params.has("end_behavior") || params.has("default_settings");
    if (auto complaint = params.complaint()) return Refusal(*std::move(complaint));
    if (auto error =
            check_settings(ctx, schedule["default_settings"], customer, "default_settings"))
        return Refusal(*std::move(error));
    return update;
}

Answer update_waiting(Context& ctx, Json schedule, ScheduleUpdate update, Instant now) {
    if (update.phases) schedule["phases"] = *std::move(update.phases);
    if (auto error = check_due_days(schedule)) return Refusal(*std::move(error));
    if (auto error = check_first_phase(schedule, now)) return Refusal(*std::move(error));
    if (start_of(schedule["phases"][0]) <= now) {
        auto begun = begin_schedule(ctx, schedule);
        if (!begun) return begun;
        schedule = *std::move(begun);
        ctx.emit(
            "subscription_schedule.updated", schedule,
            Json{{"current_phase", nullptr}, {"status", "not_started"}, {"subscription", nullptr}});
        return schedule;
    }
    update_schedule_document(ctx, schedule);
    return schedule;
}

Answer update_active(Context& ctx, Json schedule, ScheduleUpdate update, Instant now) {
    const std::size_t before = current_phase_of(schedule);
    std::size_t index = before;
    if (update.phases) {
        auto running = replace_phases(schedule, *std::move(update.phases), now);
        if (!running) return Refusal(running.error());
        index = *running;
        set_current_phase(schedule, index);
    }
    if (auto error = check_due_days(schedule)) return Refusal(*std::move(error));
    update_schedule_document(ctx, schedule);
    if (!update.touches_subscription) return schedule;
    Following how;
    const Json& phase = schedule.at("phases").at(index);
    if (index == before) how.moment = Following::Moment::Within;
    how.proration = update.proration.value_or(
        index == before ? ProrationBehavior::CreateProrations
                        : proration_of(text_of(phase, "proration_behavior")));
    const auto followed = follow_phase(ctx, schedule, phase, how);
    if (!followed) return Refusal(followed.error());
    return schedule;
}

Answer update_schedule(Operation& operation) {
    Context& ctx = operation.ctx;
    auto schedule = require_schedule(operation);
    if (!schedule) return schedule;
    const Instant now = second_of(ctx, text_of(*schedule, "customer"));
    const bool waits = text_of(*schedule, "status") == "not_started";
    const auto closed = check_open(*schedule, "update", "updated");
    auto update = read_update(ctx, operation.params, *schedule);
    if (!update) return Refusal(update.error());
    if (closed) return Refusal(*closed);
    return waits ? update_waiting(ctx, *std::move(schedule), *std::move(update), now)
                 : update_active(ctx, *std::move(schedule), *std::move(update), now);
}

// --- ends ----------------------------------------------------------------------------------
Answer cancel_schedule(Operation& operation) {
    Context& ctx = operation.ctx;
    Params& params = operation.params;
    CancelRequest request;
    if (params.boolean("invoice_now").value_or(true)) request.invoice = CancelRequest::Invoice::Now;
    if (params.boolean("prorate").value_or(true)) request.prorate = CancelRequest::Prorate::Yes;
    if (auto complaint = params.complaint()) return Refusal(*std::move(complaint));
    auto schedule = require_schedule(operation);
    if (!schedule) return schedule;
    if (auto error = check_open(*schedule, "cancel", "canceled")) return Refusal(*std::move(error));
    auto subscription = ctx.find("subscription", text_of(*schedule, "subscription"));
    if (!subscription) return close_schedule(ctx, *std::move(schedule));
    // The end of its subscription closes the schedule: see subscription_has_ended().
    const auto canceled = cancel_subscription_now(ctx, *std::move(subscription), request);
    if (!canceled) return Refusal(canceled.error());
    return *ctx.find(kScheduleKind, text_of(*schedule, "id"));
}

Answer release_schedule(Operation& operation) {
    Detachment detachment{.status = "released"};
    if (operation.params.boolean("preserve_cancel_date").value_or(false))
        detachment.cancel_date = Detachment::CancelDate::Keep;
    if (auto complaint = operation.params.complaint()) return Refusal(*std::move(complaint));
    auto schedule = require_schedule(operation);
    if (!schedule) return schedule;
    if (auto error = check_open(*schedule, "release", "released"))
        return Refusal(*std::move(error));
    return detach_schedule(operation.ctx, *std::move(schedule), detachment);
}

// --- reading -------------------------------------------------------------------------------
Answer get_schedule(Operation& operation) {
    if (auto complaint = operation.params.complaint()) return Refusal(*std::move(complaint));
    return require_schedule(operation);
}

bool lies_in(std::optional<Instant> moment, const TimeRange& range) {
    if (!range.from && !range.before) return true;
    return moment && (!range.from || *moment >= *range.from) &&
           (!range.before || *moment < *range.before);
}

Answer list_schedules(Operation& operation) {
    Params& params = operation.params;
    ListFilter filter;
    filter.customer = params.text("customer").value_or("");
    read_created(params, filter);
    const auto scheduled = params.boolean("scheduled");
    constexpr std::array<std::string_view, 3> kEnds{"canceled_at", "completed_at", "released_at"};
    std::array<TimeRange, kEnds.size()> ranges;
    for (std::size_t i = 0; i < kEnds.size(); ++i) ranges[i] = read_time_range(params, kEnds[i]);
    return list_objects(operation, kScheduleKind, filter, [&](const Json& schedule) {
        const bool waits = text_of(schedule, "status") == "not_started";
        if (scheduled.value_or(waits) != waits) return false;
        for (std::size_t i = 0; i < kEnds.size(); ++i)
            if (!lies_in(instant_of(schedule, kEnds[i]), ranges[i])) return false;
        return true;
    });
}

constexpr auto kOperations = std::to_array<OperationRoute>({
    {"POST", "/v1/subscription_schedules", create_schedule},
    {"GET", "/v1/subscription_schedules", list_schedules},
    {"GET", "/v1/subscription_schedules/{schedule}", get_schedule},
    {"POST", "/v1/subscription_schedules/{schedule}", update_schedule},
    {"POST", "/v1/subscription_schedules/{schedule}/cancel", cancel_schedule},
    {"POST", "/v1/subscription_schedules/{schedule}/release", release_schedule},
});

constexpr auto kExpandables = std::to_array<Expandable>({
    {"subscription_schedule", "application", "application"},
    {"subscription_schedule", "customer", "customer"},
    {"subscription_schedule", "default_settings.default_payment_method", "payment_method"},
    {"subscription_schedule", "default_settings.on_behalf_of", "account"},
    {"subscription_schedule", "phases.add_invoice_items.price", "price"},
    {"subscription_schedule", "phases.default_payment_method", "payment_method"},
    {"subscription_schedule", "phases.items.plan", "plan"},
    {"subscription_schedule", "phases.items.price", "price"},
    {"subscription_schedule", "phases.on_behalf_of", "account"},
    {"subscription_schedule", "subscription", "subscription"},
    {"subscription_schedule", "test_clock", "test_helpers.test_clock"},
});

constexpr auto kSteps =
    std::to_array<EngineStep>({{"subscription_schedule", sure_step<step_schedule>}});

constexpr auto kListeners = std::to_array<EventListener>({
    {"customer.subscription.deleted", subscription_has_ended},
    {"customer.subscription.updated", subscription_was_changed},
});

}  // namespace

const Feature& schedule_feature() {
    static constexpr Feature kFeature{.operations = kOperations,
                                      .expandables = kExpandables,
                                      .steps = kSteps,
                                      .listeners = kListeners,
                                      .end_customer = end_schedules};
    return kFeature;
}

}  // namespace turnpike::twin
