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
    auto wish = read_opt_out(tokens, request.path_value("token"));
    if (!wish) co_return failure(wish);
    std::string body;
    if (const auto words = reminder_words(wish->kind); !words.empty())
        body += "<form method=\"post\"><p>Tell me no more of " + std::string(words) +
                ".</p><button>Unsubscribe</button></form>";
    wish->kind = kAllReminders;
    body += "<form method=\"post\" action=\"/v1/unsubscribe/" + opt_out_token(tokens, *wish) +
            "\"><p>Send me no reminders at all.</p><button>Unsubscribe from all</button></form>";
    co_return page(body);
}

asio::awaitable<Result<http::Response>> NoticesApi::post_unsubscribe(const Principal& /*caller*/,
                                                                     const http::Request& request) {
    const auto wish = read_opt_out(tokens, request.path_value("token"));
    if (!wish) co_return failure(wish);
    auto work = [&](sql::Transaction& tx) {
        opt_out(tx, *wish, clock.now());
        return true;
    };
    co_await db.write(work);
    const auto words = reminder_words(wish->kind);
    const std::string ended = words.empty() ? "" : " of " + std::string(words);
    co_return page("<p>You get no more reminders" + ended +
                   ". Receipts and other letters of your contract still come.</p>");
}

}  // namespace turnpike
