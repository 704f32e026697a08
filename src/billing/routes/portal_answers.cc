#include "billing/routes/portal_answers.h"

#include <utility>

#include "billing/provider/portal.h"
#include "json/object_reader.h"
#include "json/value.h"

namespace turnpike {

Result<ReturnUrl> read_return_url(const http::Request& request, const AllowedOrigins& origins) {
    if (request.body.empty()) return origins.own();
    const auto body = request.json();
    if (!body) return failure(body);
    ObjectReader fields(*body);
    const auto url =
        fields.finish(fields.optional_text("return_url", {.length_max = kReturnUrlBytesMax}));
    if (!url) return failure(url);
    return *url ? origins.check(**url, "return_url") : origins.own();
}

asio::awaitable<Result<http::Response>> answer_portal_session(BillingContexts& billing,
                                                              CustomerId customer,
                                                              ReturnUrl return_url) {
    const auto context = co_await context_of_customer(billing, customer);
    if (!context) co_return failure(context);
    const auto url =
        co_await open_customer_portal(**context, std::move(customer), std::move(return_url));
    if (!url) co_return failure(url);
    co_return http::json_response(201, Json{{"object", "portal_session"}, {"url", *url}});
}

}  // namespace turnpike
