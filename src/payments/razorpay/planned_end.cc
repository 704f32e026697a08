#include "payments/razorpay/planned_end.h"

#include <utility>

#include "payments/razorpay/provider.h"

namespace turnpike::razorpay {

std::string end_obligation(const std::string& subscription, Instant cycle_end) {
    return "cancel_at_cycle_end:" + subscription + ":" + std::to_string(unix_seconds(cycle_end));
}

asio::awaitable<void> mark_planned_ends(RazorpayExchange& exchange,
                                        std::vector<ProviderSubscription>& subscriptions) {
    auto mark = [&](sql::Transaction& tx) {
        for (auto& subscription : subscriptions) {
            if (subscription.ended_at) continue;
            const auto end = find_intent(tx, kProviderName,
                                         end_obligation(subscription.id, subscription.period.end));
            if (!end || end->state != IntentState::Succeeded) continue;
            subscription.cancel_at_period_end = true;
            subscription.cancel_at = subscription.period.end;
        }
        return std::monostate{};
    };
    co_await exchange.world().db.read(std::move(mark));
}

asio::awaitable<ProviderSubscription> with_planned_end(RazorpayExchange& exchange,
                                                       ProviderSubscription subscription) {
    std::vector<ProviderSubscription> one;
    one.push_back(std::move(subscription));
    co_await mark_planned_ends(exchange, one);
    co_return std::move(one.front());
}

}  // namespace turnpike::razorpay
