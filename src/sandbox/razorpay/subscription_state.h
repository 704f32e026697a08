#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

/// Razorpay's subscription as a machine. Pure.
namespace turnpike::twin::razorpay {

enum class State : std::uint8_t {
    Created,
    Authenticated,
    Active,
    Pending,
    Halted,
    Paused,
    Cancelled,
    Completed,
    Expired,
};

enum class Trigger : std::uint8_t {
    Authenticate,  ///< the mandate stands, the first cycle lies ahead
    Charged,       ///< a cycle was paid, or a new mandate was given for a halted one
    ChargeFailed,  ///< the first try or a repetition
    GiveUp,        ///< the last repetition failed
    Pause,
    Resume,
    Cancel,
    Complete,  ///< nothing is left to charge
    Expire,    ///< nobody authorised it in time
};

std::string_view name_of(State state);  ///< "created"
/// nullopt for another word.
std::optional<State> parse_state(std::string_view text);

/// Where `trigger` leads from `from`; nullopt: it is not possible there. Pausing an authenticated
/// subscription cancels it. Cancelled, completed and expired are final.
std::optional<State> next_state(State from, Trigger trigger);

}  // namespace turnpike::twin::razorpay
