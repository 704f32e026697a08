#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/id.h"
#include "base/time.h"

namespace turnpike {

using CommandId = Id<"cmd">;

/// What somebody asked of a subscription. Committed before the provider hears of it; the flow that
/// carries it out can run again from this row alone.
enum class CommandKind : std::uint8_t {
    Start,
    Change,             ///< at once
    ChangeAtPeriodEnd,  ///< in place of what was planned before
    DropChange,         ///< takes a planned change back
    CancelNow,
    CancelAtPeriodEnd,
    CancelAt,  ///< on a date
    Keep,      ///< takes a planned end back, and plans again what waited behind it
    Pause,
    Resume,
    EndTrial,  ///< at once, or on another date
};
std::string_view to_text(CommandKind kind);
std::optional<CommandKind> parse_command_kind(std::string_view text);

enum class CommandState : std::uint8_t { Pending, Done, Failed };
std::string_view to_text(CommandState state);
std::optional<CommandState> parse_command_state(std::string_view text);

struct SubscriptionCommand {
    CommandId id;
    SubscriptionId subscription;
    CommandKind kind = CommandKind::Start;
    bool first_payment_may_wait = false;          ///< Start: else there is none unless it is paid
    std::optional<PriceId> price{};               ///< Start, changes; Keep: what waited
    std::optional<std::string> payment_method{};  ///< Start; provider's id
    std::optional<std::int64_t> quantity{};       ///< with the price
    /// Start: the trial's end; CancelAt, EndTrial: when; Pause: when it resumes.
    std::optional<Instant> at{};
    /// Start: of the trial's end; Pause: of the invoices.
    std::optional<std::string> behavior{};
    std::optional<std::string> comment{}, feedback{};  ///< of who cancels
    CommandState state = CommandState::Pending;
    std::string actor;  ///< Principal::name
    std::string request_id;
    Instant created_at;
};

}  // namespace turnpike
