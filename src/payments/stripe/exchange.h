#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "json/value.h"
#include "payments/exchange.h"
#include "payments/provider.h"
#include "payments/stripe/client.h"
#include "payments/stripe/form.h"
#include "payments/stripe/refusal.h"

namespace turnpike::stripe {

/// Every object made at Stripe carries kObligationKey in its metadata. Updates of a subscription,
/// and of a customer's name, write this key instead.
inline constexpr std::string_view kLastChangeKey = "turnpike_last_change";

inline constexpr std::string_view kPortalConfigurations = "/v1/billing_portal/configurations";

inline constexpr std::string_view kCheckoutSessions = "/v1/checkout/sessions";

inline constexpr std::string_view kRefunds = "/v1/refunds";

/// The exchange with Stripe. Thread-safe.
class StripeExchange final : public Exchange {
public:
    StripeExchange(const ClientConfig& config, http::Client& http, IntentWorld world,
                   ClientMetrics metrics);

    /// All pages of a list, 100 objects each.
    asio::awaitable<Result<std::vector<Json>>> get_all(std::string path, Form query);

    /// By our metadata, or by the state of the object that it acts on.
    asio::awaitable<Result<std::optional<std::string>>> find_outcome(Intent intent) override;

    /// One page of 100; `after` is the last id of the page before.
    asio::awaitable<Result<ListPage>> get_page(std::string path, Form query,
                                               std::optional<std::string> after);

    [[nodiscard]] bool live() const { return live_; }

private:
    bool live_;
};

/// NotFound "payment.refused" as for an id that Stripe does not know.
Error no_such(std::string_view what);
/// InvalidArgument "payment.unknown_method".
Error unknown_method();

/// The invoice with all its lines: Stripe sends the first ones with it and the rest on demand.
asio::awaitable<Result<ProviderInvoice>> complete_invoice(StripeExchange& exchange, Json object);

}  // namespace turnpike::stripe
