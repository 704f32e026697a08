#include "analytics/usage/usage_alert.h"

#include <algorithm>
#include <map>
#include <set>
#include <string_view>
#include <tuple>
#include <utility>

#include "analytics/usage/usage_wire.h"
#include "base/check.h"
#include "base/decimal.h"
#include "json/value.h"
#include "notices/notice.h"
#include "sql/known_word.h"
#include "sql/statement_rows.h"
#include "webhooks/outbox.h"

namespace turnpike {
namespace {

constexpr int kWholePercent = 100;

constexpr std::string_view kInsert = R"sql(
    INSERT INTO usage_alerts (id, customer_id, subscription_id, meter_key, reset, window_start,
                              window_end, kind, percent, full_amount, reached_amount, crossed_at)
    VALUES
)sql";
constexpr std::string_view kUnlessThere = R"sql(
    ON CONFLICT (customer_id, subscription_id, meter_key, reset, window_start, kind, percent)
    DO NOTHING
    RETURNING id
)sql";

constexpr std::string_view kSelect = R"sql(
    SELECT a.id, a.customer_id, a.subscription_id, a.meter_key, a.reset, a.window_start,
           a.window_end, a.kind, a.percent, a.full_amount, a.reached_amount, a.crossed_at,
           p.currency, COALESCE(m.name, a.meter_key)
      FROM usage_alerts a
      LEFT JOIN meters m ON m.key = a.meter_key
      LEFT JOIN subscriptions s ON s.id = a.subscription_id AND a.kind = 'spend'
      LEFT JOIN prices p ON p.id = s.price_id
     WHERE )sql";
// An index of its own answers each.
constexpr std::string_view kOfAll = "$1 = ''";
constexpr std::string_view kOfCustomer = "a.customer_id = $1";
// $2: '' for all.
constexpr std::string_view kNewest = R"sql(
       AND (a.meter_key = $2 OR $2 = '') AND a.crossed_at >= $3 AND a.crossed_at < $4
       AND (a.crossed_at, a.id) < ($5, $6)
     ORDER BY a.crossed_at DESC, a.id DESC
     LIMIT $7
)sql";

UsageAlert from_row(const sql::Row& row) {
    UsageAlert alert{.id = row.id<UsageAlertId>(0),
                     .customer = row.id<CustomerId>(1),
                     .contract = {},
                     .meter_key = row.text(3),
                     .meter_name = row.text(13),
                     .reset = known_word(parse_reset(row.text(4))),
                     .window = {row.instant(5), row.instant(6)},
                     .threshold = {known_word(parse_threshold_kind(row.text(7))),
                                   static_cast<int>(row.integer(8)), row.text(9), row.text(10)},
                     .currency = {},
                     .crossed_at = row.instant(11)};
    if (!row.text(2).empty()) alert.contract = row.id<SubscriptionId>(2);
    if (!row.is_null(12)) alert.currency = parse_currency(row.text(12));
    return alert;
}

std::vector<UsageAlert> reached_by(const CustomerCounter& counted, Instant now, IdSource& ids) {
    std::vector<UsageAlert> alerts;
    const auto& [customer, counter] = counted;
    for (Threshold& threshold : thresholds_reached(counter))
        alerts.push_back({.id = ids.make<UsageAlertId>(now),
                          .customer = customer,
                          .contract = counter.contract,
                          .meter_key = counter.meter_key,
                          .meter_name = {},
                          .reset = counter.reset,
                          .window = alert_window(counter),
                          .threshold = std::move(threshold),
                          .currency = {},
                          .crossed_at = now});
    return alerts;
}

/// Whole percents, rounded down.
std::string percent_of(const Threshold& threshold) {
    const auto full = Quantity::parse(threshold.full_amount);
    const auto reached = Quantity::parse(threshold.reached_amount);
    check(full && reached && full->scaled() > 0, "a threshold's amounts are quantities");
    return std::to_string(
        static_cast<std::int64_t>(Int128{reached->scaled()} * kWholePercent / full->scaled()));
}

