#pragma once

#include <cstdint>
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
    struct Page {
        std::vector<Json> items;
        std::optional<std::string> next;
    };
    asio::awaitable<Result<Page>> get_page(std::string path, std::string query,
                                           std::optional<std::string> after);
    /// All pages, at most kPagesMax of 100.
    asio::awaitable<Result<std::vector<Json>>> get_all(std::string path, std::string query);
    static constexpr int kPagesMax = 100;

    asio::awaitable<Result<std::optional<std::string>>> find_outcome(Intent intent) override;

    [[nodiscard]] ProviderClient& client() { return client_; }
    [[nodiscard]] bool live() const { return live_; }

private:
    asio::awaitable<Result<std::optional<std::string>>> find_made(const Intent& intent);
    asio::awaitable<Result<std::optional<std::string>>> find_addon(const Intent& intent);
    asio::awaitable<Result<std::optional<std::string>>> find_changed(const Intent& intent);

    bool live_;
    ProviderClient client_;
};

/// NotFound "payment.refused" as for an id that Razorpay does not know.
Error no_such(std::string_view what);

/// What stands in an addon's description: addons have no notes.
std::string addon_reference(const std::string& obligation);

}  // namespace turnpike::razorpay
