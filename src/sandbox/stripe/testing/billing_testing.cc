#include "sandbox/stripe/testing/billing_testing.h"

#include "base/check.h"
#include "base/encoding.h"
#include "http/router.h"
#include "sandbox/stripe/clocks/test_clocks.h"
#include "sandbox/stripe/core/feature.h"
#include "sandbox/stripe/wire/billing_document.h"

namespace turnpike::twin {
namespace {

std::vector<http::Router::Entry> entries_of(const std::vector<OperationRoute>& all) {
    std::vector<http::Router::Entry> entries;
    for (const OperationRoute& route : all)
        entries.push_back({*http::parse_method(route.method), route.pattern});
    return entries;
}

std::vector<OperationRoute> every_operation() {
    std::vector<OperationRoute> all;
    for (const auto& feature : features())
        all.insert(all.end(), feature.operations.begin(), feature.operations.end());
    return all;
}

std::vector<std::string> take_expand(Json& form) {
    std::vector<std::string> paths;
    const auto found = form.find("expand");
    if (found == form.end()) return paths;
    for (const auto& [key, path] : found->items()) paths.push_back(path.get<std::string>());
    form.erase("expand");
    return paths;
}

}  // namespace

BillingSandbox::BillingSandbox(Instant now) : now_(now) {
    surroundings_.customers_per_clock_max = 100'000;
    auto opened = sql::Database::open({.url = "sqlite::memory:"});
    check(opened.has_value(), "an in-memory database opens");
    database_ = *std::move(opened);
    check(sql::migrate(*database_, sandbox_migrations(), now).has_value(), "the schema applies");
}

Outcome<Json> BillingSandbox::call(std::string_view method, const std::string& path,
                                   const std::string& form) {
    static const std::vector<OperationRoute> kAll = every_operation();
    static const http::Router kRouter{entries_of(kAll)};
    http::Request request;
    request.method = *http::parse_method(method);
    request.path = path;
    const auto match = kRouter.match(request);
    check(match.found, "the test names an operation that exists: " + path);
    auto decoded = decode_form(form);
    check(decoded.has_value(), "the test writes a well-formed form");
    const auto paths = take_expand(*decoded);
    // Not the Outcome itself: an error that keeps its effects must still commit.
    struct Handled {
        Answer answer;
    };
    auto handled = database_->write_blocking([&](sql::Transaction& tx) -> Handled {
        Context ctx(tx, "acct_1", now_, ids_);
        ctx.set_surroundings(surroundings_);
        Retreat retreat(ctx);
        Operation operation{.ctx = ctx,
                            .params = Params(*decoded, "", Params::Spellings::AlsoRetired),
                            .path_values = request.path_values,
                            .url = path};
        Answer answer = kAll[match.index].handler(operation);
        if (answer) answer = expand(ctx, visible(*answer), paths);
        if (!answer && !ctx.keeps_effects()) retreat.undo();
        ctx.save();
        retreat.close();
        return {std::move(answer)};
    });
    return std::move(handled.answer);
}

Json BillingSandbox::post(const std::string& path, const std::string& form) {
    auto answer = call("POST", path, form);
    if (answer) return *std::move(answer);
    ADD_FAILURE() << path << " " << form << ": " << answer.error().message;
    return {};
}

Json BillingSandbox::get(const std::string& path, const std::string& query) {
    auto answer = call("GET", path, query);
    if (answer) return *std::move(answer);
    ADD_FAILURE() << path << ": " << answer.error().message;
    return {};
}

Json BillingSandbox::remove(const std::string& path, const std::string& query) {
    auto answer = call("DELETE", path, query);
    if (answer) return *std::move(answer);
    ADD_FAILURE() << path << ": " << answer.error().message;
    return {};
}

StripeError BillingSandbox::refused(const std::string& path, const std::string& form) {
    auto answer = call("POST", path, form);
    if (!answer) return answer.error();
    ADD_FAILURE() << path << " " << form << " was not refused: " << to_text(*answer);
    return {};
}

void BillingSandbox::run_until(Instant now) {
    now_ = now;
    in_transaction([&](Context& ctx) {
        const auto ran = run_engine(ctx, "", now);
        check(ran.has_value(), "the engine runs");
        return true;
    });
}

void BillingSandbox::advance(const std::string& clock, Instant to) {
    post("/v1/test_helpers/test_clocks/" + clock + "/advance",
         "frozen_time=" + std::to_string(unix_seconds(to)));
    in_transaction([&](Context& ctx) {
        const auto finished = finish_advance(ctx, clock);
        check(finished.has_value(), "the clock arrives");
        return true;
    });
}

std::vector<std::string> BillingSandbox::new_events() {
    return database_->write_blocking([&](sql::Transaction& tx) {
        std::vector<std::string> types;
        for (const auto& row :
             tx.all("SELECT type, seq FROM events WHERE seq > $1 ORDER BY seq", {events_seen_})) {
            types.push_back(row.text(0));
            events_seen_ = row.integer(1);
        }
        return types;
    });
}

Json BillingSandbox::last_event(const std::string& type) {
    return database_->write_blocking([&](sql::Transaction& tx) {
        const auto rows =
            tx.all("SELECT body FROM events WHERE type = $1 ORDER BY seq DESC LIMIT 1", {type});
        return rows.empty() ? Json() : Json::parse(rows[0].text(0)).at("data");
    });
}

std::int64_t BillingSandbox::rows(const std::string& table) {
    return database_->write_blocking(
        [&](sql::Transaction& tx) { return tx.one("SELECT COUNT(*) FROM " + table)->integer(0); });
}

std::string BillingSandbox::customer(const std::string& card, const std::string& more) {
    const Json created = post("/v1/customers", "email=ada@example.com&name=Ada" + more);
    const std::string id = text_of(created, "id");
    if (card.empty()) return id;
    const Json method = post("/v1/payment_methods/" + card + "/attach", "customer=" + id);
    post("/v1/customers/" + id,
         "invoice_settings[default_payment_method]=" + text_of(method, "id"));
    return id;
}

std::string BillingSandbox::price(const std::string& name, std::int64_t cents,
                                  const std::string& interval) {
    const Json product = post("/v1/products", "name=" + percent_encode(name));
    const Json made = post("/v1/prices", "product=" + text_of(product, "id") +
                                             "&currency=usd&unit_amount=" + std::to_string(cents) +
                                             "&recurring[interval]=" + interval);
    return text_of(made, "id");
}

std::string BillingSandbox::test_clock(Instant frozen) {
    return text_of(
        post("/v1/test_helpers/test_clocks", "frozen_time=" + std::to_string(unix_seconds(frozen))),
        "id");
}

std::vector<std::int64_t> amounts_of(const Json& lines) {
    std::vector<std::int64_t> amounts;
    for (const Json& line : lines) amounts.push_back(integer_of(line, "amount"));
    return amounts;
}

std::vector<std::string> texts_of(const Json& list, const std::string& member) {
    std::vector<std::string> texts;
    for (const Json& element : list) texts.push_back(text_of(element, member));
    return texts;
}

}  // namespace turnpike::twin
