#pragma once

#include <boost/asio/awaitable.hpp>

#include "access/cursor.h"
#include "access/principal.h"
#include "base/error.h"
#include "billing/life/commands.h"
#include "billing/provider/contexts.h"
#include "http/message.h"
#include "subscriptions/subscription.h"

namespace turnpike {

/// Handlers of /v1/subscriptions, /v1/test_clocks and /v1/reconciliations: the seller's side of the
/// flows. The policy table has let the caller in already. Thread-safe.
struct BillingApi {
    using Answer = asio::awaitable<Result<http::Response>>;

    BillingContexts& billing;
    const CursorCodec& cursors;

    Answer get_subscriptions(const Principal& caller, const http::Request& request);
    Answer get_subscription(const Principal& caller, const http::Request& request);
    Answer post_subscription(const Principal& caller, const http::Request& request);
    Answer post_change(const Principal& caller, const http::Request& request);
    Answer post_cancel(const Principal& caller, const http::Request& request);
    Answer post_cancel_pending_change(const Principal& caller, const http::Request& request);
    Answer post_keep(const Principal& caller, const http::Request& request);
    Answer post_pause(const Principal& caller, const http::Request& request);
    Answer post_resume(const Principal& caller, const http::Request& request);
    Answer post_end_trial(const Principal& caller, const http::Request& request);
    /// 200 when it goes on, 201 with the new one when it had ended.
    Answer post_reactivate(const Principal& caller, const http::Request& request);
    /// {"provider": "razorpay", "payment_method"}
    Answer post_move(const Principal& caller, const http::Request& request);

    Answer get_test_clocks(const Principal& caller, const http::Request& request);
    Answer get_test_clock(const Principal& caller, const http::Request& request);
    Answer post_test_clock(const Principal& caller, const http::Request& request);
    /// Answers with the invoices that the move brought about, too.
    Answer post_advance(const Principal& caller, const http::Request& request);

    /// {"mode": "report" | "repair", "provider"}; repair, of all providers, without a body.
    Answer post_reconciliation(const Principal& caller, const http::Request& request);

private:
    using PlainCommand = asio::awaitable<Result<Subscription>> (*)(BillingContext&,
                                                                   SubscriptionWish);
    /// A command that needs no more than the subscription; the body is empty.
    Answer ask_plainly(const Principal& caller, const http::Request& request, PlainCommand command);
    Answer answer_with(int status, Result<Subscription> subscription);
};

}  // namespace turnpike
