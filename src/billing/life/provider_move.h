#pragma once

#include <optional>
#include <string>

#include "base/error.h"
#include "billing/life/mirror.h"
#include "billing/provider/contexts.h"
#include "billing/provider/pass_log.h"
#include "billing/records/stored_provider_move.h"
#include "subscriptions/subscription.h"

namespace turnpike {

struct MoveRequest {
    SubscriptionId subscription;
    std::string provider;                       ///< to which
    std::optional<std::string> payment_method;  ///< the new provider's id; without: the default
    Authority authority;
};
struct MovedSubscription {
    Subscription subscription;
    std::optional<ProviderMove> move;  ///< that is still under way
};

/// Moves a subscription to another provider, without a second charge for what is paid: a
/// subscription begins there at the end of the period, and then the old one is ended with it, so
/// that it never renews. The subscription stays the same row, with its period and its usage. Where
/// the new provider needs the customer's authorisation, the old one runs on until it is there; if
/// it never comes, nothing has changed. Asked for again: goes on with it. Asked for the provider
/// that it has, while one is under way: gives that one up.
///
/// Errors: NotFound "subscription.not_found"; Conflict "subscription.busy", "subscription.ended",
///         "subscription.moving" (elsewhere), "subscription.not_movable",
///         "subscription.currency_fixed"; Unprocessable "billing.provider_not_configured";
///         those of PaymentProvider. After OutcomeUnknown the move stays open and the worker
///         finds out.
asio::awaitable<Result<MovedSubscription>> move_subscription(BillingContexts& billing,
                                                             MoveRequest request);

/// Goes on with a move: after a crash, an unknown outcome, or the customer's authorisation.
asio::awaitable<Result<std::monostate>> resume_move(BillingContexts& billing, ProviderMoveId move);

/// What the worker does for moves to this provider. \return how many went on
asio::awaitable<std::int64_t> go_on_with_moves(BillingContexts& billing, BillingContext& to,
                                               Instant before, PassLog& log);

/// The move that an object of the provider's belongs to without being its subscription's present
/// one: what it has moved from, or is moving to.
std::optional<ProviderMove> find_move_of(sql::Transaction& tx, std::string_view provider,
                                         const ProviderSubscription& theirs);
/// A reply about such an object: that the customer has authorised it, or that it never will be.
void hear_of_moving(sql::Transaction& tx, const MirrorScope& scope, ProviderMove move,
                    const ProviderSubscription& theirs);

}  // namespace turnpike
