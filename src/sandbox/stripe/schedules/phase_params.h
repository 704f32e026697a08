#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "sandbox/stripe/core/context.h"
#include "sandbox/stripe/schedules/phase_discounts.h"

namespace turnpike::twin {

/// A creation says when its first phase starts (`start`); the phases of an update say it
/// themselves, and may say "now".
struct PhaseReading {
    std::string customer;
    Instant now;
    std::optional<Instant> start{};  ///< nullopt: an update
    /// Whether the phases of a creation may say themselves when they start, as those of a preview.
    enum class Starts : bool { Given, Named } starts = Starts::Given;
    std::optional<RunningPhase> running{};  ///< of an update of an active schedule
    /// Ids of prices that the schedule has already: they and their products need not be active.
    std::vector<std::string> prices_in_use{};
};
/// Reads phases[] into the documents that a schedule shows, with every date worked out.
/// Errors: 400 for what a subscription of these phases would be refused for, for phases that do not
/// follow each other, and for more than ten.
Outcome<std::vector<Json>> read_phases(Context& ctx, Params& params, const PhaseReading& reading);

/// Reads default_settings over `settings` (default_settings_of_new() at first).
void read_default_settings(Params& params, Json& settings);
Json default_settings_of_new();

/// nullopt when `settings` (of a phase or the defaults, named `where`) suit the customer.
std::optional<StripeError> check_settings(Context& ctx, const Json& settings,
                                          const std::string& customer, const std::string& where);
/// A phase sent as an invoice needs a day on which it is due: its own or the default one.
std::optional<StripeError> check_due_days(const Json& schedule);

/// A phase's copy of what a subscription has now, without dates.
Json phase_of_subscription(const Json& subscription);

}  // namespace turnpike::twin
