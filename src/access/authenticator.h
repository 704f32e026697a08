#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <boost/asio/awaitable.hpp>

#include "access/api_key.h"
#include "access/jwt.h"
#include "access/principal.h"
#include "access/sessions.h"
#include "access/sharded_fifo_map.h"
#include "access/stored_keys.h"
#include "base/error.h"
#include "base/time.h"
#include "crypto/siphash.h"
#include "http/message.h"
#include "sql/database.h"

namespace turnpike {

namespace asio = boost::asio;

/// How long an answer may be repeated without asking again. A key revoked by another node works
/// there for kKeyMemory at most; one revoked here stops at once.
inline constexpr std::chrono::seconds kTokenMemory{60};  ///< its signature; never past its exp
inline constexpr std::chrono::seconds kKeyMemory{5};
inline constexpr std::chrono::seconds kSessionMemory{5};
inline constexpr std::chrono::seconds kSubjectMemory{
    5};  ///< that a token's user is not deactivated
inline constexpr std::chrono::seconds kUnknownKeyMemory{5};
/// While the ledger fails or is late: an outage must not block paying users. Never past the key's
/// expiry, and ended by the ledger's next answer.
inline constexpr std::chrono::hours kKeyMemoryWithoutLedger{1};

/// Says who is calling, from `Authorization: Bearer <token, key or session>`, `X-API-Key: <key>`
/// or, without those, the session's cookie, and from nothing else: a key in a query string would
/// end up in logs.
///
/// A credential seen before is answered from memory (a keyed 128-bit digest of its text; the text
/// is not kept), without SQL and without a signature check. Both tables are bounded, and guesses
/// have a table of their own, so that they cannot push good credentials out. Thread-safe.
class Authenticator {
public:
    static constexpr std::size_t kCapacityDefault = 65'536;

    Authenticator(KeySet keys, KeyMode mode, sql::Database& db, const Clock& clock,
                  std::size_t capacity = kCapacityDefault);

    /// A request without a credential is Anonymous, which is not an error here.
    ///
    /// Errors, all Unauthenticated but two: "access.credential_malformed" (two credentials, another
    /// scheme, too long); "access.key_invalid" (wrong checksum, unknown, revoked, expired, other
    /// mode); "access.session_over"; those of verify(); "access.subject_reserved". Forbidden
    /// "access.cross_site" for a cookie sent by another site's page, "people.user_deactivated" for
    /// a token of such a user; while the ledger fails, tokens are good by their signature alone.
    asio::awaitable<Result<Principal>> authenticate(const http::Request& request);

    /// The same answer when it needs no database: anonymous, malformed, administrators'
    /// tokens, whatever is in memory.
    std::optional<Result<Principal>> authenticate_at_once(const http::Request& request);

    /// Makes this node ask again. Call it after the revocation is durable.
    void forget_key(const ApiKeyId& id);
    void forget_session(const SessionId& id);
    void forget_user(const UserId& user);  ///< all his sessions
    void forget_subject(
        std::string_view external_id);  ///< all the tokens of this user of the host's

    [[nodiscard]] KeyMode mode() const { return mode_; }

private:
    struct Known {
        Principal principal;
        std::string key_id;  ///< or the session's; empty for tokens
        Instant until;
        Instant until_without_ledger{};
        /// Of a token: the ledger has been asked whether its user is deactivated, and has not said
        /// so. It may not have answered.
        bool was_asked = false;
    };

    std::optional<Principal> recall(const Digest128& digest, Instant now);
    std::optional<Result<Principal>> answer_key(std::string_view text, Instant now);
    /// Whoever a token's signature vouches for.
    struct Vouched {
        Principal principal;
        Instant until;
    };
    Result<Vouched> check_token(std::string_view token, Instant now) const;
    std::optional<Result<Principal>> answer_token(std::string_view token, Instant now);
    bool was_asked(const Digest128& digest);
    asio::awaitable<Result<Principal>> look_up_subject(std::string token);
    asio::awaitable<bool> ask_deactivated(std::string external_id);
    /// Asks the ledger, and when it does not answer, what was known an hour ago.
    asio::awaitable<Result<Principal>> look_up(std::string secret);
    asio::awaitable<Result<Principal>> ask_ledger(std::string secret);
    asio::awaitable<Result<Principal>> look_up_session(std::string secret);
    std::optional<Result<Principal>> answer_session(std::string_view text, Instant now);
    /// Nothing that asks the ledger now may be remembered: it may not have seen what was revoked.
    void revoked() { revocations_.fetch_add(1); }
    std::optional<Principal> recall_without_ledger(const Digest128& digest, Instant now);
    void forget(const Digest128& digest);
    void erase_key(const ApiKeyId& id);

    KeySet keys_;
    KeyMode mode_;
    sql::Database& db_;
    const Clock& clock_;
    SipKey sip_key_;
    ShardedFifoMap<Digest128, Known, Digest128Hash> known_;
    ShardedFifoMap<Digest128, Instant, Digest128Hash> unknown_;  ///< until when
    /// A look-up that a revocation overtook must not be remembered.
    std::atomic<std::uint64_t> revocations_{0};
};

}  // namespace turnpike
