#include "webhooks/receiver.h"

#include <utility>

#include <spdlog/spdlog.h>

#include "json/value.h"

namespace turnpike {
namespace {

constexpr std::size_t kNameBytesMax = 255;
constexpr int kRetryAfterSeconds = 10;

std::unexpected<Error> not_stored() {
    auto error = unavailable("webhook.not_stored", "the event could not be stored; send it again");
    error.error().retry_after_s = kRetryAfterSeconds;
    return error;
}

}  // namespace

std::optional<std::string> name_in(const Json& event, const char* member) {
    const auto found = event.find(member);
    if (found == event.end() || !found->is_string()) return std::nullopt;
    auto text = found->get<std::string>();
    if (text.empty() || text.size() > kNameBytesMax) return std::nullopt;
    return text;
}

std::unexpected<Error> not_an_event(std::string_view why) {
    return invalid_argument("webhook.not_an_event", "the body is no event: " + std::string(why));
}

WebhookReceiver::WebhookReceiver(ReceiverWorld world, std::unique_ptr<const EventVerifier> verifier,
                                 WebhookMetrics metrics, std::function<void()> stored)
    : world_(world),
      verifier_(std::move(verifier)),
      metrics_(std::move(metrics)),
      stored_(std::move(stored)) {}

asio::awaitable<Result<http::Response>> WebhookReceiver::receive(const http::Request& request) {
    const auto event = verify(request);
    if (!event) {
        metrics_.count(provider(), "refused");
        co_return failure(event);
    }
    try {
        auto store = [&](sql::Transaction& tx) {
            return store_event(tx, *event, world_.ids, world_.clock.now());
        };
        const Stored stored = co_await world_.db.write(std::move(store));
        metrics_.count(provider(), stored == Stored::New ? "received" : "duplicate");
        if (stored == Stored::New && stored_) stored_();
    } catch (const sql::Failure& broken) {
        spdlog::error("event=webhook.not_stored provider={} id={} error=\"{}\"", provider(),
                      event->provider_event_id, broken.what());
        metrics_.count(provider(), "not_stored");
        co_return not_stored();
    }
    co_return http::ok(Json{{"received", true}});
}

Result<NewInboxEvent> WebhookReceiver::verify(const http::Request& request) {
    if (const auto fault = verifier_->fault_of(request, world_.clock.now()))
        return bad_signature(*fault, request.peer);
    auto event = verifier_->read(request);
    if (!event) note(event.error().reason.text(), event.error().message, request.peer);
    return event;
}

void WebhookReceiver::write_line(const RefusalLine& line) const {
    spdlog::warn("event={} provider={} why=\"{}\" peer={} failures={}", line.reason, provider(),
                 line.why, line.peer, line.failures);
}

std::unexpected<Error> WebhookReceiver::bad_signature(SignatureFault fault,
                                                      const std::string& peer) {
    if (metrics_.signature_failure) metrics_.signature_failure(provider());
    auto error =
        invalid_argument("webhook.bad_signature", "the " + std::string(verifier_->header()) +
                                                      " header does not prove this body");
    const auto now = world_.clock.now();
    std::optional<RefusalLine> line;
    {
        const std::scoped_lock lock(mutex_);
        signature_failures_.count(now);
        line = refusals_.note(std::string(error.error().reason.text()), std::string(to_text(fault)),
                              peer, now);
    }
    if (line) write_line(*line);
    return error;
}

void WebhookReceiver::refused_unread(const http::Request& request) {
    metrics_.count(provider(), "refused");
    note("webhook.too_large", "the body is over 1 MiB", request.peer);
}

void WebhookReceiver::note(std::string_view reason, std::string_view why, const std::string& peer) {
    const auto now = world_.clock.now();
    std::optional<RefusalLine> line;
    {
        const std::scoped_lock lock(mutex_);
        line = refusals_.note(std::string(reason), std::string(why), peer, now);
    }
    if (line) write_line(*line);
}

void WebhookReceiver::write_due_refusals() {
    const auto now = world_.clock.now();
    std::vector<RefusalLine> lines;
    {
        const std::scoped_lock lock(mutex_);
        lines = refusals_.due(now);
    }
    for (const auto& line : lines) write_line(line);
}

void WebhookReceiver::write_all_refusals() {
    std::vector<RefusalLine> lines;
    {
        const std::scoped_lock lock(mutex_);
        lines = refusals_.rest();
    }
    for (const auto& line : lines) write_line(line);
}

std::int64_t WebhookReceiver::signature_failures() const {
    const auto now = world_.clock.now();
    const std::scoped_lock lock(mutex_);
    return signature_failures_.total(now);
}

}  // namespace turnpike
