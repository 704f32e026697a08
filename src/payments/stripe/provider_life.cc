#include <utility>

#include "payments/card_refusals.h"
#include "payments/errors.h"
#include "payments/reply_reader.h"
#include "payments/reply_verdict.h"
#include "payments/stripe/exchange.h"
#include "payments/stripe/provider.h"
#include "payments/stripe/subscription_writes.h"
#include "payments/stripe/translate.h"

namespace turnpike::stripe {
namespace {

/// What a resumption depends on: who would be charged, and what is open from one before.
constexpr const char* kForResumption = "expand%5B%5D=latest_invoice&expand%5B%5D=customer";

bool is_paid_there(const Json& invoice) { return text_member(invoice, "status") == "paid"; }

/// Whether there is a card, or anything else, that Stripe charges by itself; or it only sends
/// bills.
Result<bool> has_means_to_pay(const Json& subscription) {
    ReplyReader fields(subscription, "subscription");
    const bool has_own = fields.maybe_reference("default_payment_method") ||
                         fields.maybe_reference("default_source");
    const Json* customer = fields.object("customer");
    if (has_own || customer == nullptr ||
        text_member(subscription, "collection_method") == "send_invoice")
        return fields.finish(true);
    const auto method = read_default_method(*customer);
    if (!method) return failure(method);
    return fields.finish(
        method->has_value() ||
        ReplyReader(*customer, "customer").maybe_reference("default_source").has_value());
}

std::unexpected<Error> nothing_to_charge(const Json* open_invoice) {
    auto refused =
        invalid_argument(kMethodRequired, "there is no card to charge; put one on file first");
    if (open_invoice == nullptr) return refused;
    Error error = std::move(refused).error();
    const auto page = text_member(*open_invoice, "hosted_invoice_url");
    if (!page.empty()) error.details.emplace_back("hosted_url", page);
    return std::unexpected(std::move(error));
}

/// Charges what is on file now.
asio::awaitable<Result<Json>> pay_invoice(StripeExchange& exchange, std::string obligation,
                                          std::string invoice) {
    const auto id = path_segment(invoice, no_such("invoice"));
    if (!id) co_return failure(id);
    const std::string path = "/v1/invoices/" + *id;
    Write write{.obligation = std::move(obligation) + ":pay:" + *id,
                .path = path + "/pay",
                .parameters = "",
                .done_path = path,
                .is_done = is_paid_there};
    auto paid = co_await exchange.write(std::move(write));
    if (!paid) co_return failure(paid);
    co_return std::move(paid->object);
}

/// A paused one begins a new period, and goes on once the invoice of that is paid. While it is open
/// there is no other: that one is charged again. What the bank refuses leaves it open, and the
/// subscription paused.
asio::awaitable<Result<ProviderSubscription>> restart(StripeExchange& exchange,
                                                      std::string obligation, std::string path) {
    const auto object = co_await exchange.get(path, kForResumption);
    if (!object) co_return failure(object);
    const Json* latest = ReplyReader(*object, "subscription").object("latest_invoice");
    const bool is_open = latest != nullptr && text_member(*latest, "status") == "open";
    const auto chargeable = has_means_to_pay(*object);
    if (!chargeable) co_return failure(chargeable);
    if (!*chargeable) co_return nothing_to_charge(is_open ? latest : nullptr);
    if (!is_open) {
        Form form;
        form.add("billing_cycle_anchor", "now").add("proration_behavior", "none");
        Write write{.obligation = std::move(obligation) + ":restart",
                    .path = path + "/resume",
                    .parameters = form.text()};
        co_return co_await write_subscription(exchange, std::move(write));
    }
    const auto paid =
        co_await pay_invoice(exchange, std::move(obligation), text_member(*latest, "id"));
    if (!paid && paid.error().code != ErrorCode::PaymentRequired) co_return failure(paid);
    const auto now = co_await exchange.get(path, kWithSchedule);
    if (!now)
        co_return outcome_unknown(kProviderName, "its invoice was charged, and it cannot be read",
                                  now.error().retry_after_s);
    co_return read_subscription(*now);
}

}  // namespace

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
    if (before->status == "paused")
        co_return co_await restart(*exchange_, std::move(obligation), path);
    if (!before->pause) co_return before;
    Form form;
    form.add("pause_collection", "").add_metadata(last_change(obligation));
    Write write{.obligation = std::move(obligation), .path = path, .parameters = form.text()};
    co_return co_await write_subscription(*exchange_, std::move(write));
}

}  // namespace turnpike::stripe
