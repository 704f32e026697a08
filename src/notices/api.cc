#include "notices/api.h"

#include "notices/notice_worker.h"

namespace turnpike {
namespace {

http::Response page(const std::string& body) {
    auto response = http::html_response(
        200,
        "<!doctype html><html><head><meta charset=\"utf-8\"><title>Reminders</title></head>"
        "<body>" +
            body + "</body></html>\n");
    response.headers.emplace_back("Content-Security-Policy",
                                  "default-src 'none'; form-action 'self'; frame-ancestors 'none'");
    response.headers.emplace_back("Referrer-Policy", "no-referrer");
    response.headers.emplace_back("Cache-Control", "no-store");
    return response;
}

}  // namespace

asio::awaitable<Result<http::Response>> NoticesApi::get_unsubscribe(const Principal& /*caller*/,
                                                                    const http::Request& request) {
    const auto recipient = recipient_of_token(tokens, request.path_value("token"));
    if (!recipient) co_return failure(recipient);
    co_return page(
        "<form method=\"post\"><p>Send me no more reminders.</p>"
        "<button>Unsubscribe</button></form>");
}

asio::awaitable<Result<http::Response>> NoticesApi::post_unsubscribe(const Principal& /*caller*/,
                                                                     const http::Request& request) {
    const auto recipient = recipient_of_token(tokens, request.path_value("token"));
    if (!recipient) co_return failure(recipient);
    auto work = [&](sql::Transaction& tx) {
        opt_out(tx, *recipient, clock.now());
        return true;
    };
    co_await db.write(work);
    co_return page(
        "<p>You get no more reminders. Receipts and other letters of your contract "
        "still come.</p>");
}

}  // namespace turnpike
