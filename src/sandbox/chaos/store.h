#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "sandbox/chaos/misfortune.h"
#include "sql/sql.h"

/// What is planned and what has happened, as rows, so that a restart goes on where it ended.
namespace turnpike::twin {

/// A migration of every twin, after kSharedTables.
inline constexpr std::string_view kChaosTables = R"sql(
CREATE TABLE chaos_plan (
    id BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    body TEXT NOT NULL
);

CREATE TABLE chaos_strikes (
    rule BIGINT NOT NULL PRIMARY KEY,
    strikes BIGINT NOT NULL
);

CREATE TABLE chaos_places (
    place TEXT NOT NULL PRIMARY KEY,
    seen BIGINT NOT NULL
);

CREATE TABLE chaos_scripts (
    rule BIGINT NOT NULL,
    endpoint TEXT NOT NULL,
    position BIGINT NOT NULL,
    rounds BIGINT NOT NULL,
    PRIMARY KEY (rule, endpoint)
);

CREATE TABLE chaos_fates (
    delivery TEXT NOT NULL PRIMARY KEY,
    endpoint TEXT NOT NULL,
    tries BIGINT NOT NULL,
    rule BIGINT NOT NULL,
    state TEXT NOT NULL,
    type TEXT NOT NULL
);
CREATE INDEX chaos_fates_by_state ON chaos_fates (endpoint, state);

CREATE TABLE chaos_happened (
    number BIGINT NOT NULL PRIMARY KEY,
    at BIGINT NOT NULL,
    rule BIGINT NOT NULL,
    misfortune TEXT NOT NULL,
    about TEXT NOT NULL
);
)sql";

/// The plan whose rules' numbers the other rows have: what decides is this one, in the transaction
/// that writes the decision. One that cannot be read, as another version of this program may have
/// left it, is none: the rest of the directory must stay usable.
std::optional<ChaosPlan> load_plan(sql::Transaction& tx);
/// Keeps the counts, so the rules that are there keep their places: only for a rule more.
void save_plan(sql::Transaction& tx, const ChaosPlan& plan);
/// No plan, no counts; webhooks that were held back are due at `now`.
void clear_chaos(sql::Transaction& tx, Instant now);

/// A rule is no longer in the plan; later ones move up by one, with their counts. Webhooks that it
/// held back are due at `now`.
void forget_rule(sql::Transaction& tx, std::size_t rule, Instant now);

/// How often each of `rules` rules has struck.
std::vector<std::int64_t> load_strikes(sql::Transaction& tx, std::size_t rules);
void add_strike(sql::Transaction& tx, std::size_t rule);
/// Counts one more at this place. \return how many there have been, this one included
std::int64_t count_occasion(sql::Transaction& tx, std::string_view place);

/// How far a rule with an order has come at an endpoint.
struct ScriptProgress {
    std::size_t position = 0;  ///< the type in the order that is sent next
    std::int64_t rounds = 0;   ///< whole ones
};
ScriptProgress load_progress(sql::Transaction& tx, std::size_t rule, const std::string& endpoint);
void save_progress(sql::Transaction& tx, std::size_t rule, const std::string& endpoint,
                   const ScriptProgress& progress);

/// What a rule wants with one try of a webhook.
struct Fate {
    enum class State : std::uint8_t {
        Struck,     ///< leaves now, with the rule's misfortune
        Held,       ///< until its time
        Overtaken,  ///< until another one has left for the same endpoint, or its time
        Gathering,  ///< until the burst is complete, or its time
        Scripted,   ///< until its place in the order comes, or its time
        Released,   ///< leaves now, as it is
    };
    std::string delivery;
    std::string endpoint;
    std::int64_t tries = 0;  ///< which try it is about: the number of those before it
    std::size_t rule = 0;
    State state = State::Struck;
    std::string type;  ///< of its event
};
std::optional<Fate> load_fate(sql::Transaction& tx, const std::string& delivery);
/// In the order in which the webhooks were queued.
std::vector<Fate> load_fates(sql::Transaction& tx, const std::string& endpoint, Fate::State state);
void save_fate(sql::Transaction& tx, const Fate& fate);
/// The number of a webhook's endpoint among those of its account, oldest first, from 1.
std::int64_t endpoint_number(sql::Transaction& tx, const std::string& endpoint);

struct Happened {
    Instant at;
    std::optional<std::size_t> rule{};  ///< nullopt: it has been removed since
    Misfortune misfortune = Misfortune::Error;
    std::string about;
};
/// Keeps the last 1,000.
void record_happened(sql::Transaction& tx, const Happened& happened);
/// Newest last.
std::vector<Happened> load_happened(sql::Transaction& tx, std::int64_t limit);

}  // namespace turnpike::twin
