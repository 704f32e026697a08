#include "sandbox/stripe/inspection.h"

#include <fmt/format.h>

#include "sandbox/documents.h"
#include "sandbox/html.h"
#include "sandbox/stripe/clocks/test_clocks.h"
#include "sandbox/stripe/core/events.h"

namespace turnpike::twin {
namespace {

constexpr std::string_view kAccounts = R"sql(
    SELECT id, key_hint FROM accounts ORDER BY created_at, id
)sql";

constexpr std::string_view kNewestEvents = R"sql(
    SELECT seq, id, type, created FROM events WHERE account = $1 AND seq < $2
     ORDER BY seq DESC LIMIT $3
)sql";

constexpr std::string_view kEventBody = R"sql(
    SELECT body FROM events WHERE account = $1 AND id = $2
)sql";

}  // namespace

std::string Inspection::introduction(const std::string& host) const {
    const auto colon = host.rfind(':');
    const bool names_port = colon != std::string::npos && !host.ends_with(']');
    return fmt::format(
        "<p>A stateful twin of Stripe's API, version <code>{}</code>. Nothing leaves this machine, "
        "except webhooks to the endpoints that you register. Any key <code>sk_test_</code> "
        "followed "
        "by letters and digits opens an account of its own:</p>\n"
        "<pre>curl http://{}/v1/customers -u sk_test_demo1: -d email=ada@example.com</pre>\n"
        "<p>With Stripe's own library:</p>\n"
        "<pre>import Stripe from 'stripe';\nconst stripe = new Stripe('sk_test_demo1', "
        "{{host: '{}', port: {}, protocol: 'http'}});</pre>\n"
        "<p>Stripe's test cards decide what is declined, and test clocks make months pass. What "
        "the "
        "sandbox does not do it refuses by name.</p>\n",
        kApiVersion, escape_html(host),
        escape_html(host.substr(0, names_port ? colon : host.size())),
        escape_html(names_port ? host.substr(colon + 1) : "80"));
}

std::vector<InspectedAccount> Inspection::accounts(sql::Transaction& tx) {
    std::vector<InspectedAccount> accounts;
    for (const auto& row : tx.all(kAccounts, {}))
        accounts.push_back({.id = row.text(0), .key = row.text(1)});
    return accounts;
}

std::vector<InspectedEvent> Inspection::events(sql::Transaction& tx, std::string_view account,
                                               std::optional<std::int64_t> before,
                                               std::int64_t limit) {
    std::vector<InspectedEvent> events;
    for (const auto& row : tx.all(kNewestEvents, {account, before.value_or(INT64_MAX), limit}))
        events.push_back({.sequence = row.integer(0),
                          .id = row.text(1),
                          .type = row.text(2),
                          .created = from_unix_seconds(row.integer(3))});
    return events;
}

std::optional<std::string> Inspection::event_body(sql::Transaction& tx, std::string_view account,
                                                  std::string_view id) {
    const auto row = tx.one(kEventBody, {account, id});
    if (!row) return std::nullopt;
    return row->text(0);
}

std::vector<InspectedClock> Inspection::clocks(sql::Transaction& tx, const std::string& account,
                                               Instant now) {
    Context ctx = context_of_(tx, account, now);
    std::vector<InspectedClock> clocks;
    for (const Json& clock : ctx.list("test_helpers.test_clock", {}))
        clocks.push_back({.id = text_of(clock, "id"),
                          .name = text_of(clock, "name"),
                          .now = *instant_of(clock, "frozen_time"),
                          .state = text_of(clock, "status")});
    return clocks;
}

std::string Inspection::advance_clock(sql::Transaction& tx, const std::string& account,
                                      const std::string& clock, Instant to, Instant now) {
    Context ctx = context_of_(tx, account, now);
    const auto moving = start_advance(ctx, clock, to);
    ctx.save();
    return moving ? "" : moving.error().message;
}

}  // namespace turnpike::twin
