#include "sandbox/inspector/inspector.h"

#include <algorithm>
#include <string>
#include <vector>

#include <spdlog/spdlog.h>

#include "http/router.h"
#include "json/value.h"
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

PageAnswer unreadable_form(const std::string& why) {
    return {.status = 400,
            .html = html_page("Unreadable form",
                              "<h1>This form cannot be read</h1><p>" + escape_html(why) + "</p>")};
}

bool concerns_unknown_account(const InspectorRoute& route, const Visit& visit) {
    if (!route.pattern.starts_with("/inspect/{account}")) return false;
    const auto known = visit.twin.inspected().accounts(visit.tx);
    return std::ranges::find(known, visit.account()) == known.end();
}

PageAnswer broken_page() {
    return {.status = 500, .html = html_page("Broken", "<h1>Something broke</h1>")};
}

}  // namespace

bool Inspector::wants(const http::Request& request) {
    const bool reads = request.method == http::Method::Get || request.method == http::Method::Head;
    const bool is_start = request.path == "/" || request.path == "/inspect";
    return (reads && is_start) || request.path.starts_with("/inspect/");
}

asio::awaitable<http::Response> Inspector::answer(http::Request& request) {
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

asio::awaitable<PageAnswer> Inspector::page_of(http::Request& request) {
    if (const std::string why = refusal_of_guard(request); !why.empty())
        co_return refused_page(why);
    const auto form = decode_form(parameters_of(request));
    if (!form) co_return unreadable_form(form.error().message);
    if (request.path == kChaosPage) {
        auto showing = chaos_page(chaos_, request, *form);
        co_return co_await std::move(showing);
    }
    const auto match = pages().router.match(request);
    if (!match.found) co_return nothing_there();
    const InspectorRoute& route = pages().routes[match.index];
    const auto now = twin_.clock().now();
    auto work = [&](sql::Transaction& tx) {
        Visit visit{.tx = tx, .twin = twin_, .request = request, .form = *form, .now = now};
        return concerns_unknown_account(route, visit) ? nothing_there() : route.handler(visit);
    };
    if (route.method == "GET") co_return co_await twin_.database().read(work);
    co_return co_await twin_.database().write(work);
}

}  // namespace turnpike::twin
