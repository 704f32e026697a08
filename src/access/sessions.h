#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "access/api_key.h"
#include "base/id.h"
#include "base/time.h"
#include "sql/sql.h"

namespace turnpike {

/// Unused for so long, it ends; so it does after so long in any case.
inline constexpr std::chrono::minutes kSessionIdle{30};
inline constexpr std::chrono::hours kSessionLife{12};
/// A use is written down when the last one is so old: a session in use costs one write a minute,
/// and ends up to so much sooner than kSessionIdle after its last use.
inline constexpr std::chrono::minutes kSessionTouch{1};
/// Of one user; beyond it, the oldest ends.
inline constexpr int kSessionsMax = 50;
/// The rows of sessions that are over say where a user has signed in before.
inline constexpr std::chrono::days kSessionRowsKept{90};

/// Somebody has signed in somewhere. What a request needs of the user is copied here: whoever
/// changes one of these ends the user's sessions.
struct Session {
    SessionId id;
    UserId user;
    std::string external_id;           ///< as Principal has it
    std::optional<std::string> email;  ///< as the user gave it
    bool is_superuser = false;
    std::string peer;        ///< the address that signed in
    std::string user_agent;  ///< what it said it was, at most 200 bytes
    Instant created_at;
    Instant last_used_at;  ///< to within kSessionTouch
    std::optional<Instant> revoked_at;
};
/// When it ends unless it is used.
Instant end_of(const Session& session);
bool is_alive(const Session& session, Instant now);

/// Writes the session down, ends the oldest beyond kSessionsMax, and forgets rows long over.
/// \return what goes to the user, once; only its hash is stored
MintedKey open_session(sql::Transaction& tx, const Session& session);
/// \param hash  key_hash() of the secret
std::optional<Session> find_session_by_hash(sql::Transaction& tx, std::string_view hash);
/// \return 1; 0 for one that is revoked
std::int64_t touch_session(sql::Transaction& tx, const SessionId& id, Instant now);
/// Those that are alive, newest first.
std::vector<Session> live_sessions(sql::Transaction& tx, const UserId& user, Instant now);
/// False, and no change, when it is revoked, not there, or somebody else's.
bool revoke_session(sql::Transaction& tx, const UserId& user, const SessionId& id, Instant now);
/// All of them; the caller then tells the Authenticator. \return how many
std::int64_t revoke_sessions(sql::Transaction& tx, const UserId& user, Instant now);
/// Whether the seller has shut out the user whom a host's token names.
bool is_subject_deactivated(sql::Transaction& tx, std::string_view external_id);
/// Whether the user has signed in from this peer within kSessionRowsKept, which is an IPv4 address
/// or a /64 of IPv6 (http::limited_peer). Of his addresses the last 500 count.
bool has_signed_in_from(sql::Transaction& tx, const UserId& user, std::string_view peer);

}  // namespace turnpike
