#pragma once

#include <cstdint>
#include <optional>

#include "base/time.h"
#include "json/json.h"
#include "sandbox/stripe/wire/params.h"

namespace turnpike::twin {

/// billing_cycle_anchor_config, in UTC. What is left out is taken from the moment of creation,
/// except the month: any.
struct AnchorDay {
    unsigned day_of_month = 1;
    std::optional<unsigned> month{}, hour{}, minute{}, second{};
};

/// The first such moment after `now`. A month that lacks the day is passed over, so that cycles
/// counted from the answer end on the day wherever there is one; a month that is asked for and
/// never has it stands for its last day. Pure.
Instant next_anchor(const AnchorDay& wanted, Instant now);

/// Reads billing_cycle_anchor_config[]; complains about what no calendar or clock has.
std::optional<AnchorDay> read_anchor_day(Params& params);
/// The member billing_cycle_anchor_config of a subscription.
Json anchor_config(const AnchorDay& day);

}  // namespace turnpike::twin
