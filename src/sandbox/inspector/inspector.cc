#include "sandbox/inspector/inspector.h"

#include <algorithm>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "http/router.h"
#include "json/value.h"
#include "sandbox/documents.h"
#include "sandbox/form.h"
#include "sandbox/inspector/chaos_page.h"
#include "sandbox/inspector/clock_pages.h"
#include "sandbox/inspector/delivery_pages.h"
#include "sandbox/inspector/guard.h"
#include "sandbox/inspector/inspected.h"
#include "sandbox/inspector/object_pages.h"
#include "sandbox/twin_base.h"

namespace turnpike::twin {
namespace {

constexpr std::string_view kIconPath = "/favicon.ico";
constexpr std::string_view kNoticeNumber = "notice";
constexpr int kBadRequest = 400;

struct Pages {
    std::vector<InspectorRoute> routes;
    http::Router router;
};

const Pages& pages() {
    static const Pages kPages = [] {
        std::vector<InspectorRoute> routes;
        for (const auto& some : {object_pages(), delivery_pages(), clock_pages()})
            routes.insert(routes.end(), some.begin(), some.end());
        auto router = router_of(routes);
        return Pages{.routes = std::move(routes), .router = std::move(router)};
    }();
    return kPages;
}

PageAnswer refused_page(const std::string& why) {
    return {.status = 403,
            .html = html_page("Refused", "<h1>Refused</h1><p>" + escape_html(why) + "</p>")};
}

bool concerns_unknown_account(const InspectorRoute& route, const Visit& visit) {
    if (!route.pattern.starts_with("/inspect/{account}")) return false;
    const auto known = visit.twin.inspected().accounts(visit.tx);
    return std::ranges::find(known, visit.account(), &InspectedAccount::id) == known.end();
}

PageAnswer broken_page() {
    return {.status = 500, .html = html_page("Broken", "<h1>Something broke</h1>")};
}

}  // namespace

bool Inspector::wants(const http::Request& request) {
    const bool reads = request.method == http::Method::Get || request.method == http::Method::Head;
    const bool is_start =
        request.path == "/" || request.path == "/inspect" || request.path == kIconPath;
    return (reads && is_start) || request.path.starts_with("/inspect/");
}

Inspector::Inspector(ProviderTwin& twin, Chaos& chaos)
    : twin_(twin), chaos_(chaos), notices_(unix_seconds(twin.clock().now())) {}

asio::awaitable<http::Response> Inspector::answer(http::Request& request) {
    // Browsers ask for one beside every page.
    if (request.path == kIconPath) co_return http::text_response(204, "");
    PageAnswer page;
    try {
        auto looking = page_of(request);
        page = co_await std::move(looking);
    } catch (const std::exception& broken) {
        spdlog::error("event=sandbox.inspector_failed request={} what=\"{}\"", request.request_id,
                      broken.what());
        page = broken_page();
    }
    co_return page_response(page);
}

http::Response Inspector::refused(int status) {
    if (status == kBadRequest) return page_response(nothing_there());
    return page_response({.status = status, .html = html_page("Refused", "<h1>Refused</h1>")});
}

asio::awaitable<PageAnswer> Inspector::page_of(http::Request& request) {
    if (const std::string why = refusal_of_guard(request); !why.empty())
        co_return refused_page(why);
    const auto decoded = decode_form(parameters_of(request));
    if (!decoded) co_return unreadable_form(decoded.error().message);
    const Json& form = *decoded;
    auto showing =
        request.path == kChaosPage ? chaos_page_of(request, form) : routed_page_of(request, form);
    co_return co_await std::move(showing);
}

asio::awaitable<PageAnswer> Inspector::chaos_page_of(const http::Request& request,
                                                     const Json& form) {
    if (request.method == http::Method::Post) {
        auto changing = change_chaos(chaos_, form);
        co_return leading_to(std::string(kChaosPage), co_await std::move(changing));
    }
    auto showing = chaos_page(chaos_, notices_.find(text_of(form, kNoticeNumber)));
    co_return co_await std::move(showing);
}

asio::awaitable<PageAnswer> Inspector::routed_page_of(http::Request& request, const Json& form) {
    const auto match = pages().router.match(request);
    if (!match.found) co_return nothing_there();
    const InspectorRoute& route = pages().routes[match.index];
    const auto now = twin_.clock().now();
    const bool reads = route.method == "GET";
    Notice left;
    auto work = [&](sql::Transaction& tx) {
        Visit visit{.tx = tx, .twin = twin_, .request = request, .form = form, .now = now};
        if (concerns_unknown_account(route, visit)) return nothing_there();
        if (reads) visit.said = notices_.find(text_of(form, kNoticeNumber));
        auto page = route.handler(visit);
        left = std::move(visit.leave);
        return page;
    };
    if (reads) co_return co_await twin_.database().read(work);
    const auto page = co_await twin_.database().write(work);
    if (left.text.empty()) co_return page;
    co_return leading_to(page.location, std::move(left));
}

PageAnswer Inspector::leading_to(std::string address, Notice notice) {
    if (notice.text.empty()) return {.status = 303, .location = std::move(address)};
    const auto number = notices_.keep(std::move(notice));
    return {.status = 303, .location = fmt::format("{}?{}={}", address, kNoticeNumber, number)};
}

}  // namespace turnpike::twin
