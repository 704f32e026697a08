#include "access/sessions.h"

#include <algorithm>

#include "crypto/crypto.h"
#include "http/client_address.h"

namespace turnpike {
namespace {

constexpr std::size_t kSessionRandomBytes = 20;

constexpr std::string_view kInsertSession = R"sql(
    INSERT INTO sessions (id, hash, user_id, external_id, email, is_superuser, peer, user_agent,
                          created_at, last_used_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9)
)sql";

constexpr std::string_view kFindSession = R"sql(
    SELECT id, user_id, external_id, email, is_superuser, peer, user_agent, created_at,
           last_used_at, revoked_at
      FROM sessions
     WHERE hash = $1
)sql";

constexpr std::string_view kLiveSessions = R"sql(
    SELECT id, user_id, external_id, email, is_superuser, peer, user_agent, created_at,
           last_used_at, revoked_at
      FROM sessions
     WHERE user_id = $1 AND revoked_at IS NULL AND last_used_at > $2 AND created_at > $3
     ORDER BY created_at DESC, id DESC
)sql";

constexpr std::string_view kTouch = R"sql(
    UPDATE sessions SET last_used_at = $2 WHERE id = $1 AND revoked_at IS NULL
)sql";

constexpr std::string_view kRevokeOne = R"sql(
    UPDATE sessions SET revoked_at = $3 WHERE id = $2 AND user_id = $1 AND revoked_at IS NULL
)sql";

constexpr std::string_view kRevokeAll = R"sql(
    UPDATE sessions SET revoked_at = $2 WHERE user_id = $1 AND revoked_at IS NULL
)sql";

constexpr std::string_view kRevokeBeyond = R"sql(
    UPDATE sessions
       SET revoked_at = $2
     WHERE user_id = $1 AND revoked_at IS NULL
       AND id NOT IN (SELECT id FROM sessions WHERE user_id = $1 AND revoked_at IS NULL
                       ORDER BY created_at DESC, id DESC
                       LIMIT $3)
)sql";

constexpr std::string_view kForgetOld = R"sql(
    DELETE FROM sessions WHERE user_id = $1 AND created_at < $2
)sql";

constexpr int kPeersMax = 500;

constexpr std::string_view kPeers = R"sql(
    SELECT peer
      FROM sessions
     WHERE user_id = $1
     GROUP BY peer
     ORDER BY MAX(created_at) DESC
     LIMIT $2
)sql";

Session session_from_row(const sql::Row& row) {
    return {.id = row.id<SessionId>(0),
            .user = row.id<UserId>(1),
            .external_id = row.text(2),
            .email = row.maybe_text(3),
            .is_superuser = row.flag(4),
            .peer = row.text(5),
            .user_agent = row.text(6),
            .created_at = row.instant(7),
            .last_used_at = row.instant(8),
            .revoked_at = row.maybe_instant(9)};
}

}  // namespace

Instant end_of(const Session& session) {
    return std::min<Instant>(session.created_at + kSessionLife,
                             session.last_used_at + kSessionIdle);
}

bool is_alive(const Session& session, Instant now) {
    return !session.revoked_at && now < end_of(session);
}

MintedKey open_session(sql::Transaction& tx, const Session& session) {
    auto minted = mint_key(KeyPrefix::Session, random_bytes(kSessionRandomBytes));
    const Instant now = session.created_at;
    tx.run(kForgetOld, {session.user, now - kSessionRowsKept});
    tx.run(kInsertSession,
           {session.id, minted.hash, session.user, session.external_id, session.email,
            session.is_superuser, session.peer, session.user_agent, now});
    tx.run(kRevokeBeyond, {session.user, now, kSessionsMax});
    return minted;
}

std::optional<Session> find_session_by_hash(sql::Transaction& tx, std::string_view hash) {
    const auto row = tx.one(kFindSession, {hash});
    if (!row) return std::nullopt;
    return session_from_row(*row);
}

std::int64_t touch_session(sql::Transaction& tx, const SessionId& id, Instant now) {
    return tx.run(kTouch, {id, now});
}

std::vector<Session> live_sessions(sql::Transaction& tx, const UserId& user, Instant now) {
    std::vector<Session> sessions;
    for (const auto& row : tx.all(kLiveSessions, {user, now - kSessionIdle, now - kSessionLife}))
        sessions.push_back(session_from_row(row));
    return sessions;
}

bool revoke_session(sql::Transaction& tx, const UserId& user, const SessionId& id, Instant now) {
    return tx.run(kRevokeOne, {user, id, now}) == 1;
}

std::int64_t revoke_sessions(sql::Transaction& tx, const UserId& user, Instant now) {
    return tx.run(kRevokeAll, {user, now});
}

bool is_subject_deactivated(sql::Transaction& tx, std::string_view external_id) {
    return tx
        .one("SELECT 1 FROM users WHERE external_id = $1 AND deactivated_at IS NOT NULL",
             {external_id})
        .has_value();
}

bool has_signed_in_from(sql::Transaction& tx, const UserId& user, std::string_view peer) {
    const auto limited = http::limited_peer(peer);
    return std::ranges::any_of(tx.all(kPeers, {user, kPeersMax}), [&](const sql::Row& row) {
        return http::limited_peer(row.text(0)) == limited;
    });
}

}  // namespace turnpike
