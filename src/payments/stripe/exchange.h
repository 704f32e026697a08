#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "json/value.h"
#include "payments/intents.h"
#include "payments/provider.h"
#include "payments/stripe/client.h"
#include "payments/stripe/form.h"
#include "payments/stripe/refusal.h"

namespace turnpike::stripe {

/// Every object made at Stripe carries this metadata key with its obligation, so that it can be
/// found when the answer was lost. Updates of a subscription, and of a customer's name, write
/// kLastChangeKey instead.
inline constexpr std::string_view kObligationKey = "turnpike_obligation";
inline constexpr std::string_view kLastChangeKey = "turnpike_last_change";

inline constexpr std::string_view kPortalConfigurations = "/v1/billing_portal/configurations";

/// One write as Stripe is asked for it.
struct Write {
    std::string obligation;
    std::string path;
    std::string parameters;
    http::Method method = http::Method::Post;
    IntentContent content = IntentContent::MustMatch;
    RefusedSubject subject = RefusedSubject::Other;
    /// After a refusal this object is read: when `is_done` says that it is in the wanted state
    /// already, the write counts as done with that object. "" reads nothing.
    std::string done_path{};
    bool (*is_done)(const Json& object) = nullptr;
};
struct Written {
    Json object;
    bool replayed = false;  ///< the first answer, from our row: the object may have changed since
};

/// Reads and writes of JSON objects: what all of the provider's calls have in common. Writes go
/// through intents, reads do not. Thread-safe.
class Exchange {
public:
    Exchange(ClientConfig config, http::Client& http, IntentWorld world, ClientMetrics metrics);

    /// Errors: perform's, read_refusal's, "payment.unexpected_reply".
    asio::awaitable<Result<Written>> write(Write request);
    /// The object as it is now. A first answer told from our row may be long out of date, and
    /// applying it would undo what happened since; so then it is read from `collection`
    /// ("/v1/subscriptions") again.
    /// Errors: as write; OutcomeUnknown "payment.outcome_unknown" when it cannot be read now.
    asio::awaitable<Result<Json>> write_afresh(Write request, std::string collection);
    /// A write that nobody owes and that is not repeated: no intent, no key.
    asio::awaitable<Result<Json>> post_unowed(std::string path, Form parameters);

    /// Errors: NotFound "payment.refused", the other refusals, Unavailable "payment.provider_down",
    /// "payment.unexpected_reply".
    asio::awaitable<Result<Json>> get(std::string path, std::string query = {});
    /// All pages of a list, at most kPagesMax of 100.
    asio::awaitable<Result<std::vector<Json>>> get_all(std::string path, Form query);
    static constexpr int kPagesMax = 100;

    [[nodiscard]] Client& client() { return client_; }
    [[nodiscard]] const IntentWorld& world() const { return world_; }

private:
    asio::awaitable<Sent> send(const Intent& intent, const Write& request);

    Client client_;
    IntentWorld world_;
};

/// An id of Stripe's as one segment of a path.
/// Errors: `otherwise` when the text has characters that no id has; such text never leaves.
Result<std::string> path_segment(const std::string& id, Error otherwise);
/// NotFound "payment.refused" as for an id that Stripe does not know.
Error no_such(std::string_view what);
/// InvalidArgument "payment.unknown_method".
Error unknown_method();

/// The invoice with all its lines: Stripe sends the first ones with it and the rest on demand.
asio::awaitable<Result<ProviderInvoice>> complete_invoice(Exchange& exchange, Json object);

/// What `intent` made or did at Stripe, as JSON text, by our metadata or by the state of the object
/// that it acts on; nullopt when it provably is not there.
asio::awaitable<Result<std::optional<std::string>>> find_outcome(Exchange& exchange,
                                                                 const Intent& intent);

}  // namespace turnpike::stripe
