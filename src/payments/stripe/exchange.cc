#include "payments/stripe/exchange.h"

#include <algorithm>
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
          client_, world),
      live_(is_live_key(config.secret_key)),
      client_(config, wire_of(config), http, world.clock, std::move(metrics)) {}

asio::awaitable<Result<std::vector<Json>>> StripeExchange::get_all(std::string path, Form query) {
    std::vector<Json> all;
    std::string last;
    for (int pages = 0; pages < kPagesMax; ++pages) {
        Form page_query = query;
        page_query.add("limit", 100);
        if (!last.empty()) page_query.add("starting_after", last);
        const auto body = co_await get(path, page_query.text());
        if (!body) co_return failure(body);
        auto page = read_list(*body);
        if (!page) co_return failure(page);
        std::ranges::move(page->data, std::back_inserter(all));
        if (!page->has_more || all.empty()) co_return all;
        const auto id = read_id(all.back());
        if (!id) co_return failure(id);
        last = *id;
    }
    co_return unexpected_reply("a list of more than " + std::to_string(kPagesMax) + " pages");
}

Error no_such(std::string_view what) { return turnpike::no_such(kProviderName, what); }

Error unknown_method() {
    return {.code = ErrorCode::InvalidArgument,
            .reason = kUnknownMethod,
            .message = "stripe has no such payment method"};
}

}  // namespace turnpike::stripe
