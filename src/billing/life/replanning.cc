#include "billing/life/replanning.h"

#include <optional>
#include <utility>

#include "billing/life/carry_out.h"
#include "billing/life/wish.h"
#include "billing/records/stored_provider_move.h"
#include "subscriptions/discounts.h"
#include "subscriptions/service.h"

namespace turnpike {
namespace {

/// Whether this command has planned it, and before the discounts changed. A command that failed for
/// good has had its try: there is another when they change again.
bool is_planned_without(sql::Transaction& tx, const PendingChange& planned,
                        const SubscriptionCommand& command) {
    if (command.price != planned.price || command.quantity != planned.quantity) return false;
    const auto changed_at = discounts_changed_at(tx, command.subscription);
    return changed_at && *changed_at > command.created_at;
}

/// The command as it is written down; nullopt when there is nothing to plan again, or something
/// else is on its way, after which this is asked anew.
std::optional<Requested> demand_again(sql::Transaction& tx, BillingContext& billing,
                                      const SubscriptionId& id, const Authority& authority) {
    auto subscription = load_subscription(tx, id);
    if (!subscription || !subscription->pending_change) return std::nullopt;
    // Behind a planned end nothing waits at the provider.
    if (is_canceling(*subscription) || find_open_move(tx, id)) return std::nullopt;
    const PendingChange& planned = *subscription->pending_change;
    const auto last = find_last_planning_command(tx, id);
    if (!last || !is_planned_without(tx, planned, *last)) return std::nullopt;

    const Instant now = billing.clock.now();
    auto command = new_wish(id, CommandKind::ChangeAtPeriodEnd, authority).command;
    command.id = billing.ids.make<CommandId>(now);
    command.price = planned.price;
    command.quantity = planned.quantity;
    command.created_at = now;
    if (!insert_command(tx, command)) return std::nullopt;
    record_command(tx, billing, *subscription, command, "requested");
    return Requested{*std::move(subscription), std::move(command)};
}

}  // namespace

asio::awaitable<void> plan_with_new_discounts(BillingContext& billing, SubscriptionId id,
                                              Authority authority) {
    auto demanded = co_await billing.db.write(
        [&](sql::Transaction& tx) { return demand_again(tx, billing, id, authority); });
    if (demanded) (void)co_await carry_out(billing, *std::move(demanded));
}

}  // namespace turnpike
