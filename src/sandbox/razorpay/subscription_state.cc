#include "sandbox/razorpay/subscription_state.h"

#include <algorithm>
#include <array>
#include <utility>

namespace turnpike::twin::razorpay {
namespace {

struct Edge {
    State from;
    Trigger trigger;
    State to;
};

constexpr auto kEdges = [] {
    using enum State;
    using enum Trigger;
    return std::to_array<Edge>({
        {Created, Authenticate, Authenticated},
        {Created, Charged, Active},
        {Created, Cancel, Cancelled},
        {Created, Expire, Expired},
        {Authenticated, Charged, Active},
        {Authenticated, ChargeFailed, Pending},
        {Authenticated, Pause, Cancelled},
        {Authenticated, Cancel, Cancelled},
        {Active, Charged, Active},
        {Active, ChargeFailed, Pending},
        {Active, Pause, Paused},
        {Active, Cancel, Cancelled},
        {Active, Complete, Completed},
        {Pending, Charged, Active},
        {Pending, ChargeFailed, Pending},
        {Pending, GiveUp, Halted},
        {Pending, Cancel, Cancelled},
        {Pending, Complete, Completed},
        {Halted, Charged, Active},
        {Halted, Cancel, Cancelled},
        {Halted, Complete, Completed},
        {Paused, Resume, Active},
        {Paused, Cancel, Cancelled},
    });
}();

constexpr std::array<std::pair<State, std::string_view>, 9> kNames{{
    {State::Created, "created"},
    {State::Authenticated, "authenticated"},
    {State::Active, "active"},
    {State::Pending, "pending"},
    {State::Halted, "halted"},
    {State::Paused, "paused"},
    {State::Cancelled, "cancelled"},
    {State::Completed, "completed"},
    {State::Expired, "expired"},
}};

}  // namespace

std::string_view name_of(State state) {
    return std::ranges::find(kNames, state, &std::pair<State, std::string_view>::first)->second;
}

std::optional<State> parse_state(std::string_view text) {
    for (const auto& [state, name] : kNames)
        if (name == text) return state;
    return std::nullopt;
}

std::optional<State> next_state(State from, Trigger trigger) {
    for (const Edge& edge : kEdges)
        if (edge.from == from && edge.trigger == trigger) return edge.to;
    return std::nullopt;
}

}  // namespace turnpike::twin::razorpay
