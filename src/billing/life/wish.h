#pragma once

#include <optional>
#include <string_view>

#include "base/error.h"
#include "billing/life/commands.h"
#include "billing/life/new_subscription.h"
#include "billing/provider/context.h"
#include "sql/sql.h"
#include "subscriptions/command.h"
#include "subscriptions/subscription.h"
#include "subscriptions/transitions.h"

/// Writing down what is wished of a subscription, before the provider hears of it.
namespace turnpike {

/// nullopt in `command` when there is nothing to do.
struct Demanded {
    Subscription subscription;
    std::optional<SubscriptionCommand> command;
    Attempt attempt = Attempt::First;
};

/// A command that nobody has written down yet; its id is made when it is.
struct Wish {
    SubscriptionCommand command;
    Authority authority;
    ChangeWhen when = ChangeWhen::Now;   ///< of changes
    std::optional<PreviewId> preview{};  ///< of a change at once
};
Wish new_wish(const SubscriptionId& subscription, CommandKind kind, const Authority& authority);

/// Up is billed at once. By the ranks of the plans, then the rhythm, then the quantity, then the
/// amount.
Result<Direction> direction_of_change(sql::Transaction& tx, const Subscription& from,
                                      const PriceId& price, std::int64_t quantity);

Result<Demanded> request_start(sql::Transaction& tx, BillingContext& billing,
                               const StartRequest& request);
/// What request_on_running() would write down now; it writes nothing, and does not see that another
/// command is pending. nullopt in `wish` when there is nothing to do.
struct Considered {
    Subscription subscription;
    std::optional<Wish> wish;
};
Result<Considered> consider_on_running(sql::Transaction& tx, const BillingContext& billing,
                                       Wish wish);
/// Errors: as commands.h says of all.
Result<Demanded> request_on_running(sql::Transaction& tx, BillingContext& billing, Wish wish);

/// The audit row of a command: "subscription.pause_requested".
void record_command(sql::Transaction& tx, BillingContext& billing, const Subscription& subscription,
                    const SubscriptionCommand& command, std::string_view outcome);

}  // namespace turnpike
