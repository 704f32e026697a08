#include "sandbox/chaos/store.h"

#include <algorithm>
#include <array>
#include <utility>

#include <spdlog/spdlog.h>

#include "base/check.h"
#include "json/value.h"
#include "sandbox/chaos/plan.h"

namespace turnpike::twin {
namespace {

constexpr std::int64_t kHappenedMax = 1'000;

constexpr std::string_view kLoadPlan = "SELECT body FROM chaos_plan";

constexpr std::string_view kSavePlan = R"sql(
    INSERT INTO chaos_plan (id, body) VALUES (1, $1)
    ON CONFLICT (id) DO UPDATE SET body = excluded.body
)sql";

constexpr std::string_view kReleaseAll = R"sql(
    UPDATE deliveries SET next_try_at = $1
     WHERE state = 'pending' AND next_try_at > $1
       AND id IN (SELECT delivery FROM chaos_fates
                   WHERE chaos_fates.tries = deliveries.tries AND chaos_fates.state <> 'struck')
)sql";

constexpr auto kForgetAll = std::to_array<std::string_view>({
    "DELETE FROM chaos_plan",
    "DELETE FROM chaos_strikes",
    "DELETE FROM chaos_places",
    "DELETE FROM chaos_scripts",
    "DELETE FROM chaos_fates",
    "DELETE FROM chaos_happened",
});

constexpr std::string_view kReleaseOfRule = R"sql(
    UPDATE deliveries SET next_try_at = $1
     WHERE state = 'pending' AND next_try_at > $1
       AND id IN (SELECT delivery FROM chaos_fates
                   WHERE chaos_fates.tries = deliveries.tries AND chaos_fates.state <> 'struck'
                     AND chaos_fates.rule = $2)
)sql";

// What has happened by it stays, without its number. The numbers below 0 are on their way: no row
// may have another one's number, not even for a moment.
constexpr auto kForgetRule = std::to_array<std::string_view>({
    "DELETE FROM chaos_strikes WHERE rule = $1",
    "DELETE FROM chaos_scripts WHERE rule = $1",
    "DELETE FROM chaos_fates WHERE rule = $1",
    "UPDATE chaos_happened SET rule = -1 WHERE rule = $1",
    "UPDATE chaos_happened SET rule = rule - 1 WHERE rule > $1",
    "UPDATE chaos_fates SET rule = rule - 1 WHERE rule > $1",
    "UPDATE chaos_strikes SET rule = -rule WHERE rule > $1",
    "UPDATE chaos_scripts SET rule = -rule WHERE rule > $1",
});
constexpr auto kMoveUp = std::to_array<std::string_view>({
    "UPDATE chaos_strikes SET rule = -rule - 1 WHERE rule < 0",
    "UPDATE chaos_scripts SET rule = -rule - 1 WHERE rule < 0",
});

constexpr std::string_view kLoadStrikes = "SELECT rule, strikes FROM chaos_strikes";

constexpr std::string_view kAddStrike = R"sql(
    INSERT INTO chaos_strikes (rule, strikes) VALUES ($1, 1)
    ON CONFLICT (rule) DO UPDATE SET strikes = chaos_strikes.strikes + 1
)sql";

constexpr std::string_view kCountOccasion = R"sql(
    INSERT INTO chaos_places (place, seen) VALUES ($1, 1)
    ON CONFLICT (place) DO UPDATE SET seen = chaos_places.seen + 1
    RETURNING seen
)sql";

constexpr std::string_view kLoadProgress = R"sql(
    SELECT position, rounds FROM chaos_scripts WHERE rule = $1 AND endpoint = $2
)sql";

constexpr std::string_view kSaveProgress = R"sql(
    INSERT INTO chaos_scripts (rule, endpoint, position, rounds) VALUES ($1, $2, $3, $4)
    ON CONFLICT (rule, endpoint) DO UPDATE
       SET position = excluded.position, rounds = excluded.rounds
)sql";

constexpr std::string_view kLoadFate = R"sql(
    SELECT delivery, endpoint, tries, rule, state, type FROM chaos_fates WHERE delivery = $1
)sql";

constexpr std::string_view kLoadFates = R"sql(
    SELECT chaos_fates.delivery, chaos_fates.endpoint, chaos_fates.tries, chaos_fates.rule,
           chaos_fates.state, chaos_fates.type
      FROM chaos_fates JOIN deliveries ON deliveries.id = chaos_fates.delivery
     WHERE chaos_fates.endpoint = $1 AND chaos_fates.state = $2
       AND deliveries.state = 'pending' AND deliveries.tries = chaos_fates.tries
     ORDER BY deliveries.seq
)sql";

constexpr std::string_view kSaveFate = R"sql(
    INSERT INTO chaos_fates (delivery, endpoint, tries, rule, state, type)
    VALUES ($1, $2, $3, $4, $5, $6)
    ON CONFLICT (delivery) DO UPDATE
       SET tries = excluded.tries, rule = excluded.rule, state = excluded.state
)sql";

constexpr std::string_view kEndpointNumber = R"sql(
    SELECT COUNT(*) FROM objects AS other JOIN objects AS ours
        ON other.account = ours.account AND other.kind = ours.kind AND other.seq <= ours.seq
     WHERE ours.id = $1
)sql";

constexpr std::string_view kRecord = R"sql(
    INSERT INTO chaos_happened (number, at, rule, misfortune, about)
    VALUES ((SELECT COALESCE(MAX(number), 0) + 1 FROM chaos_happened), $1, $2, $3, $4)
    RETURNING number
)sql";

