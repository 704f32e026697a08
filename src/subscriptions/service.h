#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "access/cursor.h"
#include "base/error.h"
#include "sql/sql.h"
#include "subscriptions/command.h"
#include "subscriptions/subscription.h"

namespace turnpike {

/// Errors: NotFound "subscription.not_found".
Result<Subscription> load_subscription(sql::Transaction& tx, const SubscriptionId& id);
/// The customer's only subscription without an end, also while it is being created.
std::optional<Subscription> find_live_subscription(sql::Transaction& tx,
                                                   const CustomerId& customer);
std::optional<Subscription> find_subscription_of_provider(sql::Transaction& tx,
                                                          std::string_view provider,
                                                          std::string_view provider_id);
/// False when the customer has a live subscription already.
bool insert_subscription(sql::Transaction& tx, const Subscription& subscription);
/// Conflict "subscription.changed" when someone else saved first.
Result<Subscription> save_subscription(sql::Transaction& tx, Subscription subscription,
                                       Instant now);
/// True when `ticket` is newer than what was applied to this row, which it then becomes.
bool claim_subscription_ticket(sql::Transaction& tx, const SubscriptionId& id, std::int64_t ticket);

/// Started ones only, newest first; of one customer when named.
std::vector<Subscription> list_subscriptions(sql::Transaction& tx,
                                             const std::optional<CustomerId>& customer,
                                             const PageQuery& page);
/// Known to this provider, not ended, though their period ended before `moment`. Customers on a
/// test clock live at another time and are left out.
std::vector<Subscription> subscriptions_overdue(sql::Transaction& tx, std::string_view provider,
                                                Instant moment, int limit);
/// Every subscription that the provider knows, by id order after `after`; for reconciliation.
std::vector<Subscription> subscriptions_at_provider(sql::Transaction& tx, std::string_view provider,
                                                    const std::string& after, int limit);

/// False when another command of this subscription is pending.
bool insert_command(sql::Transaction& tx, const SubscriptionCommand& command);
/// Errors: NotFound "subscription.no_command".
Result<SubscriptionCommand> load_command(sql::Transaction& tx, const CommandId& id);
/// The command that began this subscription; nullopt when it was made at the provider.
std::optional<SubscriptionCommand> find_start_command(sql::Transaction& tx,
                                                      const SubscriptionId& subscription);
std::optional<SubscriptionCommand> find_pending_command(sql::Transaction& tx,
                                                        const SubscriptionId& subscription);
/// The newest, whatever became of it, that was to plan a change: one of change_at_period_end, or of
/// keep with what waited behind the end.
std::optional<SubscriptionCommand> find_last_planning_command(sql::Transaction& tx,
                                                              const SubscriptionId& subscription);
/// Of this provider's subscriptions, oldest first.
std::vector<SubscriptionCommand> pending_commands(sql::Transaction& tx, std::string_view provider,
                                                  Instant created_before, int limit);
/// False when it was finished already.
bool finish_command(sql::Transaction& tx, const CommandId& id, CommandState state,
                    std::string_view error_reason, Instant now);

}  // namespace turnpike
