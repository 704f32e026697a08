#pragma once

#include <optional>

#include "audit/audit.h"
#include "sql/sql.h"
#include "subscriptions/command.h"

namespace turnpike {

/// The command of this kind that this very request, under its Idempotency-Key, has begun in a run
/// before, which died. What has failed came to nothing and does not count.
std::optional<SubscriptionCommand> begun_command(sql::Transaction& tx, const Authority& authority,
                                                 CommandKind kind);
/// Whose command it began, of any kind: a subscription that it may have ended since.
std::optional<SubscriptionId> begun_with(sql::Transaction& tx, const Authority& authority);

/// In the transaction that inserts the command.
void note_command(sql::Transaction& tx, const Authority& authority,
                  const SubscriptionCommand& command);

}  // namespace turnpike
