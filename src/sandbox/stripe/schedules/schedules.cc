#include "sandbox/stripe/schedules/schedules.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "json/value.h"
#include "sandbox/stripe/core/customer_of.h"
#include "sandbox/stripe/schedules/following.h"
#include "sandbox/stripe/schedules/phase_discounts.h"
#include "sandbox/stripe/schedules/phase_params.h"
#include "sandbox/stripe/subscriptions/subscriptions.h"
#include "sandbox/stripe/wire/billing_document.h"

namespace turnpike::twin {
namespace {

Instant now_of(Context& ctx, const Json& schedule) {
    return second_of(ctx, text_of(schedule, "customer"));
}

bool is_not_started(const Json& schedule) { return text_of(schedule, "status") == "not_started"; }

const Json& last_phase(const Json& schedule) { return schedule.at("phases").back(); }

/// The end is the subscription's cancel_at, which the engine minds: see subscription_has_ended().
bool ends_with_subscription(const Json& schedule) {
    return text_of(schedule, "end_behavior") == "cancel" &&
           current_phase_of(schedule) + 1 == schedule.at("phases").size();
}

/// When the schedule itself moves on.
std::optional<Instant> next_turn(const Json& schedule) {
    if (is_not_started(schedule)) return instant_of(schedule.at("phases").at(0), "start_date");
    if (ends_with_subscription(schedule)) return std::nullopt;
    return instant_of(schedule.at("current_phase"), "end_date");
}

/// nullopt: the notice was given already.
std::optional<Instant> notice_at(const Json& schedule) {
    const Json& end = last_phase(schedule).at("end_date");
    if (is_not_started(schedule) || schedule.value("_expiring_told", Json()) == end)
        return std::nullopt;
    return from_unix_seconds(end.get<std::int64_t>()) - kExpiringNotice;
}

/// A turn is planned for the last microsecond before its time, at which it then happens: it must
/// come before the renewal of that very second, also where the subscription is the older object.
std::optional<Instant> next_step(Context& ctx, const Json& schedule) {
    if (!is_open(schedule)) return std::nullopt;
    std::optional<Instant> next = next_turn(schedule);
    if (next) *next -= Duration(1);
    if (const auto notice = notice_at(schedule)) {
        const Instant when = std::max(*notice, now_of(ctx, schedule));
        next = std::min(next.value_or(when), when);
    }
    return next;
}

void plan_step(Context& ctx, const Json& schedule) {
    ctx.put_due(schedule, next_step(ctx, schedule), text_of(schedule, "test_clock"));
}

/// Takes back the end that the schedule had set; a period that it cut is charged to its end.
/// False when there is none: nothing is stored then.
bool live_on(Context& ctx, const Json& subscription) {
    if (!instant_of(subscription, "cancel_at")) return false;
    PlanChange change;
    change.end.cancel_at = std::string();
    auto planned = plan_change(ctx, subscription, change);
    check(planned.has_value(), "items that do not change can be billed");
    const auto changed = apply_change(ctx, *std::move(planned), change);
    check(changed.has_value(), "a change without an invoice is not refused");
    return true;
}

/// A turn that the subscription cannot follow (a price was deleted, a sum is too large) ends the
/// schedule; the subscription stays as it is.
void give_up(Context& ctx, Json schedule) {
    if (text_of(schedule, "subscription").empty())
        close_schedule(ctx, std::move(schedule));
    else
        detach_schedule(ctx, std::move(schedule), {.status = "released"});
}

void enter_phase(Context& ctx, Json schedule, std::size_t index) {
    set_current_phase(schedule, index);
    update_schedule_document(ctx, schedule);
    const Json& phase = schedule.at("phases").at(index);
    const auto followed = follow_phase(
        ctx, schedule, phase, {.proration = proration_of(text_of(phase, "proration_behavior"))});
    if (!followed) give_up(ctx, std::move(schedule));
}

void take_turn(Context& ctx, Json schedule) {
    if (is_not_started(schedule)) {
        Retreat before(ctx);
        auto begun = begin_schedule(ctx, schedule);
        if (!begun) before.undo();
        before.close();
        if (begun)
            ctx.emit("subscription_schedule.updated", *begun,
                     Json{{"current_phase", nullptr},
                          {"status", "not_started"},
                          {"subscription", nullptr}});
        else
            give_up(ctx, std::move(schedule));
        return;
    }
    const std::size_t next = current_phase_of(schedule) + 1;
    if (next < schedule.at("phases").size())
        enter_phase(ctx, std::move(schedule), next);
    else
        detach_schedule(ctx, std::move(schedule), {.status = "completed"});
}

/// The phase that is running ends now, and one with what the subscription has begins: Stripe's way
/// to keep a schedule true to a subscription that was changed directly.
void split_phase(Context& ctx, Json schedule, const Json& subscription) {
    const std::int64_t now = unix_seconds(now_of(ctx, schedule));
    const std::size_t index = current_phase_of(schedule);
    Json& phases = schedule["phases"];
    Json phase = phases[index];
    const Json has = phase_of_subscription(subscription);
    for (const char* member : {"discounts", "items"}) phase[member] = has.at(member);
    phase["add_invoice_items"] = Json::array();
    const bool trialing = text_of(subscription, "status") == "trialing";
    phase["trial_end"] = trialing ? subscription.at("trial_end") : Json();
    const bool just_begun = phase.at("start_date") == now;
    phase["start_date"] = now;
    if (just_begun) {
        phases[index] = std::move(phase);
    } else {
        phases[index]["end_date"] = now;
        phases.insert(phases.begin() + static_cast<std::ptrdiff_t>(index) + 1, std::move(phase));
        set_current_phase(schedule, index + 1);
    }
    update_schedule_document(ctx, schedule);
}

}  // namespace

bool is_open(const Json& schedule) {
    return is_not_started(schedule) || text_of(schedule, "status") == "active";
}

std::size_t current_phase_of(const Json& schedule) {
    const Json& start = schedule.at("current_phase").at("start_date");
    const Json& phases = schedule.at("phases");
    const auto found = std::ranges::find_if(
        phases, [&](const Json& phase) { return phase.at("start_date") == start; });
    check(found != phases.end(), "an active schedule is in one of its phases");
    return static_cast<std::size_t>(found - phases.begin());
}

std::optional<Json> managing_schedule(Context& ctx, const Json& subscription) {
    const std::string id = text_of(subscription, "schedule");
    if (id.empty()) return std::nullopt;
    auto schedule = ctx.find("subscription_schedule", id);
    if (!schedule || text_of(*schedule, "status") != "active" ||
        text_of(*schedule, "subscription") != text_of(subscription, "id"))
        return std::nullopt;
    return schedule;
}

void set_current_phase(Json& schedule, std::optional<std::size_t> phase) {
    Json& current = schedule["current_phase"];
    current = nullptr;
    if (!phase) return;
    const Json& dates = schedule.at("phases").at(*phase);
    current = {{"end_date", dates.at("end_date")}, {"start_date", dates.at("start_date")}};
}

void save_schedule(Context& ctx, const Json& schedule) {
    ctx.put(schedule);
    plan_step(ctx, schedule);
}

void update_schedule_document(Context& ctx, const Json& schedule) {
    ctx.update_and_emit("subscription_schedule.updated", schedule);
    plan_step(ctx, schedule);
}

Outcome<Json> begin_schedule(Context& ctx, Json schedule) {
    const auto subscription = start_following(ctx, schedule, schedule.at("phases").at(0));
    if (!subscription) return Refusal(subscription.error());
    schedule["status"] = "active";
    schedule["subscription"] = subscription->at("id");
    set_current_phase(schedule, 0);
    save_schedule(ctx, schedule);
    return schedule;
}

Json detach_schedule(Context& ctx, Json schedule, const Detachment& detachment) {
    const std::string id = text_of(schedule, "subscription");
    schedule["status"] = detachment.status;
    schedule[detachment.status + "_at"] = unix_seconds(now_of(ctx, schedule));
    schedule["released_subscription"] = text_or_null(id);
    schedule["subscription"] = nullptr;
    set_current_phase(schedule, std::nullopt);
    update_schedule_document(ctx, schedule);
    if (auto subscription = ctx.find("subscription", id)) {
        (*subscription)["schedule"] = nullptr;
        const bool takes_back = detachment.cancel_date == Detachment::CancelDate::TakeBack;
        if (!takes_back || is_ended(*subscription) || !live_on(ctx, *subscription))
            update_subscription_document(ctx, *subscription);
    }
    ctx.emit("subscription_schedule." + detachment.status, schedule);
    return schedule;
}

Json close_schedule(Context& ctx, Json schedule, std::string_view event) {
    const bool completed = event == "subscription_schedule.completed";
    schedule["status"] = completed ? "completed" : "canceled";
    schedule[completed ? "completed_at" : "canceled_at"] = unix_seconds(now_of(ctx, schedule));
    set_current_phase(schedule, std::nullopt);
    save_schedule(ctx, schedule);
    ctx.emit(event, schedule);
    return schedule;
}

void step_schedule(Context& ctx, Json schedule) {
    const Instant reached = ctx.now_of(text_of(schedule, "customer"));
    const auto turn = next_turn(schedule);
    if (turn && *turn - Duration(1) <= reached) {
        ctx.set_clock_time(text_of(schedule, "test_clock"), std::max(*turn, reached));
        take_turn(ctx, std::move(schedule));
        return;
    }
    schedule["_expiring_told"] = last_phase(schedule).at("end_date");
    save_schedule(ctx, schedule);
    ctx.emit("subscription_schedule.expiring", schedule);
}

void subscription_was_changed(Context& ctx, std::string_view, const Json& subscription) {
    auto schedule = managing_schedule(ctx, subscription);
    if (!schedule || is_ended(subscription)) return;
    const Json& phase = schedule->at("phases").at(current_phase_of(*schedule));
    if (!mirrors(phase, subscription, now_of(ctx, *schedule)))
        split_phase(ctx, *std::move(schedule), subscription);
}

void discounts_were_set(Context& ctx, std::string_view, const Json& subscription) {
    auto schedule = managing_schedule(ctx, subscription);
    if (!schedule) return;
    const Json& phase = schedule->at("phases").at(current_phase_of(*schedule));
    if (!names_discounts_of(ctx, phase, subscription))
        split_phase(ctx, *std::move(schedule), subscription);
}

void subscription_has_ended(Context& ctx, std::string_view, const Json& subscription) {
    auto schedule = managing_schedule(ctx, subscription);
    if (!schedule) return;
    const bool at_its_end =
        ends_with_subscription(*schedule) &&
        now_of(ctx, *schedule) >= *instant_of(last_phase(*schedule), "end_date");
    const std::string reason = text_of(part_of(subscription, "cancellation_details"), "reason");
    close_schedule(ctx, *std::move(schedule),
                   at_its_end                   ? "subscription_schedule.completed"
                   : reason == "payment_failed" ? "subscription_schedule.aborted"
                                                : "subscription_schedule.canceled");
}

Outcome<std::monostate> end_schedules(Context& ctx, const std::string& customer) {
    for (Json& schedule :
         ctx.list("subscription_schedule", {.customer = customer, .status = "not_started"}))
        close_schedule(ctx, std::move(schedule));
    return std::monostate{};
}

}  // namespace turnpike::twin
