#include "turnpike/client/client.h"

#include <algorithm>
#include <condition_variable>
#include <string_view>
#include <utility>

#include "client_impl.h"
#include "own_error.h"
#include "randomness.h"
#include "retry.h"
#include "wire.h"

namespace turnpike::client {
namespace {

constexpr std::size_t kIdleConnectionsMax = 16;

Error invalid(std::string message) {
    return own_error(ErrorKind::Invalid, "client.invalid_argument", std::move(message));
}

bool is_http_url(std::string_view url) {
    for (const std::string_view scheme : {"http://", "https://"})
        if (url.substr(0, scheme.size()) == scheme)
            return url.size() > scheme.size() &&
                   url.find_first_of(" ?#\r\n\t") == std::string_view::npos;
    return false;
}

bool is_token(const std::string& token) {
    return !token.empty() &&
           std::all_of(token.begin(), token.end(), [](char c) { return c > ' ' && c < 0x7F; });
}

std::string without_slash(std::string url) {
    while (!url.empty() && url.back() == '/') url.pop_back();
    return url;
}

}  // namespace

Client::Impl::Impl(ClientOptions options)
    : options_(std::move(options)),
      endpoint_{without_slash(options_.url), options_.token, options_.request_timeout},
      clock_(options_.clock == nullptr ? system_clock() : *options_.clock) {}

std::unique_ptr<Connection> Client::Impl::take_connection() {
    const std::lock_guard lock(mutex_);
    if (idle_.empty()) return new_connection();
    auto connection = std::move(idle_.back());
    idle_.pop_back();
    return connection;
}

void Client::Impl::give_back(std::unique_ptr<Connection> connection) {
    const std::lock_guard lock(mutex_);
    if (idle_.size() < kIdleConnectionsMax) idle_.push_back(std::move(connection));
}

void Client::Impl::sleep(std::chrono::milliseconds wait) {
    const auto until = clock_.now() + wait;
    std::mutex mutex;
    std::condition_variable nobody_wakes;
    std::unique_lock lock(mutex);
    while (clock_.now() < until) clock_.wait_until(lock, nobody_wakes, until);
}

Result<HttpAnswer> Client::Impl::call(const HttpCall& call) {
    auto connection = take_connection();
    for (int attempt = 1;; ++attempt) {
        auto answer = successful(connection->send(call));
        const bool is_final = answer || answer.error().kind != ErrorKind::Unavailable ||
                              attempt >= options_.attempts_max;
        // Somebody waits for this call; hours are his to wait.
        if (is_final || answer.error().retry_after > options_.backoff.wait_max) {
            give_back(std::move(connection));
            return answer;
        }
        sleep(wait_after(options_.backoff, attempt, answer.error().retry_after, random_bits()));
    }
}

Event named(Event event, const std::string& source) {
    if (event.correction && event.correction->corrects.source.empty())
        event.correction->corrects.source = source;
    return named<Event>(std::move(event), source);
}

Result<HttpAnswer> successful(Result<HttpAnswer> answer) {
    if (!answer || (answer->status >= 200 && answer->status < 300)) return answer;
    return error_of(*answer);
}

Client::Client(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Client::Client(Client&&) noexcept = default;
Client& Client::operator=(Client&&) noexcept = default;
Client::~Client() = default;

Result<Client> Client::create(ClientOptions options) {
    if (!is_http_url(options.url)) return invalid("url must be http:// or https:// with a host");
    if (!is_token(options.token)) return invalid("token must be printable ASCII without spaces");
    if (options.attempts_max < 1) return invalid("attempts_max must be at least 1");
    for (const auto wait :
         {options.request_timeout, options.backoff.first_wait, options.backoff.wait_max})
        if (!is_wait(wait)) return invalid("waits and time-outs must be from 1 ms to a day");
    return Client(std::make_unique<Impl>(std::move(options)));
}

Result<std::vector<Verdict>> Client::record(std::span<const Event> events) {
    if (events.empty() || events.size() > kEventsMax) return invalid("send 1 to 1,000 events");
    std::vector<std::string> ids, texts;
    for (const Event& event : events) {
        const Event sent = named(event, impl_->source());
        auto text = write_event(sent);
        if (!text) return std::move(text).error();
        ids.push_back(sent.id);
        texts.push_back(*std::move(text));
    }
    const std::string body = write_batch({texts.begin(), texts.end()});
    auto answer = impl_->call({HttpCall::Method::Post, "/v1/events", body});
    auto verdicts = answer ? read_verdicts(*answer, events.size())
                           : Result<std::vector<Verdict>>(std::move(answer).error());
    if (!verdicts) verdicts.error().event_ids = std::move(ids);
    return verdicts;
}

Result<Verdict> Client::record(const Event& event) {
    auto verdicts = record(std::span(&event, 1));
    if (!verdicts) return std::move(verdicts).error();
    return std::move(verdicts->front());
}

Result<Entitlement> Client::check(const CheckRequest& request) {
    const auto body = write_check(request);
    if (!body) return body.error();
    const auto answer = impl_->call({HttpCall::Method::Post, "/v1/entitlements/check", *body});
    if (!answer) return answer.error();
    return read_entitlement(*answer);
}

Result<Consumption> Client::consume(const ConsumeRequest& request) {
    const ConsumeRequest sent = named(request, impl_->source());
    const auto body = write_consume(sent);
    if (!body) return body.error();
    auto answer = impl_->call({HttpCall::Method::Post, "/v1/usage/consume", *body});
    if (!answer)
        if (auto denied = denied_standing(answer.error(), sent.customer))
            return Consumption{false, false, sent.id, *std::move(denied)};
    auto consumed = answer ? read_consumption(*answer, sent.id)
                           : Result<Consumption>(std::move(answer).error());
    if (!consumed) consumed.error().event_ids = {sent.id};
    return consumed;
}

Result<UsageSummary> Client::usage(const std::string& customer, const std::string& meter) {
    std::string target = "/v1/usage?customer=" + percent_encoded(customer);
    if (!meter.empty()) target += "&meter=" + percent_encoded(meter);
    const auto answer = impl_->call({HttpCall::Method::Get, std::move(target), {}});
    if (!answer) return answer.error();
    return read_usage(*answer);
}

Result<Customer> Client::customer(const std::string& customer) {
    const auto answer =
        impl_->call({HttpCall::Method::Get, "/v1/customers/" + percent_encoded(customer), {}});
    if (!answer) return answer.error();
    return read_customer(*answer);
}

Result<Customer> Client::ensure_customer(const CustomerDraft& draft) {
    const auto body = write_customer(draft);
    if (!body) return body.error();
    const auto made = impl_->call({HttpCall::Method::Post, "/v1/customers", *body});
    // Ours perhaps, from an attempt whose answer was lost.
    if (!made && made.error().code == "customer.exists")
        return customer("ext:" + draft.external_id);
    if (!made) return made.error();
    return read_customer(*made);
}

}  // namespace turnpike::client
