#include "metering/sql/stored_recount.h"

#include <cstddef>
#include <string_view>
#include <vector>

namespace turnpike {
namespace {

// Names of reservations, which are rows here as well, have ids before 'ue'; corrections are no
// facts.
constexpr std::string_view kOthers = R"sql(
    WITH facts (id, event_time, segment, position, value_hash, quantity) AS (
        SELECT id, event_time, segment, position, value_hash, quantity
          FROM usage_events
         WHERE customer_id = $1 AND subscription_id = $2 AND meter_key = $3 AND reset = $4
           AND period_start = $5 AND id > 'ue' AND id <> $6
        UNION ALL
        SELECT e.id, e.event_time, n.segment, n.position, n.value_hash, n.quantity
          FROM usage_events e JOIN usage_event_counts n ON n.usage_event_id = e.id
         WHERE e.customer_id = $1 AND e.subscription_id = $2 AND n.meter_key = $3 AND n.reset = $4
           AND n.period_start = $5 AND e.id <> $6
    ),
    others (event_time, segment, position, value_hash, value) AS (
        SELECT f.event_time, f.segment, f.position, f.value_hash,
               COALESCE((SELECT a.quantity FROM usage_corrections a
                          WHERE a.original_id = f.id ORDER BY a.number DESC LIMIT 1), f.quantity)
          FROM facts f
         WHERE NOT EXISTS (SELECT 1 FROM usage_corrections c WHERE c.id = f.id)
           AND NOT EXISTS (SELECT 1 FROM usage_corrections v
                            WHERE v.original_id = f.id AND v.kind = 'void')
    )
)sql";

constexpr std::string_view kMost = R"sql(
    SELECT segment, MAX(value) FROM others GROUP BY segment ORDER BY segment
)sql";

constexpr std::string_view kLeast = R"sql(
    SELECT MIN(value), MAX(event_time) FROM others
)sql";

constexpr std::string_view kLatest = R"sql(
    SELECT event_time, value, position FROM others
     ORDER BY event_time DESC, position DESC LIMIT 1
)sql";

constexpr std::string_view kSameValue = R"sql(
    SELECT MIN(segment) FROM others WHERE value_hash = $7
)sql";

/// What every select begins with.
struct Question {
    sql::Transaction& tx;
    std::vector<sql::Value> parameters;

    [[nodiscard]] std::vector<sql::Row> all(std::string_view select) const {
        return tx.all(std::string(kOthers).append(select), parameters);
    }
};

void load_most(const Question& question, OtherEvents& others) {
    for (const auto& row : question.all(kMost)) {
        others.most.resize(static_cast<std::size_t>(row.integer(0)) + 1);
        others.most.back() = row.quantity(1);
    }
}

void load_least(const Question& question, OtherEvents& others) {
    const auto rows = question.all(kLeast);
    if (rows.front().is_null(0)) return;
    others.least = rows.front().quantity(0);
    others.latest = {rows.front().instant(1), *others.least, false};
}

void load_latest(const Question& question, const RecountedEvent& event, OtherEvents& others) {
    for (const auto& row : question.all(kLatest))
        others.latest = {row.instant(0), row.quantity(1), row.integer(2) > event.position};
}

void load_same_value(Question question, const RecountedEvent& event, OtherEvents& others) {
    question.parameters.emplace_back(event.value_hash);
    const auto rows = question.all(kSameValue);
    if (!rows.front().is_null(0))
        others.same_value_in = static_cast<std::size_t>(rows.front().integer(0));
}

}  // namespace

OtherEvents load_other_events(sql::Transaction& tx, const CounterKey& counter,
                              Meter::Aggregation aggregation, const RecountedEvent& event) {
    const Question question{tx,
                            {counter.customer, text_of(counter.contract), counter.meter_key,
                             to_text(counter.reset), counter.window_start, event.id}};
    OtherEvents others;
    switch (aggregation) {
        case Meter::Aggregation::Sum:
        case Meter::Aggregation::Count: break;
        case Meter::Aggregation::Max: load_most(question, others); break;
        case Meter::Aggregation::Min: load_least(question, others); break;
        case Meter::Aggregation::Last: load_latest(question, event, others); break;
        case Meter::Aggregation::Unique: load_same_value(question, event, others); break;
    }
    return others;
}

}  // namespace turnpike
