#include "webhooks/receiver.h"

#include <utility>

#include <spdlog/spdlog.h>

#include "json/value.h"

namespace turnpike {
namespace {

constexpr std::string_view kStripe = "stripe";
constexpr std::size_t kNameBytesMax = 255;
constexpr int kRetryAfterSeconds = 10;

std::optional<std::string> name_of(const Json& event, const char* member) {
    const auto found = event.find(member);
    if (found == event.end() || !found->is_string()) return std::nullopt;
    auto text = found->get<std::string>();
    if (text.empty() || text.size() > kNameBytesMax) return std::nullopt;
    return text;
}

void write_line(const RefusalLine& line) {
    spdlog::warn("event={} provider=stripe why=\"{}\" peer={} failures={}", line.reason, line.why,
                 line.peer, line.failures);
}

std::unexpected<Error> not_stored() {
    auto error = unavailable("webhook.not_stored", "the event could not be stored; send it again");
    error.error().retry_after_s = kRetryAfterSeconds;
    return error;
}

}  // namespace

StripeReceiver::StripeReceiver(ReceiverWorld world, ReceiverConfig config, WebhookMetrics metrics,
                               std::function<void()> stored)
    : world_(world),
      config_(std::move(config)),
      metrics_(std::move(metrics)),
      stored_(std::move(stored)) {}

asio::awaitable<Result<http::Response>> StripeReceiver::receive(const http::Request& request) {
    const auto event = verify(request);
    if (!event) {
        metrics_.count(kStripe, "refused");
        co_return failure(event);
    }
    try {
        auto store = [&](sql::Transaction& tx) {
            return store_event(tx, *event, world_.ids, world_.clock.now());
        };
        const Stored stored = co_await world_.db.write(std::move(store));
        metrics_.count(kStripe, stored == Stored::New ? "received" : "duplicate");
        if (stored == Stored::New && stored_) stored_();
    } catch (const sql::Failure& broken) {
        spdlog::error("event=webhook.not_stored provider=stripe id={} error=\"{}\"",
                      event->provider_event_id, broken.what());
        metrics_.count(kStripe, "not_stored");
        co_return not_stored();
    }
    co_return http::ok(Json{{"received", true}});
}

Result<NewInboxEvent> StripeReceiver::verify(const http::Request& request) {
    const std::string* header = request.header("Stripe-Signature");
    const auto checked = check_stripe_signature(header != nullptr ? *header : "", request.body,
                                                config_.secrets, world_.clock.now());
    if (const auto* fault = std::get_if<SignatureFault>(&checked))
        return bad_signature(*fault, request.peer);
    auto event = read_event(request.body);
    if (!event) note(event.error().reason.text(), event.error().message, request.peer);
    return event;
}

Result<NewInboxEvent> StripeReceiver::read_event(const std::string& body) const {
    const auto wrong = [](const char* why) {
        return invalid_argument("webhook.not_an_event",
                                std::string("the body is no event: ") + why);
    };
    const auto json = parse_json(body);
    if (!json || !json->is_object()) return wrong("not a JSON object");
    if (name_of(*json, "object") != "event") return wrong("\"object\" is not \"event\"");
    auto id = name_of(*json, "id");
    auto type = name_of(*json, "type");
    if (!id || !type) return wrong("no id or no type");
    const auto live = json->find("livemode");
    if (live == json->end() || !live->is_boolean()) return wrong("no livemode");
    if (live->get<bool>() != (config_.mode == StripeMode::Live))
        return invalid_argument("webhook.wrong_mode", live->get<bool>()
                                                          ? "a live event at a test server"
                                                          : "a test event at a live server");
    return NewInboxEvent{std::string(kStripe), *std::move(id), *std::move(type), body};
}

std::unexpected<Error> StripeReceiver::bad_signature(SignatureFault fault,
                                                     const std::string& peer) {
    if (metrics_.signature_failure) metrics_.signature_failure(kStripe);
    auto error = invalid_argument("webhook.bad_signature",
                                  "the Stripe-Signature header does not prove this body");
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

void StripeReceiver::refused_unread(const http::Request& request) {
    metrics_.count(kStripe, "refused");
    note("webhook.too_large", "the body is over 1 MiB", request.peer);
}

void StripeReceiver::note(std::string_view reason, std::string_view why, const std::string& peer) {
    const auto now = world_.clock.now();
    std::optional<RefusalLine> line;
    {
        const std::scoped_lock lock(mutex_);
        line = refusals_.note(std::string(reason), std::string(why), peer, now);
    }
    if (line) write_line(*line);
}

void StripeReceiver::write_due_refusals() {
    const auto now = world_.clock.now();
    std::vector<RefusalLine> lines;
    {
        const std::scoped_lock lock(mutex_);
        lines = refusals_.due(now);
    }
    for (const auto& line : lines) write_line(line);
}

void StripeReceiver::write_all_refusals() {
    std::vector<RefusalLine> lines;
    {
        const std::scoped_lock lock(mutex_);
        lines = refusals_.rest();
    }
    for (const auto& line : lines) write_line(line);
}

std::int64_t StripeReceiver::signature_failures() const {
    const auto now = world_.clock.now();
    const std::scoped_lock lock(mutex_);
    return signature_failures_.total(now);
}

}  // namespace turnpike
