#include "sandbox/stripe/schedules/schedule_requests.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "json/value.h"
#include "sandbox/stripe/core/customer_of.h"
#include "sandbox/stripe/schedules/following.h"
#include "sandbox/stripe/schedules/schedules.h"
#include "sandbox/stripe/subscriptions/billing_mode.h"
#include "sandbox/stripe/subscriptions/subscriptions.h"
#include "sandbox/stripe/wire/billing_document.h"

namespace turnpike::twin {
namespace {

/// release (default) or cancel. Stripe's types still name `none` and `renew`; its reference does
/// not.
void read_end_behavior(Params& params, Json& schedule) {
    if (const auto end = params.one_of("end_behavior", {"cancel", "release"}))
        schedule["end_behavior"] = *end;
}

std::optional<StripeError> check_first_phase(const Json& schedule, Instant now) {
    const Json& first = schedule.at("phases").at(0);
    if (*instant_of(first, "end_date") > now) return std::nullopt;
    return bad_param("phases[0][end_date]", "", "The first phase must end in the future.").error();
}

/// One phase: the billing period that is running, or what is left until the subscription's end.
Json mirror_of(Context& ctx, const Json& subscription) {
    const auto customer = ctx.find("customer", text_of(subscription, "customer"));
    Json schedule = blank_schedule(ctx, *customer);
    schedule["billing_mode"] = subscription.at("billing_mode");
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

Outcome<Json> stored_and_begun(Context& ctx, Json schedule, Instant now) {
    // Before its subscription, so that it is the older of the two.
    save_schedule(ctx, schedule);
    if (*instant_of(schedule.at("phases").at(0), "start_date") > now) return schedule;
    return begin_schedule(ctx, std::move(schedule));
}

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

std::optional<RunningPhase> running_phase(Context& ctx, const Json& schedule) {
    auto subscription = ctx.find("subscription", text_of(schedule, "subscription"));
    if (!subscription) return std::nullopt;
    return RunningPhase{schedule.at("phases").at(current_phase_of(schedule)),
                        *std::move(subscription)};
}

std::vector<std::string> prices_of(const Json& schedule) {
    std::vector<std::string> prices;
    for (const Json& phase : schedule.at("phases"))
        for (const Json& item : phase.at("items")) prices.push_back(text_of(item, "price"));
    return prices;
}

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
        auto phases = read_phases(ctx, params,
                                  {.customer = customer,
                                   .now = second_of(ctx, customer),
                                   .running = running_phase(ctx, schedule),
                                   .prices_in_use = prices_of(schedule)});
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

Outcome<Json> update_waiting(Context& ctx, Json schedule, ScheduleUpdate update, Instant now) {
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

Outcome<Json> update_active(Context& ctx, Json schedule, ScheduleUpdate update, Instant now) {
    const std::size_t before = current_phase_of(schedule);
    Json running = schedule.at("phases").at(before);
    std::size_t index = before;
    if (update.phases) {
        const auto replaced = replace_phases(schedule, *std::move(update.phases), now);
        if (!replaced) return Refusal(replaced.error());
        index = *replaced;
        set_current_phase(schedule, index);
    }
    if (auto error = check_due_days(schedule)) return Refusal(*std::move(error));
    update_schedule_document(ctx, schedule);
    if (!update.touches_subscription) return schedule;
    Following how;
    const Json& phase = schedule.at("phases").at(index);
    if (index == before) {
        how.moment = Following::Moment::Within;
        how.before = std::move(running);
    }
    how.proration = update.proration.value_or(
        index == before ? ProrationBehavior::CreateProrations
                        : proration_of(text_of(phase, "proration_behavior")));
    const auto followed = follow_phase(ctx, schedule, phase, how);
    if (!followed) return Refusal(followed.error());
    return schedule;
}

}  // namespace

std::optional<StripeError> check_open(const Json& schedule, const std::string& action,
                                      const std::string& done) {
    if (is_open(schedule)) return std::nullopt;
    StripeError error;
    error.message = "You cannot " + action + " a subscription schedule that is currently in the `" +
                    text_of(schedule, "status") +
                    "` status. It must be in `not_started, active` status to be " + done + ".";
    return error;
}

Json blank_schedule(Context& ctx, const Json& customer) {
    const std::string id = text_of(customer, "id");
    const std::int64_t now = unix_seconds(second_of(ctx, id));
    Json schedule;
    schedule["id"] = ctx.new_id("sub_sched");
    schedule["object"] = "subscription_schedule";
    for (const char* member :
         {"application", "canceled_at", "completed_at", "current_phase", "customer_account",
          "released_at", "released_subscription", "subscription"})
        schedule[member] = nullptr;
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

Json schedule_subscription(Context& ctx, Json subscription) {
    Json schedule = mirror_of(ctx, subscription);
    save_schedule(ctx, schedule);
    subscription["schedule"] = schedule.at("id");
    update_subscription_document(ctx, subscription);
    ctx.emit("subscription_schedule.created", schedule);
    return schedule;
}

Json follow_with(Context& ctx, Json schedule, Json phase) {
    const std::size_t current = current_phase_of(schedule);
    Json& phases = schedule["phases"];
    while (phases.size() > current + 1) phases.erase(phases.size() - 1);
    phases.push_back(std::move(phase));
    schedule["end_behavior"] = "release";
    update_schedule_document(ctx, schedule);
    return schedule;
}

Outcome<Json> make_schedule(Context& ctx, Params& params, const PhaseReading& reading) {
    const auto customer = ctx.find("customer", reading.customer);
    Json schedule = customer ? blank_schedule(ctx, *customer) : Json::object();
    schedule["default_settings"] = default_settings_of_new();
    read_default_settings(params, schedule["default_settings"]);
    read_end_behavior(params, schedule);
    schedule["billing_mode"] = read_new_billing_mode(params);
    schedule["billing_mode"]["updated_at"] = unix_seconds(reading.now);
    merge_metadata(schedule, params.metadata());
    auto phases = read_phases(ctx, params, reading);
    if (!phases) return Refusal(phases.error());
    schedule["phases"] = *std::move(phases);
    if (auto complaint = params.complaint()) return Refusal(*std::move(complaint));
    if (auto error =
            check_settings(ctx, schedule["default_settings"], reading.customer, "default_settings"))
        return Refusal(*std::move(error));
    if (auto error = check_due_days(schedule)) return Refusal(*std::move(error));
    if (auto error = check_first_phase(schedule, reading.now)) return Refusal(*std::move(error));

    return stored_and_begun(ctx, std::move(schedule), reading.now);
}

Outcome<Json> change_schedule(Context& ctx, Params& params, Json schedule) {
    const Instant now = second_of(ctx, text_of(schedule, "customer"));
    const bool waits = text_of(schedule, "status") == "not_started";
    const auto closed = check_open(schedule, "update", "updated");
    auto update = read_update(ctx, params, schedule);
    if (!update) return Refusal(update.error());
    if (closed) return Refusal(*closed);
    return waits ? update_waiting(ctx, std::move(schedule), *std::move(update), now)
                 : update_active(ctx, std::move(schedule), *std::move(update), now);
}

}  // namespace turnpike::twin
