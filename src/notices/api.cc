#include "notices/api.h"

#include "base/html.h"
#include "http/page.h"
#include "notices/notice_worker.h"

namespace turnpike {
namespace {

http::Response reminders_page(const std::string& seller, int status, const std::string& body) {
    const std::string title = seller.empty() ? "Reminders" : "Reminders from " + seller;
    auto response = http::plain_page(status, title, body);
    response.headers.emplace_back("Content-Security-Policy",
                                  "default-src 'none'; form-action 'self'; frame-ancestors 'none'");
    return response;
}

/// \param action  where it leads; "" for the page itself
std::string button(const std::string& action, const std::string& says, const char* label) {
    const std::string to = action.empty() ? "" : " action=\"" + action + "\"";
    return "<form method=\"post\"" + to + ">\n<p>" + escape_html(says) + "</p>\n<button>" + label +
           "</button>\n</form>\n";
}

/// A link that is none of ours: a person sees a page, a program the problem.
Result<http::Response> unknown_link(const std::string& seller, const http::Request& request,
                                    const Error& error) {
    if (!http::wants_page(request)) return std::unexpected(error);
    return reminders_page(seller, 404,
                          "<p>This link is not one of ours. Please open the one in the letter "
                          "again, all of it.</p>");
}

}  // namespace

asio::awaitable<Result<http::Response>> NoticesApi::get_unsubscribe(const Principal& /*caller*/,
                                                                    const http::Request& request) {
    auto wish = read_opt_out(tokens, request.path_value("token"));
    if (!wish) co_return unknown_link(seller, request, wish.error());
    std::string body;
    if (const auto words = reminder_words(wish->kind); !words.empty())
        body += button("", "Tell me no more of " + std::string(words) + ".", "Unsubscribe");
    wish->kind = kAllReminders;
    body += button("/v1/unsubscribe/" + opt_out_token(tokens, *wish),
                   "Send me no reminders at all.", "Unsubscribe from all");
    co_return reminders_page(seller, 200, body);
}

asio::awaitable<Result<http::Response>> NoticesApi::post_unsubscribe(const Principal& /*caller*/,
                                                                     const http::Request& request) {
    const auto wish = read_opt_out(tokens, request.path_value("token"));
    if (!wish) co_return unknown_link(seller, request, wish.error());
    auto work = [&](sql::Transaction& tx) {
        opt_out(tx, *wish, clock.now());
        return true;
    };
    co_await db.write(work);
    const auto words = reminder_words(wish->kind);
    const std::string ended = words.empty() ? "" : " of " + std::string(words);
    co_return reminders_page(seller, 200,
                             "<p>You get no more reminders" + escape_html(ended) +
                                 ". Receipts and other letters of your contract still come.</p>");
}

}  // namespace turnpike
