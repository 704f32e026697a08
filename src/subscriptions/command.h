#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/id.h"
#include "base/time.h"

namespace turnpike {

using CommandId = Id<"cmd">;

/// What somebody asked of a subscription. Committed before the provider hears of it; the flow that
/// carries it out can run again from this row alone.
enum class CommandKind : std::uint8_t { Start, Change, CancelNow, CancelAtPeriodEnd, Keep };
std::string_view to_text(CommandKind kind);
std::optional<CommandKind> parse_command_kind(std::string_view text);

enum class CommandState : std::uint8_t { Pending, Done, Failed };
std::string_view to_text(CommandState state);
std::optional<CommandState> parse_command_state(std::string_view text);

struct SubscriptionCommand {
    CommandId id;
    SubscriptionId subscription;
    CommandKind kind = CommandKind::Start;
    std::optional<PriceId> price;               ///< Start, Change
    std::optional<std::string> payment_method;  ///< Start; provider's id
    bool first_payment_may_wait = false;        ///< Start: else there is none unless it is paid
    CommandState state = CommandState::Pending;
    std::string actor;  ///< Principal::name
    std::string request_id;
    Instant created_at;
};

}  // namespace turnpike
