#include "sandbox/razorpay/inspection.h"

#include <fmt/format.h>

#include "json/value.h"
#include "sandbox/documents.h"
#include "sandbox/html.h"
#include "sandbox/razorpay/controls.h"

namespace turnpike::twin::razorpay {
namespace {

constexpr std::string_view kAccounts = R"sql(
    SELECT id, key_id FROM accounts ORDER BY created_at, id
)sql";

// Events are kept as what was sent of them; the oldest delivery stands for each.
constexpr std::string_view kNewestEvents = R"sql(
    SELECT MIN(seq), event, body FROM deliveries WHERE account = $1
     GROUP BY event HAVING MIN(seq) < $2 ORDER BY MIN(seq) DESC LIMIT $3
)sql";

constexpr std::string_view kEventBody = R"sql(
    SELECT body FROM deliveries WHERE account = $1 AND event = $2 ORDER BY seq LIMIT 1
)sql";

}  // namespace

std::string Inspection::introduction(const std::string& host) const {
    return fmt::format(
        "<p>Any key that begins with <code>rzp_test_</code>, with any secret, is an account of its "
        "own, with its own clock.</p>\n"
        "<pre>curl http://{0}/v1/plans -u rzp_test_demo:secret</pre>\n"
        "<pre>const Razorpay = require('razorpay');\nconst razorpay = new Razorpay({{key_id: "
        "'rzp_test_demo', key_secret: "
        "'secret'}});\nrazorpay.api.rq.defaults.baseURL = 'http://{0}';</pre>\n"
        "<p>Make a month pass here, under an account's clocks, or with its key:</p>\n"
        "<pre>curl http://{0}/_sandbox/clock -u rzp_test_demo:secret -H 'Content-Type: "
        "application/json' -d '{{\"advance_seconds\": 2678400}}'</pre>\n"
        "<p>What the sandbox does not do it refuses by name.</p>\n",
        escape_html(host));
}

/// The id of a key is no secret: every checkout page has it.
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
    for (const auto& row : tx.all(kNewestEvents, {account, before.value_or(INT64_MAX), limit})) {
        const auto body = parse_json(row.text(2));
        if (!body) continue;
        events.push_back({.sequence = row.integer(0),
                          .id = row.text(1),
                          .type = text_of(*body, "event"),
                          .created = instant_of(*body, "created_at").value_or(Instant{})});
    }
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
    if (!find_account_by_id(tx, account)) return {};
    const Context ctx = context_of_(tx, account, now);
    return {{.id = account, .name = "", .now = ctx.now(), .state = "running"}};
}

std::string Inspection::advance_clock(sql::Transaction& tx, const std::string& account,
                                      const std::string& clock, Instant to, Instant now) {
    if (clock != account || !find_account_by_id(tx, account)) return "There is no such clock.";
    Context ctx = context_of_(tx, account, now);
    const auto moved = move_clock_to(ctx, to);
    return moved ? "" : moved.error().description;
}

}  // namespace turnpike::twin::razorpay
