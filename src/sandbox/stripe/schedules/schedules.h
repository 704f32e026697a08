#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/time.h"
#include "sandbox/stripe/core/context.h"
#include "sandbox/stripe/core/feature.h"

/// Stripe's subscription schedules: not_started -> active -> completed | released | canceled.
/// Everything here works on the stored documents and raises the events that Stripe raises.
namespace turnpike::twin {

/// subscription_schedule.expiring comes this long before the last phase ends: taken from the
/// fixture of Stripe's command line, whose clock stops nine days before (the reference says seven).
inline constexpr std::chrono::hours kExpiringNotice{10 * 24};

/// not_started or active.
bool is_open(const Json& schedule);
/// The place in phases[] of the phase that is running. The schedule must be active.
std::size_t current_phase_of(const Json& schedule);
/// The schedule that manages this subscription now.
std::optional<Json> managing_schedule(Context& ctx, const Json& subscription);
/// Says which phase runs; nullopt: none.
void set_current_phase(Json& schedule, std::optional<std::size_t> phase);

/// Stores the schedule and plans its next engine step.
void save_schedule(Context& ctx, const Json& schedule);
/// save_schedule and subscription_schedule.updated with previous_attributes.
void update_schedule_document(Context& ctx, const Json& schedule);

/// The first phase of a stored schedule has begun: creates the subscription and stores both.
/// Errors: the subscription's.
Outcome<Json> begin_schedule(Context& ctx, Json schedule);

/// How a schedule lets go of a subscription that lives on.
struct Detachment {
    std::string status;  ///< "released" or "completed"
    enum class CancelDate : bool { TakeBack, Keep } cancel_date = CancelDate::TakeBack;
};
/// Returns the schedule as it then is.
Json detach_schedule(Context& ctx, Json schedule, const Detachment& detachment);
/// Ends a schedule without a subscription, or whose subscription has ended; raises
/// subscription_schedule.canceled, or `event` in its place.
Json close_schedule(Context& ctx, Json schedule,
                    std::string_view event = "subscription_schedule.canceled");

/// One engine step of a schedule that is due.
void step_schedule(Context& ctx, Json schedule);
/// Listeners: a subscription was changed, or ended, by somebody else.
void subscription_was_changed(Context& ctx, std::string_view type, const Json& subscription);
void discounts_were_set(Context& ctx, std::string_view type, const Json& subscription);
void subscription_has_ended(Context& ctx, std::string_view type, const Json& subscription);
/// Feature::end_customer: schedules that have not started go with their customer.
Outcome<std::monostate> end_schedules(Context& ctx, const std::string& customer);

const Feature& schedule_feature();

}  // namespace turnpike::twin
