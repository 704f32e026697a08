#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "base/error.h"
#include "base/time.h"
#include "http/client.h"
#include "payments/backoff.h"
#include "payments/circuit_breaker.h"
#include "payments/intents.h"
#include "payments/reply_verdict.h"
#include "payments/shared_breaker.h"

namespace turnpike {

/// How one provider's account is spoken to, whoever the provider is.
struct ConnectionConfig {
    std::string base_url;                            ///< http(s)://host[:port]
    std::chrono::milliseconds call_timeout{10'000};  ///< of one try
    RetryPolicy retry;
    BreakerPolicy breaker;
    /// 0..1000, thread-safe; empty: from the system's generator.
    std::function<std::uint32_t()> jitter_permille;
};
/// http(s)://host[:port], so that a path can be put behind it.
bool is_base_url(std::string_view url);

/// Whether one call may leave again when the try before may have been executed.
enum class Repeat : bool {
    Freely,      ///< doing it twice comes to the same, or the provider knows the key
    NeverTwice,  ///< a second time would be a second thing
};

struct ProviderCall {
    http::Method method = http::Method::Get;
    std::string path{};        ///< "/v1/customers"
    std::string parameters{};  ///< as this provider wants them; see its Wire
    std::optional<std::string> idempotency_key{};
    Repeat repeat = Repeat::Freely;
};

/// What is peculiar to one provider.
struct Wire {
    /// Puts credentials, headers and parameters into the request; method, URL and limits are set.
    std::function<void(http::Call& request, const ProviderCall& call)> dress;
    ReplyVerdict (*judge)(const Result<http::Reply>& reply) = nullptr;
    /// Taken out of whatever the peer says when it does not simply answer.
    std::vector<std::string> secrets{};
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

/// One account at a provider over HTTP: deadlines, quick retries, circuit breaker. Knows nothing of
/// what is asked. Thread-safe.
class ProviderClient {
public:
    /// `http` and `clock` outlive the client. `config.base_url` is one.
    ProviderClient(const ConnectionConfig& config, Wire wire, http::Client& http,
                   const Clock& clock, ClientMetrics metrics);

    /// Asks until there is a final answer or no more time; never throws for network reasons.
    asio::awaitable<Sent> send(ProviderCall call);

    [[nodiscard]] ClientHealth health() const;

private:
    [[nodiscard]] http::Call http_call(const ProviderCall& call,
                                       std::chrono::milliseconds left) const;
    [[nodiscard]] std::optional<std::chrono::milliseconds> wait_after(
        const ReplyVerdict& verdict, int tries, std::chrono::milliseconds elapsed) const;
    void hide_secrets(ReplyVerdict& verdict, Result<http::Reply>& reply) const;
    void note(const ReplyVerdict& verdict);
    Sent shed(bool may_have_happened) const;
    void count(const Sent& sent, bool was_shed) const;

    ConnectionConfig config_;
    Wire wire_;
    http::Client& http_;
    const Clock& clock_;
    ClientMetrics metrics_;
    SharedBreaker breaker_;

    mutable std::mutex mutex_;
    std::optional<Instant> last_success_;  // guarded by mutex_
    std::optional<Instant> last_failure_;  // guarded by mutex_
    std::string last_problem_;             // guarded by mutex_
};

}  // namespace turnpike
