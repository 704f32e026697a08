#include <algorithm>

#include "access/page.h"
#include "audit/authority.h"
#include "billing/life/test_clocks.h"
#include "billing/routes/api.h"
#include "customers/test_clock.h"
#include "invoicing/service.h"
#include "invoicing/wire.h"
#include "json/object_reader.h"
#include "json/write.h"

namespace turnpike {
namespace {

constexpr int kInvoicesShown = 10;

Result<TestClockId> read_id(const http::Request& request) {
    const auto id = TestClockId::parse(request.path_value("test_clock"));
    if (!id) return not_found("test_clock.not_found", "there is no such test clock");
    return *id;
}

struct NewClock {
    std::string name;
    std::optional<Instant> frozen_time;
    std::optional<std::string> provider;
};

Result<NewClock> read_new(const http::Request& request) {
    const auto body = request.json();
    if (!body) return failure(body);
    ObjectReader fields(*body);
    auto name = fields.optional_free_text("name").value_or("test clock");
    const auto frozen_time = fields.optional_instant("frozen_time");
    auto provider = fields.optional_text("provider");
    return fields.finish(NewClock{std::move(name), frozen_time, std::move(provider)});
}

Result<Instant> read_advance(const http::Request& request) {
    const auto body = request.json();
    if (!body) return failure(body);
    ObjectReader fields(*body);
    const auto frozen_time = fields.optional_instant("frozen_time");
    if (!frozen_time) fields.complain("frozen_time", "required", "is required");
    return fields.finish(frozen_time.value_or(Instant{}));
}

Json write_clock(const TestClock& clock) {
    return Json{{"id", clock.id.text()},
                {"object", "test_clock"},
                {"name", clock.name},
                {"frozen_time", format_rfc3339(clock.frozen_time)},
                {"provider", clock.provider},
                {"provider_clock_id", clock.provider_clock_id},
                {"created_at", format_rfc3339(clock.created_at)}};
}

/// Invoices of the clock's customers, newest first, made at or after `since` on the clock.
Json invoices_since(sql::Transaction& tx, const TestClockId& clock, Instant since) {
    Json shown = Json::array();
    for (const auto& customer : customers_on_clock(tx, clock)) {
        PageQuery page;
        page.limit = kInvoicesShown;
        page.since = since;
        for (const auto& listed : list_invoices(tx, customer, page))
            if (const auto invoice = load_invoice(tx, listed.id))
                shown.push_back(write_invoice(*invoice));
    }
    return shown;
}

}  // namespace

// GET /v1/test_clocks
BillingApi::Answer BillingApi::get_test_clocks(const Principal& /*caller*/,
                                               const http::Request& request) {
    const auto query = read_page(request, cursors, "test_clocks");
    if (!query) co_return failure(query);
    auto fetched = co_await billing.db.read(
        [&](sql::Transaction& tx) { return list_test_clocks(tx, *query); });
    const auto page = cut_page(std::move(fetched), *query);
    Json data = Json::array();
    for (const auto& clock : page.items) data.push_back(write_clock(clock));
    std::optional<PageMark> last;
    if (page.has_more) last = {page.items.back().created_at, page.items.back().id.text()};
    co_return list_response(std::move(data), cursors, "test_clocks", last);
}

// GET /v1/test_clocks/{test_clock}
BillingApi::Answer BillingApi::get_test_clock(const Principal& /*caller*/,
                                              const http::Request& request) {
    const auto id = read_id(request);
    if (!id) co_return failure(id);
    const auto clock =
        co_await billing.db.read([&](sql::Transaction& tx) { return load_test_clock(tx, *id); });
    if (!clock) co_return failure(clock);
    co_return http::ok(write_clock(*clock));
}

// POST /v1/test_clocks
BillingApi::Answer BillingApi::post_test_clock(const Principal& caller,
                                               const http::Request& request) {
    const auto body = read_new(request);
    if (!body) co_return failure(body);
    // Providers count in seconds.
    const Instant start =
        std::chrono::floor<std::chrono::seconds>(body->frozen_time.value_or(billing.clock.now()));
    const auto context =
        billing.of(body->provider.value_or(std::string(billing.primary().provider.name())));
    if (!context) co_return failure(context);
    const Authority authority = authority_of(caller, request);
    const auto clock = co_await create_test_clock(**context, body->name, start, authority);
    if (!clock) co_return failure(clock);
    co_return http::json_response(201, write_clock(*clock));
}

// POST /v1/test_clocks/{test_clock}/advance
BillingApi::Answer BillingApi::post_advance(const Principal& caller, const http::Request& request) {
    const auto id = read_id(request);
    if (!id) co_return failure(id);
    const auto target = read_advance(request);
    if (!target) co_return failure(target);
    const auto before =
        co_await billing.db.read([&](sql::Transaction& tx) { return load_test_clock(tx, *id); });
    if (!before) co_return failure(before);

    const auto context = billing.of(before->provider);
    if (!context) co_return failure(context);
    const Authority authority = authority_of(caller, request);
    const auto clock = co_await advance_test_clock(
        **context, *id, std::chrono::floor<std::chrono::seconds>(*target), authority);
    if (!clock) co_return failure(clock);
    Json body = write_clock(*clock);
    body["invoices"] = co_await billing.db.read([&](sql::Transaction& tx) {
        return invoices_since(tx, *id, before->frozen_time + std::chrono::seconds(1));
    });
    co_return http::ok(body);
}

}  // namespace turnpike
