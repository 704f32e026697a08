#include "access/authenticator.h"

#include <algorithm>
#include <utility>

#include "access/session_cookie.h"
#include "base/letter_case.h"
#include "sql/patience.h"

namespace turnpike {
namespace {

constexpr std::string_view kBearer = "bearer ";
constexpr std::string_view kKeyStart = "tp_";
/// With the gateway's own 150 ms less than the 200 ms that Envoy waits.
constexpr std::chrono::milliseconds kLedgerPatience{40};
/// For a token that nobody has asked about yet: whether its user is deactivated is worth a wait.
/// Of one that the ledger was asked about, also in vain, kLedgerPatience.
constexpr std::chrono::milliseconds kFirstPatience{1'000};

std::unexpected<Error> malformed() {
    return fail(ErrorCode::Unauthenticated, "access.credential_malformed",
                "send one credential: Authorization: Bearer ... or X-API-Key: ...");
}

std::unexpected<Error> key_invalid() {
    return fail(ErrorCode::Unauthenticated, "access.key_invalid", "the API key is not valid");
}

std::unexpected<Error> session_over() {
    return fail(ErrorCode::Unauthenticated, "access.session_over",
                "the session is over; sign in again");
}

/// Which header a credential came in: X-API-Key holds keys only, the cookie sessions.
enum class Source : std::uint8_t { Authorization, ApiKeyHeader, Cookie };
struct Credential {
    std::string_view text;
    Source source = Source::Authorization;
};

/// Empty text when there is none.
Result<Credential> read_credential(const http::Headers& headers) {
    Credential found;
    int count = 0;
    for (const auto& [name, value] : headers) {
        if (equal_ignoring_case(name, "authorization")) {
            ++count;
            const std::string_view text(value);
            if (!equal_ignoring_case(text.substr(0, kBearer.size()), kBearer)) return malformed();
            found = {text.substr(kBearer.size()), Source::Authorization};
        } else if (equal_ignoring_case(name, "x-api-key")) {
            ++count;
            found = {value, Source::ApiKeyHeader};
        }
    }
    if (count == 0) {
        const auto cookie = session_cookie(headers);
        if (!cookie) return failure(cookie);
        found = {*cookie, Source::Cookie};
        if (found.text.empty()) return Credential{};
    }
    if (count > 1 || found.text.empty() || found.text.size() > kTokenBytesMax) return malformed();
    return found;
}

Principal principal_of(const Claims& claims) {
    Principal principal;
    const bool admin = claims.role == Role::Admin;
    principal.kind = admin ? PrincipalKind::Admin : PrincipalKind::Customer;
    if (!admin) principal.external_id = claims.subject;
    principal.email = claims.email;
    principal.name = (admin ? "admin:" : "user:") + claims.subject;
    return principal;
}

Principal principal_of(const ApiKey& key) {
    Principal principal;
    principal.kind = key.customer ? PrincipalKind::Customer : PrincipalKind::Seller;
    principal.customer = key.customer;
    principal.scopes = key.scopes;
    principal.name = "key:" + key.id.text();
    return principal;
}

Principal principal_of(const Session& session) {
    Principal principal;
    principal.kind = session.is_superuser ? PrincipalKind::Admin : PrincipalKind::Customer;
    principal.external_id = session.external_id;
    principal.email = session.email;
    principal.name = (session.is_superuser ? "admin:" : "user:") + session.external_id;
    principal.user = session.user;
    principal.session = session.id;
    return principal;
}

/// The ids of users and organizations are customers' external ids; a host's token that claimed one
/// would act for somebody whom the host does not know.
bool is_reserved(std::string_view subject) {
    return UserId::parse(subject) || OrganizationId::parse(subject);
}

bool belongs_to(KeyPrefix prefix, KeyMode mode) {
    switch (prefix) {
        case KeyPrefix::SellerTest: return mode == KeyMode::Test;
        case KeyPrefix::SellerLive: return mode == KeyMode::Live;
        case KeyPrefix::Customer: return true;
        case KeyPrefix::Session:
        case KeyPrefix::PasswordReset:
        case KeyPrefix::Invitation: return false;
    }
    return false;
}

}  // namespace

Authenticator::Authenticator(KeySet keys, KeyMode mode, sql::Database& db, const Clock& clock,
                             std::size_t capacity)
    : keys_(std::move(keys)),
      mode_(mode),
      db_(db),
      clock_(clock),
      sip_key_(random_sip_key()),
      known_(capacity),
      unknown_(capacity) {}

asio::awaitable<Result<Principal>> Authenticator::authenticate(const http::Request& request) {
    auto at_once = authenticate_at_once(request);
    if (at_once) co_return *std::move(at_once);
    std::string secret(read_credential(request.headers)->text);
    if (secret.starts_with(to_text(KeyPrefix::Session)))
        co_return co_await look_up_session(std::move(secret));
    if (!secret.starts_with(kKeyStart)) co_return co_await look_up_subject(std::move(secret));
    co_return co_await look_up(std::move(secret));
}

std::optional<Result<Principal>> Authenticator::authenticate_at_once(const http::Request& request) {
    const auto credential = read_credential(request.headers);
    if (!credential) return failure(credential);
    if (credential->text.empty()) return Principal{};

    const Instant now = clock_.now();
    const bool is_key = credential->text.starts_with(kKeyStart);
    const bool is_session = credential->text.starts_with(to_text(KeyPrefix::Session));
    if (credential->source == Source::ApiKeyHeader && !is_key) return key_invalid();
    if (credential->source == Source::Cookie) {
        if (!is_session) return session_over();
        if (const auto good = check_same_site(request); !good) return failure(good);
    }
    const auto digest = siphash128(sip_key_, credential->text);
    if (auto principal = recall(digest, now)) return *std::move(principal);
    if (is_session) return answer_session(credential->text, now);
    if (is_key) return answer_key(credential->text, now);
    return answer_token(credential->text, now);
}

std::optional<Principal> Authenticator::recall(const Digest128& digest, Instant now) {
    return known_.look(digest, [&](const Known* known) -> std::optional<Principal> {
        if (known == nullptr || now >= known->until) return std::nullopt;
        return known->principal;
    });
}

Result<Authenticator::Vouched> Authenticator::check_token(std::string_view token,
                                                          Instant now) const {
    const auto claims = verify(keys_, token, now);
    if (!claims) return failure(claims);
    if (is_reserved(claims->subject))
        return fail(ErrorCode::Unauthenticated, "access.subject_reserved",
                    "a token's subject cannot be an id of ours");
    return Vouched{principal_of(*claims),
                   std::min<Instant>(claims->expires_at, now + kTokenMemory)};
}

std::optional<Result<Principal>> Authenticator::answer_token(std::string_view token, Instant now) {
    const auto digest = siphash128(sip_key_, token);
    if (recall_without_ledger(digest, now)) return std::nullopt;
    auto vouched = check_token(token, now);
    if (!vouched) return failure(vouched);
    const bool is_user = vouched->principal.kind == PrincipalKind::Customer;
    const Instant until = is_user ? Instant{} : vouched->until;
    if (now < vouched->until)
        known_.put(digest, {vouched->principal, "", until, vouched->until, was_asked(digest)});
    if (is_user) return std::nullopt;
    return std::move(vouched->principal);
}

bool Authenticator::was_asked(const Digest128& digest) {
    return known_.look(digest,
                       [](const Known* known) { return known != nullptr && known->was_asked; });
}

asio::awaitable<bool> Authenticator::ask_deactivated(std::string external_id) {
    auto work = [&](sql::Transaction& tx) { return is_subject_deactivated(tx, external_id); };
    co_return co_await db_.read(work);
}

asio::awaitable<Result<Principal>> Authenticator::look_up_subject(std::string token) {
    const auto digest = siphash128(sip_key_, token);
    auto principal = recall_without_ledger(digest, clock_.now());
    if (!principal) {
        auto vouched = check_token(token, clock_.now());
        if (!vouched) co_return failure(vouched);
        principal = std::move(vouched->principal);
    }
    const auto patience = was_asked(digest) ? kLedgerPatience : kFirstPatience;
    const auto revocations = revocations_.load();
    // A ledger that does not answer is asked again later: paying users do not wait for it.
    std::optional<bool> is_deactivated;
    try {
        auto asked = ask_deactivated(principal->external_id);
        is_deactivated = co_await sql::wait_at_most(patience, std::move(asked));
    } catch (const sql::Failure&) {
        is_deactivated.reset();
    }
    if (!is_deactivated) {
        known_.look(digest, [](Known* known) {
            if (known != nullptr) known->was_asked = true;
        });
        co_return *std::move(principal);
    }
    if (*is_deactivated) {
        forget(digest);
        co_return fail(ErrorCode::Forbidden, "people.user_deactivated", "this user is deactivated");
    }
    const Instant until = clock_.now() + kSubjectMemory;
    known_.look(digest, [&](Known* known) {
        if (known == nullptr) return;
        known->until = std::min(known->until_without_ledger, until);
        known->was_asked = true;
    });
    // As for keys: put first, asked second.
    if (revocations_.load() != revocations) forget(digest);
    co_return *std::move(principal);
}

std::optional<Result<Principal>> Authenticator::answer_key(std::string_view text, Instant now) {
    const auto prefix = read_key_shape(text);
    if (!prefix || !belongs_to(*prefix, mode_)) return key_invalid();
    const bool known_unknown = unknown_.look(siphash128(sip_key_, text), [&](const Instant* until) {
        return until != nullptr && now < *until;
    });
    if (known_unknown) return key_invalid();
    return std::nullopt;
}

std::optional<Principal> Authenticator::recall_without_ledger(const Digest128& digest,
                                                              Instant now) {
    return known_.look(digest, [&](const Known* known) -> std::optional<Principal> {
        if (known == nullptr || now >= known->until_without_ledger) return std::nullopt;
        return known->principal;
    });
}

void Authenticator::forget(const Digest128& digest) {
    known_.look(digest, [](Known* known) {
        if (known == nullptr) return;
        known->until = known->until_without_ledger = Instant{};
        known->was_asked = false;
    });
}

asio::awaitable<Result<Principal>> Authenticator::look_up(std::string secret) {
    const auto digest = siphash128(sip_key_, secret);
    if (!recall_without_ledger(digest, clock_.now())) co_return co_await ask_ledger(secret);
    std::optional<Result<Principal>> answer;
    try {
        answer = co_await sql::wait_at_most(kLedgerPatience, ask_ledger(secret));
    } catch (const sql::Failure&) {
        answer.reset();
    }
    if (answer) co_return *std::move(answer);
    // Asked again: it may have been revoked here meanwhile.
    auto principal = recall_without_ledger(digest, clock_.now());
    if (!principal) co_return key_invalid();
    co_return *std::move(principal);
}

asio::awaitable<Result<Principal>> Authenticator::ask_ledger(std::string secret) {
    const auto digest = siphash128(sip_key_, secret);
    const auto revocations = revocations_.load();
    const auto hash = key_hash(secret);
    auto work = [&](sql::Transaction& tx) { return find_key_by_hash(tx, hash); };
    const auto key = co_await db_.read(work);

    const Instant now = clock_.now();
    const bool customer_key = secret.starts_with(to_text(KeyPrefix::Customer));
    if (!key || !is_usable(*key, now) || key->customer.has_value() != customer_key) {
        unknown_.put(digest, now + kUnknownKeyMemory);
        forget(digest);
        co_return key_invalid();
    }
    auto principal = principal_of(*key);
    const auto but_expiry = [&](Instant until) {
        return std::min(until, key->expires_at.value_or(until));
    };
    known_.put(digest, {principal, key->id.text(), but_expiry(now + kKeyMemory),
                        but_expiry(now + kKeyMemoryWithoutLedger)});
    // Put first, asked second: whichever order the revocation takes, one of the two sees the other.
    if (revocations_.load() != revocations) erase_key(key->id);
    co_return principal;
}

std::optional<Result<Principal>> Authenticator::answer_session(std::string_view text, Instant now) {
    if (read_key_shape(text) != KeyPrefix::Session) return session_over();
    const bool known_unknown = unknown_.look(siphash128(sip_key_, text), [&](const Instant* until) {
        return until != nullptr && now < *until;
    });
    if (known_unknown) return session_over();
    return std::nullopt;
}

asio::awaitable<Result<Principal>> Authenticator::look_up_session(std::string secret) {
    const auto digest = siphash128(sip_key_, secret);
    const auto revocations = revocations_.load();
    const auto hash = key_hash(secret);
    const Instant now = clock_.now();
    auto find = [&](sql::Transaction& tx) { return find_session_by_hash(tx, hash); };
    auto session = co_await db_.read(find);
    if (session && is_alive(*session, now) && now >= session->last_used_at + kSessionTouch) {
        auto touch = [&](sql::Transaction& tx) { return touch_session(tx, session->id, now); };
        if (co_await db_.write(touch) == 0) session.reset();  // revoked since we looked
        if (session) session->last_used_at = now;
    }
    if (!session || !is_alive(*session, now)) {
        unknown_.put(digest, now + kUnknownKeyMemory);
        forget(digest);
        co_return session_over();
    }
    auto principal = principal_of(*session);
    const Instant until = std::min<Instant>(end_of(*session), now + kSessionMemory);
    known_.put(digest, {principal, session->id.text(), until, until});
    // As for keys: put first, asked second.
    if (revocations_.load() != revocations)
        known_.erase_if([&](const Known& known) { return known.key_id == session->id.text(); });
    co_return principal;
}

void Authenticator::forget_key(const ApiKeyId& id) {
    revoked();
    erase_key(id);
}

void Authenticator::forget_session(const SessionId& id) {
    revoked();
    known_.erase_if([&](const Known& known) { return known.key_id == id.text(); });
}

void Authenticator::forget_user(const UserId& user) {
    revoked();
    known_.erase_if([&](const Known& known) { return known.principal.user == user; });
}

void Authenticator::forget_subject(std::string_view external_id) {
    revoked();
    known_.erase_if([&](const Known& known) {
        const auto& principal = known.principal;
        return known.key_id.empty() && principal.kind == PrincipalKind::Customer &&
               principal.external_id == external_id;
    });
}

void Authenticator::erase_key(const ApiKeyId& id) {
    known_.erase_if([&](const Known& known) { return known.key_id == id.text(); });
}

}  // namespace turnpike
