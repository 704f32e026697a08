#include "billing/records/begun_command.h"

#include "access/keyed_request.h"
#include "subscriptions/service.h"

namespace turnpike {

namespace {

std::optional<SubscriptionCommand> noted_command(sql::Transaction& tx, const Authority& authority) {
    const auto noted = noted_progress(tx, authority.once);
    const auto id = noted ? CommandId::parse(*noted) : std::nullopt;
    if (!id) return std::nullopt;
    auto command = load_command(tx, *id);
    if (!command || command->state == CommandState::Failed) return std::nullopt;
    return *std::move(command);
}

}  // namespace

std::optional<SubscriptionCommand> begun_command(sql::Transaction& tx, const Authority& authority,
                                                 CommandKind kind) {
    // A request may ask for two things, one after the other.
    auto command = noted_command(tx, authority);
    if (command && command->kind != kind) command.reset();
    return command;
}

std::optional<SubscriptionId> begun_with(sql::Transaction& tx, const Authority& authority) {
    const auto command = noted_command(tx, authority);
    if (!command) return std::nullopt;
    return command->subscription;
}

void note_command(sql::Transaction& tx, const Authority& authority,
                  const SubscriptionCommand& command) {
    note_progress(tx, authority.once, command.id.text());
}

}  // namespace turnpike
