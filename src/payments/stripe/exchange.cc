#include "payments/stripe/exchange.h"

#include <utility>

#include "payments/reply_reader.h"
#include "payments/stripe/provider.h"
#include "payments/stripe/translate.h"

namespace turnpike::stripe {
namespace {

/// Keys are sent again for kIntentResendWindow, and forgotten by Stripe after a day.
constexpr std::chrono::seconds kAbsentAfter = kIntentResendWindow + std::chrono::hours(2);

}  // namespace

StripeExchange::StripeExchange(const ClientConfig& config, http::Client& http, IntentWorld world,
                               ClientMetrics metrics)
    : Exchange(
          {.provider = kProviderName, .read_refusal = read_refusal, .absent_after = kAbsentAfter},
          config, wire_of(config), http, world, std::move(metrics)),
      live_(is_live_key(config.secret_key)) {}

asio::awaitable<Result<ListPage>> StripeExchange::get_page(std::string path, Form query,
                                                           std::optional<std::string> after) {
    query.add("limit", 100);
    if (after) query.add("starting_after", *after);
    const auto body = co_await get(std::move(path), query.text());
    if (!body) co_return failure(body);
    auto listed = read_list(*body);
    if (!listed) co_return failure(listed);
    ListPage page{std::move(listed->data), std::nullopt};
    if (!listed->has_more || page.items.empty()) co_return page;
    auto last = read_id(page.items.back());
    if (!last) co_return failure(last);
    page.next = *std::move(last);
    co_return page;
}

asio::awaitable<Result<std::vector<Json>>> StripeExchange::get_all(std::string path, Form query) {
    ReadPage read = [&](std::optional<std::string> after) {
        return get_page(path, query, std::move(after));
    };
    co_return co_await read_all_pages(std::move(read));
}

Error no_such(std::string_view what) { return turnpike::no_such(kProviderName, what); }

Error unknown_method() {
    return {.code = ErrorCode::InvalidArgument,
            .reason = kUnknownMethod,
            .message = "stripe has no such payment method"};
}

}  // namespace turnpike::stripe
