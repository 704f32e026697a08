#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "json/value.h"
#include "payments/exchange.h"
#include "payments/provider.h"
#include "payments/razorpay/client.h"

namespace turnpike::razorpay {

inline constexpr std::string_view kCustomers = "/v1/customers";
inline constexpr std::string_view kPlans = "/v1/plans";
inline constexpr std::string_view kSubscriptions = "/v1/subscriptions";
inline constexpr std::string_view kInvoices = "/v1/invoices";
inline constexpr std::string_view kAddons = "/v1/addons";
/// Intents with this path never leave: what we gather for a bill that Razorpay does not have yet.
inline constexpr std::string_view kDraftPath = "/drafts";

/// How long a request that we have given up may still be under way: our own patience is 10 s, a
/// gateway's a minute.
inline constexpr std::chrono::minutes kAbsentAfter{2};

/// The exchange with Razorpay. Nothing there recognizes a repetition, so what was made
/// carries its obligation in its notes, and is looked for when an answer is lost. Thread-safe.
class RazorpayExchange final : public Exchange {
public:
    RazorpayExchange(const ClientConfig& config, http::Client& http, IntentWorld world,
                     ClientMetrics metrics);

    /// One page, newest first: `after` is how many are skipped, as text.
    asio::awaitable<Result<ListPage>> get_page(std::string path, std::string query,
                                               std::optional<std::string> after);
    /// Page by page, 100 objects each, until `visit` has enough.
    asio::awaitable<Result<std::monostate>> walk(std::string path, std::string query,
                                                 VisitPage visit);
    asio::awaitable<Result<std::vector<Json>>> get_all(std::string path, std::string query);

    asio::awaitable<Result<std::optional<std::string>>> find_outcome(Intent intent) override;

private:
    /// The newest object that fits, as JSON text.
    asio::awaitable<Result<std::optional<std::string>>> find_first(
        std::string path, std::string query, std::function<bool(const Json&)> fits);
    asio::awaitable<Result<std::optional<std::string>>> find_made(const Intent& intent);
    asio::awaitable<Result<std::optional<std::string>>> find_addon(const Intent& intent);
    asio::awaitable<Result<std::optional<std::string>>> find_refund(const Intent& intent);
    asio::awaitable<Result<std::optional<std::string>>> find_changed(const Intent& intent);
};

/// NotFound "payment.refused" as for an id that Razorpay does not know.
Error no_such(std::string_view what);

/// What an addon's description begins with.
std::string addon_reference(const std::string& obligation);

}  // namespace turnpike::razorpay
