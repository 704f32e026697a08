#include "billing/records/stored_provider_move.h"

#include <algorithm>
#include <array>

#include "base/check.h"

namespace turnpike {
namespace {

using State = ProviderMove::State;

struct StateName {
    State state;
    std::string_view text;
};
constexpr auto kMoveStates = std::to_array<StateName>({
    {State::Beginning, "beginning"},
    {State::Waiting, "waiting"},
    {State::Ending, "ending"},
    {State::Abandoning, "abandoning"},
    {State::Done, "done"},
    {State::Failed, "failed"},
});

State move_state_of(std::string_view text) {
    const auto* const row = std::ranges::find(kMoveStates, text, &StateName::text);
    check(row != kMoveStates.end(), "the ledger holds only words that we wrote");
    return row->state;
}

std::string moves_where(std::string_view rest) {
    constexpr std::string_view kSelect = R"sql(
    SELECT id, subscription_id, from_provider, from_subscription_id, to_provider,
           to_subscription_id, payment_method, begins_at, authorization_url, state, error_reason,
           actor, request_id, created_at
      FROM provider_moves
)sql";
    return std::string(kSelect).append(rest);
}

constexpr std::string_view kInsertMove = R"sql(
    INSERT INTO provider_moves (id, subscription_id, from_provider, from_subscription_id,
           to_provider, to_subscription_id, payment_method, begins_at, authorization_url, state,
           error_reason, actor, request_id, created_at, went_on_at, finished_at)
    VALUES ($1, $2, $3, $4, $5, '', $6, $7, NULL, 'beginning', NULL, $8, $9, $10, $10, NULL)
    ON CONFLICT DO NOTHING
)sql";
constexpr std::string_view kSetNewObject = R"sql(
    UPDATE provider_moves SET to_subscription_id = $2, authorization_url = $3
     WHERE id = $1 AND to_subscription_id IN ('', $2)
)sql";
constexpr std::string_view kAdvance = R"sql(
    UPDATE provider_moves SET state = $3, error_reason = $4, finished_at = $5, went_on_at = $6
     WHERE id = $1 AND state = $2
)sql";

ProviderMove move_from(const sql::Row& row) {
    return {.id = row.id<ProviderMoveId>(0),
            .subscription = row.id<SubscriptionId>(1),
            .from_provider = row.text(2),
            .from_subscription = row.text(3),
            .to_provider = row.text(4),
            .to_subscription = row.text(5),
            .payment_method = row.maybe_text(6),
            .begins_at = row.instant(7),
            .authorization_url = row.maybe_text(8),
            .state = move_state_of(row.text(9)),
            .error_reason = row.maybe_text(10),
            .authority = {row.text(11), row.text(12)},
            .created_at = row.instant(13)};
}

std::optional<ProviderMove> maybe_move(const std::optional<sql::Row>& row) {
    if (!row) return std::nullopt;
    return move_from(*row);
}

std::vector<ProviderMove> moves_from(const std::vector<sql::Row>& rows) {
    std::vector<ProviderMove> moves;
    for (const auto& row : rows) moves.push_back(move_from(row));
    return moves;
}

}  // namespace

std::string_view to_text(State state) {
    const auto* const row = std::ranges::find(kMoveStates, state, &StateName::state);
    check(row != kMoveStates.end(), "every state of a move has a name");
    return row->text;
}

bool is_open(const ProviderMove& move) {
    return move.state != State::Done && move.state != State::Failed;
}

bool insert_move(sql::Transaction& tx, const ProviderMove& move) {
    return tx.run(kInsertMove,
                  {move.id, move.subscription, move.from_provider, move.from_subscription,
                   move.to_provider, move.payment_method, move.begins_at, move.authority.actor,
                   move.authority.request_id, move.created_at}) == 1;
}

std::optional<ProviderMove> find_move(sql::Transaction& tx, const ProviderMoveId& id) {
    return maybe_move(tx.one(moves_where("WHERE id = $1"), {id}));
}

std::optional<ProviderMove> find_open_move(sql::Transaction& tx,
                                           const SubscriptionId& subscription) {
    return maybe_move(
        tx.one(moves_where("WHERE subscription_id = $1 AND state NOT IN ('done', 'failed')"),
               {subscription}));
}

std::optional<ProviderMove> find_move_of_object(sql::Transaction& tx, std::string_view provider,
                                                const std::string& provider_subscription) {
    if (provider_subscription.empty()) return std::nullopt;
    return maybe_move(tx.one(moves_where(R"sql(
     WHERE (to_provider = $1 AND to_subscription_id = $2)
        OR (from_provider = $1 AND from_subscription_id = $2 AND state = 'done')
     ORDER BY created_at DESC, id DESC
     LIMIT 1)sql"),
                             {provider, provider_subscription}));
}

std::vector<ProviderMove> moves_to_go_on(sql::Transaction& tx, std::string_view provider,
                                         Instant before, int limit) {
    return moves_from(tx.all(moves_where(R"sql(
     WHERE to_provider = $1
       AND (state IN ('ending', 'abandoning') OR (state = 'beginning' AND created_at < $2))
     ORDER BY created_at, id
     LIMIT $3)sql"),
                             {provider, before, limit}));
}

std::vector<ProviderMove> moves_waiting(sql::Transaction& tx, std::string_view provider,
                                        Instant moment, int limit) {
    return moves_from(tx.all(moves_where(R"sql(
     WHERE to_provider = $1 AND state = 'waiting' AND begins_at < $2
     ORDER BY begins_at, id
     LIMIT $3)sql"),
                             {provider, moment, limit}));
}

void set_new_object(sql::Transaction& tx, const ProviderMoveId& move, const NewObject& object) {
    tx.run(kSetNewObject, {move, object.provider_subscription, object.authorization_url});
}

bool advance_move(sql::Transaction& tx, const ProviderMove& move, State to, std::string_view reason,
                  Instant now) {
    const bool is_final = to == State::Done || to == State::Failed;
    const sql::Value why = reason.empty() ? sql::Value(nullptr) : sql::Value(reason);
    const sql::Value finished_at = is_final ? sql::Value(now) : sql::Value(nullptr);
    return tx.run(kAdvance, {move.id, to_text(move.state), to_text(to), why, finished_at, now}) ==
           1;
}

}  // namespace turnpike