void post_limit_notice(sql::Transaction& tx, const UsageAlert& alert, IdSource& ids) {
    const Threshold& threshold = alert.threshold;
    if (threshold.kind != ThresholdKind::Usage) return;
    const std::string amounts = threshold.reached_amount + " of " + threshold.full_amount;
    const bool is_exactly_all = threshold.reached_amount == threshold.full_amount;
    LetterValues values{{"meter", alert.meter_name}};
    if (is_exactly_all) {
        values["share"] = "all";
        values["all"] = amounts;
    } else {
        values["percent"] = percent_of(threshold);
        values["share"] = values["percent"] + "%";
        values["used"] = threshold.reached_amount;
        values["limit"] = threshold.full_amount;
    }
    post_notice(tx,
                {.kind = "limit_reached",
                 .obligation = "alert:" + alert.id.text(),
                 .customer = alert.customer,
                 .values = std::move(values)},
                alert.crossed_at, ids);
}

/// Of one counter in one window, measured in the same way.
bool are_of_one(const UsageAlert& a, const UsageAlert& b) {
    const auto of = [](const UsageAlert& alert) {
        return std::tie(alert.customer, alert.contract, alert.meter_key, alert.reset,
                        alert.window.start, alert.threshold.kind);
    };
    return of(a) == of(b);
}

/// What the events of a customer's meter are told in the order of.
std::string object_of(const UsageAlert& alert) {
    return alert.customer.text() + ":" + alert.meter_key;
}

/// A usage log may count what a ledger restored from before the meter does not know: by its key.
void load_names(sql::Transaction& tx, std::vector<UsageAlert>& alerts) {
    std::map<std::string, std::string> names;
    for (UsageAlert& alert : alerts) {
        auto& name = names[alert.meter_key];
        if (name.empty()) {
            const auto row = tx.one("SELECT name FROM meters WHERE key = $1", {alert.meter_key});
            name = row ? row->text(0) : alert.meter_key;
        }
        alert.meter_name = name;
    }
}

}  // namespace

std::vector<UsageAlert> raise_alerts(sql::Transaction& tx,
                                     std::span<const CustomerCounter> counters, Instant now,
                                     IdSource& ids) {
    std::vector<UsageAlert> alerts;
    sql::InsertRows rows(tx, kInsert, kUnlessThere);
    for (const CustomerCounter& counted : counters)
        for (UsageAlert& alert : reached_by(counted, now, ids)) {
            const Threshold& threshold = alert.threshold;
            rows.add({alert.id, alert.customer, text_of(alert.contract), alert.meter_key,
                      to_text(alert.reset), alert.window.start, alert.window.end,
                      to_text(threshold.kind), threshold.percent, threshold.full_amount,
                      threshold.reached_amount, alert.crossed_at});
            alerts.push_back(std::move(alert));
        }
    std::set<std::string> raised;
    for (const sql::Row& row : rows.finish()) raised.insert(row.text(0));
    std::erase_if(alerts,
                  [&](const UsageAlert& alert) { return !raised.contains(alert.id.text()); });
    load_names(tx, alerts);
    for (std::size_t i = 0; i < alerts.size(); ++i) {
        const UsageAlert& alert = alerts[i];
        // They rise: of one leap people hear the highest alone.
        const bool is_passed_over = i + 1 < alerts.size() && are_of_one(alert, alerts[i + 1]);
        const Json data = write_alert(alert);
        emit(tx,
             {.type = "usage.threshold_reached",
              .object = object_of(alert),
              .customer = alert.customer.text(),
              .data = data,
              .at = now,
              .alerting = is_passed_over ? Alerting::No : Alerting::Yes},
             ids);
        if (!is_passed_over) post_limit_notice(tx, alert, ids);
    }
    return alerts;
}

std::vector<UsageAlert> load_alerts(sql::Transaction& tx, const UsageAlertFilter& filter) {
    const PageQuery& page = filter.page;
    const std::string text =
        std::string(kSelect).append(filter.customer ? kOfCustomer : kOfAll).append(kNewest);
    std::vector<UsageAlert> alerts;
    for (const auto& row :
         tx.all(text, {filter.customer.value_or(""), filter.meter_key.value_or(""), page.since,
                       page.until, page.after.at, page.after.id, page.fetch()}))
        alerts.push_back(from_row(row));
    return alerts;
}

}  // namespace turnpike
