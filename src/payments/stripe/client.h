#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include <boost/asio/awaitable.hpp>

#include "base/error.h"
#include "base/time.h"
#include "http/client.h"
#include "payments/backoff.h"
#include "payments/circuit_breaker.h"
#include "payments/intents.h"
#include "payments/shared_breaker.h"
#include "payments/stripe/verdict.h"

namespace turnpike::stripe {

/// What requests and answers are written in, whatever the account's own version is.
inline constexpr std::string_view kApiVersion = "2026-02-25.clover";

struct ClientConfig {
    std::string secret_key;                           ///< STRIPE_SECRET_KEY
    std::string base_url = "https://api.stripe.com";  ///< STRIPE_API_BASE
    std::chrono::milliseconds call_timeout{10'000};   ///< of one try
    RetryPolicy retry;
    BreakerPolicy breaker;
    /// 0..1000, thread-safe; empty: from the system's generator.
    std::function<std::uint32_t()> jitter_permille;
};

/// Errors: InvalidArgument "stripe.bad_key"        not sk_/rk_ + test_/live_ + letters and digits
///                         "stripe.bad_base_url"   not http(s)://host[:port]
///                         "stripe.live_key_in_clear"  a live key and a base URL without TLS
Result<std::monostate> check_config(const ClientConfig& config);
/// Whether events and objects of this key carry livemode: true.
bool is_live_key(std::string_view secret_key);

struct ClientCall {
    http::Method method = http::Method::Get;
    std::string path{};        ///< "/v1/customers"
    std::string parameters{};  ///< form text: the body of a POST, the query of the others
    std::optional<std::string> idempotency_key{};  ///< only POST has them at Stripe
};

/// For turnpike_provider_requests_total and turnpike_provider_breaker_state; either may be empty.
/// Called on any thread.
struct ClientMetrics {
    /// "succeeded", "refused", "nothing_happened", "unknown", "shed" (breaker open)
    std::function<void(std::string_view outcome)> request;
    std::function<void(BreakerState state)> breaker;
};

struct ClientHealth {
    BreakerState breaker = BreakerState::Closed;
    std::optional<Instant> last_success;
    std::optional<Instant> last_failure;
    std::string last_problem;  ///< redacted; empty before the first failure
};

/// One Stripe account over HTTP: key, version, deadlines, quick retries, circuit breaker. Knows
/// nothing of what is asked. Thread-safe.
class Client {
public:
    /// `config` has passed check_config. `http` and `clock` outlive the client.
    Client(ClientConfig config, http::Client& http, const Clock& clock, ClientMetrics metrics);

    /// Asks until there is a final answer or no more time; never throws for network reasons.
    asio::awaitable<Sent> send(ClientCall call);

    [[nodiscard]] ClientHealth health() const;
    [[nodiscard]] bool live() const { return live_; }

private:
    [[nodiscard]] http::Call http_call(const ClientCall& call,
                                       std::chrono::milliseconds left) const;
    [[nodiscard]] std::optional<std::chrono::milliseconds> wait_after(
        const Verdict& verdict, int tries, std::chrono::milliseconds elapsed) const;
    void note(const Verdict& verdict);
    Sent shed(bool may_have_happened) const;
    void count(const Sent& sent, bool was_shed) const;

    ClientConfig config_;
    bool live_;
    http::Client& http_;
    const Clock& clock_;
    ClientMetrics metrics_;
    SharedBreaker breaker_;

    mutable std::mutex mutex_;
    std::optional<Instant> last_success_;  // guarded by mutex_
    std::optional<Instant> last_failure_;  // guarded by mutex_
    std::string last_problem_;             // guarded by mutex_
};

}  // namespace turnpike::stripe
