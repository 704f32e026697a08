#include "payments/stripe/client.h"

#include <algorithm>
#include <cctype>
#include <utility>

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/check.h"
#include "crypto/crypto.h"
#include "http/target.h"

namespace turnpike::stripe {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t kReplyBytesMax = std::size_t{4} << 20;
constexpr milliseconds kShortestTry{50};

std::uint32_t random_permille() {
    const auto bytes = random_bytes(2);
    const auto high = static_cast<unsigned char>(bytes[0]);
    const auto low = static_cast<unsigned char>(bytes[1]);
    return (static_cast<std::uint32_t>(high) * 256U + low) % 1'001U;
}

bool is_key_text(std::string_view key) {
    const bool secret = key.starts_with("sk_") || key.starts_with("rk_");
    const auto mode = key.substr(std::min<std::size_t>(3, key.size()));
    const bool known = mode.starts_with("test_") || mode.starts_with("live_");
    return secret && known && key.size() > 8 && key.size() <= 255 &&
           std::ranges::all_of(key, [](char c) {
               return c == '_' || std::isalnum(static_cast<unsigned char>(c)) != 0;
           });
}

/// http(s)://host[:port], so that a path can be put behind it.
bool is_base_url(std::string_view url) {
    for (const std::string_view scheme : {"https://", "http://"})
        if (url.starts_with(scheme)) return http::is_host(url.substr(scheme.size()));
    return false;
}

std::optional<int> whole_seconds(std::optional<milliseconds> wait) {
    if (!wait) return std::nullopt;
    return std::max(1, static_cast<int>(std::chrono::ceil<std::chrono::seconds>(*wait).count()));
}

Sent sent_of(const Verdict& verdict, bool may_have_happened, Result<http::Reply> reply) {
    Sent sent{.note = verdict.note, .retry_after_s = whole_seconds(verdict.retry_after)};
    if (reply) {
        sent.http_status = reply->status;
        sent.body = std::move(reply->body);
    }
    switch (verdict.finality) {
        case Finality::Succeeded: sent.fate = SendFate::Succeeded; break;
        case Finality::Refused: sent.fate = SendFate::Refused; break;
        case Finality::Again:
        case Finality::NotNow:
            sent.fate = may_have_happened ? SendFate::Unknown : SendFate::NothingHappened;
            break;
    }
    return sent;
}

std::string_view outcome_name(SendFate fate) {
    switch (fate) {
        case SendFate::Succeeded: return "succeeded";
        case SendFate::Refused: return "refused";
        case SendFate::NothingHappened: return "nothing_happened";
        case SendFate::Unknown: return "unknown";
    }
    std::unreachable();
}

}  // namespace

Result<std::monostate> check_config(const ClientConfig& config) {
    if (!is_key_text(config.secret_key))
        return invalid_argument("stripe.bad_key",
                                "the Stripe key must look like sk_test_... or sk_live_...");
    if (!is_base_url(config.base_url))
        return invalid_argument(
            "stripe.bad_base_url",
            "the Stripe base URL must be http(s)://host[:port] and nothing more");
    if (is_live_key(config.secret_key) && !config.base_url.starts_with("https://"))
        return invalid_argument("stripe.live_key_in_clear",
                                "a live Stripe key is never sent over plain http");
    return std::monostate{};
}

bool is_live_key(std::string_view secret_key) {
    return secret_key.starts_with("sk_live_") || secret_key.starts_with("rk_live_");
}

Client::Client(ClientConfig config, http::Client& http, const Clock& clock, ClientMetrics metrics)
    : config_(std::move(config)),
      live_(is_live_key(config_.secret_key)),
      http_(http),
      clock_(clock),
      metrics_(std::move(metrics)),
      breaker_(config_.breaker) {
    check(check_config(config_).has_value(), "a Stripe client's configuration was checked");
    while (config_.base_url.ends_with('/')) config_.base_url.pop_back();
    if (!config_.jitter_permille) config_.jitter_permille = random_permille;
}

asio::awaitable<Sent> Client::send(ClientCall call) {
    const auto began = std::chrono::steady_clock::now();
    bool may_have_happened = false;
    for (int tries = 1;; ++tries) {
        if (!breaker_.allows()) {
            Sent sent = shed(may_have_happened);
            count(sent, true);
            co_return sent;
        }
        const auto before = std::chrono::steady_clock::now();
        auto request = http_call(
            call, config_.retry.total - std::chrono::duration_cast<milliseconds>(before - began));
        auto reply = co_await http_.send(std::move(request));
        const Verdict verdict = judge(reply);
        may_have_happened = may_have_happened || verdict.may_have_happened;
        note(verdict);

        const auto elapsed =
            std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - began);
        const auto wait = wait_after(verdict, tries, elapsed);
        if (!wait) {
            Sent sent = sent_of(verdict, may_have_happened, std::move(reply));
            count(sent, false);
            co_return sent;
        }
        asio::steady_timer timer(co_await asio::this_coro::executor, *wait);
        co_await timer.async_wait(asio::use_awaitable);
    }
}

http::Call Client::http_call(const ClientCall& call, milliseconds left) const {
    http::Call request;
    request.method = call.method;
    request.url = config_.base_url + call.path;
    request.timeout = std::max(kShortestTry, std::min(config_.call_timeout, left));
    request.reply_bytes_max = kReplyBytesMax;
    request.headers = {{"Authorization", "Bearer " + config_.secret_key},
                       {"Stripe-Version", std::string(kApiVersion)},
                       {"Accept", "application/json"}};
    if (call.method == http::Method::Post) {
        request.headers.emplace_back("Content-Type", "application/x-www-form-urlencoded");
        request.body = call.parameters;
        if (call.idempotency_key)
            request.headers.emplace_back("Idempotency-Key", *call.idempotency_key);
    } else if (!call.parameters.empty()) {
        request.url += "?" + call.parameters;
    }
    return request;
}

std::optional<milliseconds> Client::wait_after(const Verdict& verdict, int tries,
                                               milliseconds elapsed) const {
    if (verdict.finality != Finality::Again) return std::nullopt;
    return backoff(config_.retry, {.number = tries,
                                   .retry_after = verdict.retry_after,
                                   .elapsed = elapsed,
                                   .jitter_permille = config_.jitter_permille()});
}

void Client::note(const Verdict& verdict) {
    if (verdict.peer_is_failing)
        breaker_.failed();
    else
        breaker_.succeeded();
    if (metrics_.breaker) metrics_.breaker(breaker_.state());

    const bool final =
        verdict.finality == Finality::Succeeded || verdict.finality == Finality::Refused;
    const auto now = clock_.now();
    const std::scoped_lock lock(mutex_);
    if (final) {
        last_success_ = now;
    } else {
        last_failure_ = now;
        last_problem_ = verdict.note;
    }
}

Sent Client::shed(bool may_have_happened) const {
    return {.fate = may_have_happened ? SendFate::Unknown : SendFate::NothingHappened,
            .note = "too many calls failed just now",
            .retry_after_s = whole_seconds(breaker_.wait())};
}

void Client::count(const Sent& sent, bool was_shed) const {
    if (metrics_.request) metrics_.request(was_shed ? "shed" : outcome_name(sent.fate));
}

ClientHealth Client::health() const {
    const auto breaker = breaker_.state();
    const std::scoped_lock lock(mutex_);
    return {.breaker = breaker,
            .last_success = last_success_,
            .last_failure = last_failure_,
            .last_problem = last_problem_};
}

}  // namespace turnpike::stripe
