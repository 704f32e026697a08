#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "json/value.h"
#include "payments/intents.h"
#include "payments/provider.h"
#include "payments/provider_client.h"
#include "payments/refusals.h"

namespace turnpike {

/// Every object made at a provider carries this name with its obligation, so that it can be found
/// when the answer was lost.
inline constexpr std::string_view kObligationKey = "turnpike_obligation";

/// One write as a provider is asked for it.
struct Write {
    std::string obligation;
    std::string path;
    std::string parameters;  ///< as its Wire wants them
    http::Method method = http::Method::Post;
    IntentContent content = IntentContent::MustMatch;
    RefusedSubject subject = RefusedSubject::Other;
    /// After a refusal this object is read: when `is_done` says that it is in the wanted state
    /// already, the write counts as done with that object. "" reads nothing.
    std::string done_path{};
    bool (*is_done)(const Json& object) = nullptr;
    /// NeverTwice: when its outcome is lost, the object is looked for before anything leaves again.
    Repeat repeat = Repeat::Freely;
};
struct Written {
    Json object;
    bool replayed = false;  ///< the first answer, from our row: the object may have changed since
};

/// What is peculiar to one provider in the exchange.
struct ProviderTraits {
    std::string_view provider;  ///< "stripe"
    /// The final no of an answer as one of ours.
    Error (*read_refusal)(int http_status, const std::string& body, RefusedSubject subject);
    /// How long after its first request an intent whose object is not there is proven absent: no
    /// request can be under way any more, nor be remembered under its key.
    std::chrono::seconds absent_after{};
    /// What it answers when something was deleted and there is no object to show; "": always one.
    std::string_view deleted_reply{};
};

/// A list is followed so far: a million objects.
inline constexpr int kPagesMax = 10'000;
struct ListPage {
    std::vector<Json> items;
    std::optional<std::string> next;  ///< where the next one begins; nullopt: this is the last
};
using ReadPage = std::function<asio::awaitable<Result<ListPage>>(std::optional<std::string> after)>;
enum class Walk : bool { On, Enough };
using VisitPage = std::function<asio::awaitable<Walk>(std::vector<Json>& items)>;
/// What a visit answers that need not wait for anything.
asio::awaitable<Walk> told(Walk walk);
/// Reads a list page by page, until `visit` has enough.
/// Errors: those of `read`; "payment.unexpected_reply" for a list without end.
asio::awaitable<Result<std::monostate>> walk_pages(ReadPage read, VisitPage visit);
/// All items of a list. Errors: walk_pages'.
asio::awaitable<Result<std::vector<Json>>> read_all_pages(ReadPage read);

/// Reads and writes of JSON objects: what all calls to a provider have in common. Writes go through
/// intents, reads do not. Thread-safe.
class Exchange {
public:
    Exchange(ProviderTraits traits, const ConnectionConfig& config, Wire wire, http::Client& http,
             IntentWorld world, ClientMetrics metrics);
    virtual ~Exchange() = default;
    Exchange(const Exchange&) = delete;
    Exchange& operator=(const Exchange&) = delete;

    /// Errors: perform's, read_refusal's, "payment.unexpected_reply".
    asio::awaitable<Result<Written>> write(Write request);
    /// The object as it is now. A first answer told from our row may be long out of date, and
    /// applying it would undo what happened since; so then it is read from `collection`
    /// ("/v1/subscriptions") again.
    /// Errors: as write; OutcomeUnknown "payment.outcome_unknown" when it cannot be read now.
    asio::awaitable<Result<Json>> write_afresh(Write request, std::string collection);
    /// A write that nobody owes and that is not repeated: no intent, no key.
    asio::awaitable<Result<Json>> post_unowed(std::string path, std::string parameters);

    /// Errors: NotFound "payment.refused", the other refusals, Unavailable "payment.provider_down",
    /// "payment.unexpected_reply".
    asio::awaitable<Result<Json>> get(std::string path, std::string query = {});

    /// What `intent` made or did at the provider, as JSON text, by our names or by the state of the
    /// object that it acts on; nullopt when it provably is not there.
    /// Errors: those of a read; OutcomeUnknown "payment.outcome_unknown" for what leaves no trace.
    virtual asio::awaitable<Result<std::optional<std::string>>> find_outcome(Intent intent) = 0;
    /// Looks for every unknown intent older than a minute, at most `limit`, and settles those that
    /// can be; those that became pending again are sent by the next run of their flow.
    asio::awaitable<Result<SettledIntents>> settle_unknown(int limit);
    asio::awaitable<std::int64_t> count_unknown();

    [[nodiscard]] const IntentWorld& world() const { return world_; }
    [[nodiscard]] ClientHealth client_health() const { return client_.health(); }

private:
    asio::awaitable<Sent> send(const Intent& intent, const Write& request);
    asio::awaitable<Sent> send_and_look(const Intent& intent, const Write& request);
    asio::awaitable<Result<Json>> outcome_of_unowed(ProviderCall call);

    ProviderTraits traits_;
    IntentWorld world_;
    ProviderClient client_;
};

/// An id of a provider's as one segment of a path.
/// Errors: `otherwise` when the text has characters that no id has; such text never leaves.
Result<std::string> path_segment(const std::string& id, Error otherwise);
/// NotFound "payment.refused" as for an id that the provider does not know.
Error no_such(std::string_view provider, std::string_view what);

/// The text of a 2xx reply; must be an object.
/// Errors: OutcomeUnknown "payment.unexpected_reply".
Result<Json> read_reply(const std::string& body);
/// The member "id". Errors: OutcomeUnknown "payment.unexpected_reply".
Result<std::string> read_id(const Json& object);

/// Says in the log that an object of a list is left out, and why. One object that we cannot mean
/// must not hide all the others. It is nobody's state then: reading it by its id keeps failing.
void skip_unreadable(std::string_view provider, std::string_view kind, const Json& object,
                     const Error& error);
/// What can be read of a page.
template <class T>
ProviderPage<T> read_listed(std::string_view provider, std::string_view kind, ListPage listing,
                            Result<T> (*read)(const Json&)) {
    ProviderPage<T> page{.items = {}, .next = std::move(listing.next)};
    for (const Json& entry : listing.items) {
        auto translated = read(entry);
        if (translated)
            page.items.push_back(*std::move(translated));
        else
            skip_unreadable(provider, kind, entry, translated.error());
    }
    return page;
}

}  // namespace turnpike
