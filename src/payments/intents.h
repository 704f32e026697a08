#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "base/error.h"
#include "base/id.h"
#include "base/time.h"
#include "sql/database.h"

namespace turnpike {

namespace asio = boost::asio;

/// pending: no request can have reached the provider. unknown: one may have. The other two are
/// final and keep the first outcome for ever.
enum class IntentState : std::uint8_t { Pending, Succeeded, Refused, Unknown };
std::string_view to_text(IntentState state);

/// What we owe a provider, and what is known about it.
struct Intent {
    IntentId id;
    std::string provider;
    std::string obligation;
    std::string idempotency_key;
    std::string method;  ///< "POST"
    std::string path;    ///< "/v1/subscriptions"
    std::string body;    ///< as sent
    IntentState state = IntentState::Pending;
    std::optional<int> http_status;
    std::optional<std::string> reply;  ///< as stored: without client secrets (redact.h)
    std::int64_t attempts = 0;         ///< counted before each call leaves
    Instant created_at;
    /// When `state` last changed; of an unknown intent: when its first request may have left.
    Instant updated_at;
};

/// Which content an obligation may have when it is asked for again.
enum class IntentContent : bool {
    MustMatch,  ///< another method, path or body is Conflict "payment.obligation_changed"
    FirstWins,  ///< the stored content is sent; for descriptions (a name), never for money
};

struct IntentRequest {
    std::string provider;
    std::string obligation;
    std::string method;
    std::string path;
    std::string body;
    IntentContent content = IntentContent::MustMatch;
};

/// What one call (with its quick retries) tells about the provider's state.
enum class SendFate : std::uint8_t {
    Succeeded,        ///< 2xx, whole and readable
    Refused,          ///< a final no
    NothingHappened,  ///< never left, or turned away at the door (429, 401)
    Unknown,          ///< anything else
};
struct Sent {
    SendFate fate = SendFate::Unknown;
    int http_status = 0;
    std::string body{};
    std::string note{};  ///< for people, without secrets; why it is not final
    std::optional<int> retry_after_s{};
};
/// Sends `intent` once under its key. Called after the intent is durable.
using SendIntent = std::function<asio::awaitable<Sent>(const Intent&)>;

/// A final outcome.
struct IntentOutcome {
    IntentState state = IntentState::Succeeded;  ///< Succeeded or Refused
    int http_status = 0;
    std::string reply{};    ///< whole, but as stored when it is replayed
    bool replayed = false;  ///< told from our row; the provider was not asked this time
};

/// What `perform` works with; references, so the owner outlives every call.
struct IntentWorld {
    sql::Database& db;
    const Clock& clock;
    IdSource& ids;
};

/// How long after its first request an unknown intent may be sent again. A provider keeps a key for
/// at least 24 h; past this age the same key could make a second object.
inline constexpr std::chrono::hours kIntentResendWindow{23};

/// For writes whose repetition no provider recognizes: an unknown intent does not leave again
/// before it was looked for.
struct Looking {
    /// What the intent made or did, as JSON text; nullopt: it is not there. Empty: nobody looks.
    std::function<asio::awaitable<Result<std::optional<std::string>>>(const Intent&)> find{};
    /// How long after its first request what is not there will not come any more.
    std::chrono::seconds absent_after{};
};

/// Fulfils an obligation once, however often it is asked to and wherever the process died before.
///
///     1. one transaction: the row by (provider, obligation), its attempt counted, state unknown
///     2. the call, with the row's key and content
///     3. one transaction: what is known now
///
/// A final row answers without a call. An unknown row is sent again under the same key while
/// younger than kIntentResendWindow; after that only reconciliation may settle it. With `looking`,
/// an unknown row is looked for instead: found, it succeeded; not found for `absent_after`, it is
/// settled as absent and begins anew; until then its outcome stays unknown.
///
/// Errors: Conflict       "payment.obligation_changed"  the obligation has other content
///         Unavailable    "payment.provider_down"       nothing happened there
///         OutcomeUnknown "payment.outcome_unknown"     ask again, or reconcile
/// sql::Failure comes out; asking again is safe after it.
asio::awaitable<Result<IntentOutcome>> perform(IntentWorld world, IntentRequest request,
                                               SendIntent send, Looking looking = {});

/// "tp_" + 48 hex digits of SHA-256 over provider, obligation and generation. It depends on nothing
/// that a restored backup could have lost, so that work done again after a restore meets the
/// provider's memory of the first time. `generation` rises only where settle proves
/// that nothing exists.
std::string idempotency_key(std::string_view provider, std::string_view obligation,
                            std::int64_t generation);

std::optional<Intent> find_intent(sql::Transaction& tx, std::string_view provider,
                                  std::string_view obligation);
/// Those of these obligations that are known, in no order.
std::vector<Intent> find_intents(sql::Transaction& tx, std::string_view provider,
                                 const std::vector<std::string>& obligations);
/// Unknown since before `until`, oldest first: the work list of reconciliation.
std::vector<Intent> unknown_intents(sql::Transaction& tx, std::string_view provider, Instant until,
                                    int limit);
/// What one pass over the unknown intents did.
struct SettledIntents {
    int found = 0;   ///< the object was there: succeeded
    int absent = 0;  ///< proven not to exist: pending again, under a new key
    int open = 0;    ///< still unknown
};

/// How many intents are unknown; for health and metrics.
std::int64_t count_unknown_intents(sql::Transaction& tx, std::string_view provider);

/// Settles an unknown intent by a search that began at `searched_at`: found, it succeeded; not
/// found by one that began `absent_after` its last request, nothing can be under way any more, and
/// it is pending again under a new key. What came after the search began, it may have missed.
/// \return false when it stays unknown, or was settled meanwhile
bool settle(sql::Transaction& tx, const Intent& intent, const std::optional<std::string>& found,
            Instant searched_at, std::chrono::seconds absent_after);

}  // namespace turnpike