constexpr std::string_view kPrune = "DELETE FROM chaos_happened WHERE number <= $1";

constexpr std::string_view kLoadHappened = R"sql(
    SELECT at, rule, misfortune, about FROM chaos_happened ORDER BY number DESC LIMIT $1
)sql";

struct StateName {
    Fate::State state;
    std::string_view name;
};
constexpr auto kStates = std::to_array<StateName>({
    {Fate::State::Struck, "struck"},
    {Fate::State::Held, "held"},
    {Fate::State::Overtaken, "overtaken"},
    {Fate::State::Gathering, "gathering"},
    {Fate::State::Scripted, "scripted"},
    {Fate::State::Released, "released"},
});

std::string_view name_of(Fate::State state) {
    return std::ranges::find(kStates, state, &StateName::state)->name;
}

Fate fate_of(const sql::Row& row) {
    const auto* const known = std::ranges::find(kStates, row.text(4), &StateName::name);
    check(known != kStates.end(), "a fate's state is one of ours");
    return {.delivery = row.text(0),
            .endpoint = row.text(1),
            .tries = row.integer(2),
            .rule = static_cast<std::size_t>(row.integer(3)),
            .state = known->state,
            .type = row.text(5)};
}

std::int64_t number_of(std::size_t rule) { return static_cast<std::int64_t>(rule); }

}  // namespace

std::optional<ChaosPlan> load_plan(sql::Transaction& tx) {
    const auto row = tx.one(kLoadPlan);
    if (!row) return std::nullopt;
    const auto json = parse_json(row->text(0));
    auto plan = json ? read_plan(*json) : Result<ChaosPlan>(failure(json));
    if (plan) return *std::move(plan);
    spdlog::error("event=sandbox.chaos_plan_ignored why=\"{}\"", plan.error().message);
    return std::nullopt;
}

void save_plan(sql::Transaction& tx, const ChaosPlan& plan) {
    tx.run(kSavePlan, {to_text(to_json(plan))});
}

void clear_chaos(sql::Transaction& tx, Instant now) {
    tx.run(kReleaseAll, {now});
    for (const auto statement : kForgetAll) tx.run(statement);
}

void forget_rule(sql::Transaction& tx, std::size_t rule, Instant now) {
    tx.run(kReleaseOfRule, {now, number_of(rule)});
    for (const auto statement : kForgetRule) tx.run(statement, {number_of(rule)});
    for (const auto statement : kMoveUp) tx.run(statement);
}

std::vector<std::int64_t> load_strikes(sql::Transaction& tx, std::size_t rules) {
    std::vector<std::int64_t> strikes(rules, 0);
    for (const auto& row : tx.all(kLoadStrikes)) {
        const auto rule = static_cast<std::size_t>(row.integer(0));
        if (rule < rules) strikes[rule] = row.integer(1);
    }
    return strikes;
}

void add_strike(sql::Transaction& tx, std::size_t rule) { tx.run(kAddStrike, {number_of(rule)}); }

std::int64_t count_occasion(sql::Transaction& tx, std::string_view place) {
    return tx.one(kCountOccasion, {place})->integer(0);
}

ScriptProgress load_progress(sql::Transaction& tx, std::size_t rule, const std::string& endpoint) {
    const auto row = tx.one(kLoadProgress, {number_of(rule), endpoint});
    if (!row) return {};
    return {.position = static_cast<std::size_t>(row->integer(0)), .rounds = row->integer(1)};
}

void save_progress(sql::Transaction& tx, std::size_t rule, const std::string& endpoint,
                   const ScriptProgress& progress) {
    tx.run(kSaveProgress,
           {number_of(rule), endpoint, number_of(progress.position), progress.rounds});
}

std::optional<Fate> load_fate(sql::Transaction& tx, const std::string& delivery) {
    const auto row = tx.one(kLoadFate, {delivery});
    if (!row) return std::nullopt;
    return fate_of(*row);
}

std::vector<Fate> load_fates(sql::Transaction& tx, const std::string& endpoint, Fate::State state) {
    std::vector<Fate> fates;
    for (const auto& row : tx.all(kLoadFates, {endpoint, name_of(state)}))
        fates.push_back(fate_of(row));
    return fates;
}

void save_fate(sql::Transaction& tx, const Fate& fate) {
    tx.run(kSaveFate, {fate.delivery, fate.endpoint, fate.tries, number_of(fate.rule),
                       name_of(fate.state), fate.type});
}

std::int64_t endpoint_number(sql::Transaction& tx, const std::string& endpoint) {
    return tx.one(kEndpointNumber, {endpoint})->integer(0);
}

void record_happened(sql::Transaction& tx, const Happened& happened) {
    check(happened.rule.has_value(), "a rule of the plan strikes");
    const auto number = tx.one(kRecord, {happened.at, number_of(*happened.rule),
                                         name_of(happened.misfortune), happened.about})
                            ->integer(0);
    tx.run(kPrune, {number - kHappenedMax});
}

std::vector<Happened> load_happened(sql::Transaction& tx, std::int64_t limit) {
    std::vector<Happened> all;
    for (const auto& row : tx.all(kLoadHappened, {limit})) {
        const auto misfortune = parse_misfortune(row.text(2));
        check(misfortune.has_value(), "a recorded misfortune is one of ours");
        Happened happened{.at = row.instant(0), .misfortune = *misfortune, .about = row.text(3)};
        if (row.integer(1) >= 0) happened.rule = static_cast<std::size_t>(row.integer(1));
        all.push_back(std::move(happened));
    }
    std::ranges::reverse(all);
    return all;
}

}  // namespace turnpike::twin
