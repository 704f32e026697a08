#include "subscriptions/command.h"

#include <algorithm>
#include <array>

#include "base/check.h"

namespace turnpike {
namespace {

struct KindName {
    CommandKind kind;
    std::string_view text;
};
constexpr auto kKinds = std::to_array<KindName>({
    {CommandKind::Start, "start"},
    {CommandKind::Change, "change"},
    {CommandKind::ChangeAtPeriodEnd, "change_at_period_end"},
    {CommandKind::DropChange, "drop_change"},
    {CommandKind::CancelNow, "cancel_now"},
    {CommandKind::CancelAtPeriodEnd, "cancel_at_period_end"},
    {CommandKind::CancelAt, "cancel_at"},
    {CommandKind::Keep, "keep"},
    {CommandKind::Pause, "pause"},
    {CommandKind::Resume, "resume"},
    {CommandKind::EndTrial, "end_trial"},
});

struct StateName {
    CommandState state;
    std::string_view text;
};
constexpr auto kStates = std::to_array<StateName>({
    {CommandState::Pending, "pending"},
    {CommandState::Done, "done"},
    {CommandState::Failed, "failed"},
});

}  // namespace

std::string_view to_text(CommandKind kind) {
    const auto row = std::ranges::find(kKinds, kind, &KindName::kind);
    check(row != kKinds.end(), "every command kind has a name");
    return row->text;
}

std::optional<CommandKind> parse_command_kind(std::string_view text) {
    const auto row = std::ranges::find(kKinds, text, &KindName::text);
    if (row == kKinds.end()) return std::nullopt;
    return row->kind;
}

std::string_view to_text(CommandState state) {
    const auto row = std::ranges::find(kStates, state, &StateName::state);
    check(row != kStates.end(), "every command state has a name");
    return row->text;
}

std::optional<CommandState> parse_command_state(std::string_view text) {
    const auto row = std::ranges::find(kStates, text, &StateName::text);
    if (row == kStates.end()) return std::nullopt;
    return row->state;
}

}  // namespace turnpike
