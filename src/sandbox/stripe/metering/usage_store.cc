#include "sandbox/stripe/metering/usage_store.h"

#include <string_view>

#include "base/check.h"

namespace turnpike::twin {
namespace {

constexpr auto kIdentifierLifetime = std::chrono::hours(24);

constexpr std::string_view kIdentifierTaken = R"sql(
    SELECT 1 FROM meter_events
     WHERE account = $1 AND identifier = $2 AND received_at > $3
     LIMIT 1
)sql";

constexpr std::string_view kInsertUsage = R"sql(
    INSERT INTO meter_events (account, event_name, identifier, meter, customer, value, happened_at,
                              received_at, canceled)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0)
)sql";

constexpr std::string_view kFindUsage = R"sql(
    SELECT seq, received_at FROM meter_events
     WHERE account = $1 AND identifier = $2 AND event_name = $3 AND canceled = 0
     ORDER BY seq DESC
     LIMIT 1
)sql";

constexpr std::string_view kCancelUsage = R"sql(
    UPDATE meter_events SET canceled = 1 WHERE account = $1 AND seq = $2
)sql";

constexpr std::string_view kLoadUsage = R"sql(
    SELECT happened_at, value FROM meter_events
     WHERE account = $1 AND meter = $2 AND customer = $3 AND happened_at >= $4
       AND happened_at < $5 AND canceled = 0
     ORDER BY seq
)sql";

}  // namespace

bool is_identifier_taken(Context& ctx, const std::string& identifier) {
    return ctx.transaction()
        .one(kIdentifierTaken, {ctx.account(), identifier, ctx.now() - kIdentifierLifetime})
        .has_value();
}

void save_usage(Context& ctx, const UsageRecord& record) {
    ctx.transaction().run(
        kInsertUsage, {ctx.account(), record.event_name, record.identifier, record.meter,
                       record.customer, usage_text(record.value), record.happened_at, ctx.now()});
}

Cancellation cancel_usage(Context& ctx, const std::string& event_name,
                          const std::string& identifier) {
    const auto row = ctx.transaction().one(kFindUsage, {ctx.account(), identifier, event_name});
    if (!row) return Cancellation::NotFound;
    if (row->instant(1) <= ctx.now() - kIdentifierLifetime) return Cancellation::TooLate;
    ctx.transaction().run(kCancelUsage, {ctx.account(), row->integer(0)});
    return Cancellation::Done;
}

std::vector<UsageEvent> load_usage(Context& ctx, const std::string& meter,
                                   const std::string& customer, const Period& period) {
    std::vector<UsageEvent> events;
    for (const auto& row : ctx.transaction().all(
             kLoadUsage, {ctx.account(), meter, customer, period.start, period.end})) {
        const auto value = parse_usage(row.text(1));
        check(value.has_value(), "the sandbox stores values that it has read");
        events.push_back({row.instant(0), *value});
    }
    return events;
}

}  // namespace turnpike::twin
