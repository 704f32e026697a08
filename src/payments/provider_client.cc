#include "payments/provider_client.h"

#include <algorithm>
#include <utility>

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/check.h"
#include "crypto/crypto.h"
#include "http/target.h"
#include "payments/redact.h"

namespace turnpike {
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

std::optional<int> whole_seconds(std::optional<milliseconds> wait) {
    if (!wait) return std::nullopt;
    return std::max(1, static_cast<int>(std::chrono::ceil<std::chrono::seconds>(*wait).count()));
}

Sent sent_of(const ReplyVerdict& verdict, bool may_have_happened, Result<http::Reply> reply) {
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

bool is_base_url(std::string_view url) {
    for (const std::string_view scheme : {"https://", "http://"})
        if (url.starts_with(scheme)) return http::is_host(url.substr(scheme.size()));
    return false;
}

ProviderClient::ProviderClient(const ConnectionConfig& config, Wire wire, http::Client& http,
                               const Clock& clock, ClientMetrics metrics)
    : config_(config),
      wire_(std::move(wire)),
      http_(http),
      clock_(clock),
      metrics_(std::move(metrics)),
      breaker_(config_.breaker) {
    check(is_base_url(config_.base_url), "a provider client's configuration was checked");
    if (!config_.jitter_permille) config_.jitter_permille = random_permille;
}

asio::awaitable<Sent> ProviderClient::send(ProviderCall call) {
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
        ReplyVerdict verdict = wire_.judge(reply);
        if (verdict.finality != Finality::Succeeded) hide_secrets(verdict, reply);
        may_have_happened = may_have_happened || verdict.may_have_happened;
        note(verdict);

        const auto elapsed =
            std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - began);
        const auto wait = wait_after(verdict, tries, elapsed);
        if (!wait || (may_have_happened && call.repeat == Repeat::NeverTwice)) {
            Sent sent = sent_of(verdict, may_have_happened, std::move(reply));
            count(sent, false);
            co_return sent;
        }
        asio::steady_timer timer(co_await asio::this_coro::executor, *wait);
        co_await timer.async_wait(asio::use_awaitable);
    }
}

http::Call ProviderClient::http_call(const ProviderCall& call, milliseconds left) const {
    http::Call request;
    request.method = call.method;
    request.url = config_.base_url + call.path;
    request.timeout = std::max(kShortestTry, std::min(config_.call_timeout, left));
    request.reply_bytes_max = kReplyBytesMax;
    wire_.dress(request, call);
    return request;
}

void ProviderClient::hide_secrets(ReplyVerdict& verdict, Result<http::Reply>& reply) const {
    verdict.note = hide(std::move(verdict.note), wire_.secrets);
    if (reply) reply->body = hide(std::move(reply->body), wire_.secrets);
}

std::optional<milliseconds> ProviderClient::wait_after(const ReplyVerdict& verdict, int tries,
                                                       milliseconds elapsed) const {
    if (verdict.finality != Finality::Again) return std::nullopt;
    return backoff(config_.retry, {.number = tries,
                                   .retry_after = verdict.retry_after,
                                   .elapsed = elapsed,
                                   .jitter_permille = config_.jitter_permille()});
}

void ProviderClient::note(const ReplyVerdict& verdict) {
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

Sent ProviderClient::shed(bool may_have_happened) const {
    return {.fate = may_have_happened ? SendFate::Unknown : SendFate::NothingHappened,
            .note = "too many calls failed just now",
            .retry_after_s = whole_seconds(breaker_.wait())};
}

void ProviderClient::count(const Sent& sent, bool was_shed) const {
    if (metrics_.request) metrics_.request(was_shed ? "shed" : outcome_name(sent.fate));
}

ClientHealth ProviderClient::health() const {
    const auto breaker = breaker_.state();
    const std::scoped_lock lock(mutex_);
    return {.breaker = breaker,
            .last_success = last_success_,
            .last_failure = last_failure_,
            .last_problem = last_problem_};
}

}  // namespace turnpike
