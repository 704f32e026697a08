#include <utility>

#include "payments/reply_reader.h"
#include "payments/stripe/provider.h"
#include "payments/stripe/subscription_writes.h"
#include "payments/stripe/translate.h"

namespace turnpike::stripe {

Result<std::monostate> Provider::check_ability(Ability /*ability*/) const {
    return std::monostate{};
}

asio::awaitable<Result<ProviderSubscription>> Provider::end_trial(TrialEnd request) {
    const auto id = path_segment(request.subscription, no_such("subscription"));
    if (!id) co_return failure(id);
    Form form;
    if (request.at)
        form.add("trial_end", unix_seconds(*request.at));
    else
        form.add("trial_end", "now");
    form.add("proration_behavior", "none")
        .add("payment_behavior", "error_if_incomplete")
        .add_metadata(last_change(request.obligation));
    Write write{.obligation = std::move(request.obligation),
                .path = "/v1/subscriptions/" + *id,
                .parameters = form.text()};
    co_return co_await write_subscription(*exchange_, std::move(write));
}

asio::awaitable<Result<ProviderSubscription>> Provider::pause_subscription(
    SubscriptionPause request) {
    const auto id = path_segment(request.subscription, no_such("subscription"));
    if (!id) co_return failure(id);
    Form form;
    form.add("pause_collection[behavior]", request.pause.behavior);
    if (request.pause.resumes_at)
        form.add("pause_collection[resumes_at]", unix_seconds(*request.pause.resumes_at));
    form.add_metadata(last_change(request.obligation));
    Write write{.obligation = std::move(request.obligation),
                .path = "/v1/subscriptions/" + *id,
                .parameters = form.text()};
    co_return co_await write_subscription(*exchange_, std::move(write));
}

asio::awaitable<Result<ProviderSubscription>> Provider::resume_subscription(
    std::string obligation, std::string subscription) {
    const auto id = path_segment(subscription, no_such("subscription"));
    if (!id) co_return failure(id);
    const std::string path = "/v1/subscriptions/" + *id;
    auto object = co_await exchange_->get(path, kWithSchedule);
    if (!object) co_return failure(object);
    const auto before = read_subscription(*object);
    if (!before) co_return failure(before);
    if (before->status == "paused") {
        Form form;
        form.add("billing_cycle_anchor", "now").add("proration_behavior", "none");
        Write write{.obligation = obligation + ":restart",
                    .path = path + "/resume",
                    .parameters = form.text()};
        co_return co_await write_subscription(*exchange_, std::move(write));
    }
    if (!before->pause) co_return before;
    Form form;
    form.add("pause_collection", "").add_metadata(last_change(obligation));
    Write write{.obligation = std::move(obligation), .path = path, .parameters = form.text()};
    co_return co_await write_subscription(*exchange_, std::move(write));
}

}  // namespace turnpike::stripe
