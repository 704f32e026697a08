#include "payments/exchange.h"

#include <algorithm>
#include <cctype>
#include <iterator>
#include <utility>

#include <spdlog/spdlog.h>

#include "json/value.h"
#include "payments/errors.h"
#include "payments/reply_reader.h"

namespace turnpike {
namespace {

bool is_id_character(char c) {
    return c == '_' || c == '-' || std::isalnum(static_cast<unsigned char>(c)) != 0;
}

}  // namespace

asio::awaitable<Result<std::monostate>> walk_pages(ReadPage read, VisitPage visit) {
    std::optional<std::string> after;
    for (int pages = 0; pages < kPagesMax; ++pages) {
        auto page = co_await read(std::move(after));
        if (!page) co_return failure(page);
        const auto went = co_await visit(page->items);
        if (went == Walk::Enough || !page->next) co_return std::monostate{};
        after = std::move(page->next);
    }
    co_return unexpected_reply("a list of more than " + std::to_string(kPagesMax) + " pages");
}

asio::awaitable<Walk> told(Walk walk) { co_return walk; }

asio::awaitable<Result<std::vector<Json>>> read_all_pages(ReadPage read) {
    std::vector<Json> all;
    VisitPage keep = [&](std::vector<Json>& items) {
        std::ranges::move(items, std::back_inserter(all));
        return told(Walk::On);
    };
    const auto walked = co_await walk_pages(std::move(read), std::move(keep));
    if (!walked) co_return failure(walked);
    co_return all;
}

Exchange::Exchange(ProviderTraits traits, const ConnectionConfig& config, Wire wire,
                   http::Client& http, IntentWorld world, ClientMetrics metrics)
    : traits_(traits),
      world_(world),
      client_(config, std::move(wire), http, world.clock, std::move(metrics)) {}

asio::awaitable<Result<Written>> Exchange::write(Write request) {
    IntentRequest intent{.provider = std::string(traits_.provider),
                         .obligation = request.obligation,
                         .method = std::string(http::to_text(request.method)),
                         .path = request.path,
                         .body = request.parameters,
                         .content = request.content};
    SendIntent send_it = [this, &request](const Intent& row) {
        return request.repeat == Repeat::NeverTwice ? send_and_look(row, request)
                                                    : send(row, request);
    };
    Looking looking;
    if (request.repeat == Repeat::NeverTwice)
        looking = {.find = [this](const Intent& row) { return find_outcome(row); },
                   .absent_after = traits_.absent_after};
    const auto outcome =
        co_await perform(world_, std::move(intent), std::move(send_it), std::move(looking));
    if (!outcome) co_return failure(outcome);
    if (outcome->state == IntentState::Refused)
        co_return std::unexpected(
            traits_.read_refusal(outcome->http_status, outcome->reply, request.subject));
    const bool is_gone = request.method == http::Method::Delete && !traits_.deleted_reply.empty() &&
                         outcome->reply == traits_.deleted_reply;
    auto object = is_gone ? Result<Json>(Json::object()) : read_reply(outcome->reply);
    if (!object) co_return failure(object);
    co_return Written{*std::move(object), outcome->replayed};
}

asio::awaitable<Sent> Exchange::send(const Intent& intent, const Write& request) {
    ProviderCall call{.method = request.method,
                      .path = intent.path,
                      .parameters = intent.body,
                      .idempotency_key = intent.idempotency_key,
                      .repeat = request.repeat};
    Sent sent = co_await client_.send(std::move(call));
    if (sent.fate != SendFate::Refused || request.done_path.empty()) co_return sent;

    ProviderCall look{.method = http::Method::Get, .path = request.done_path};
    Sent seen = co_await client_.send(std::move(look));
    if (seen.fate == SendFate::Refused) co_return sent;
    if (seen.fate != SendFate::Succeeded) {
        // Refused, but perhaps because it is done: that is not known until the object can be read.
        seen.fate = SendFate::Unknown;
        co_return seen;
    }
    const auto object = read_reply(seen.body);
    if (object && request.is_done(*object)) co_return seen;
    co_return sent;
}

asio::awaitable<Sent> Exchange::send_and_look(const Intent& intent, const Write& request) {
    Sent sent = co_await send(intent, request);
    if (sent.fate != SendFate::Unknown) co_return sent;
    // What is there is there; what is not may still come.
    auto found = co_await find_outcome(intent);
    if (!found || !*found) co_return sent;
    co_return Sent{.fate = SendFate::Succeeded, .http_status = 200, .body = **std::move(found)};
}

asio::awaitable<Result<Json>> Exchange::write_afresh(Write request, std::string collection) {
    auto written = co_await write(std::move(request));
    if (!written) co_return failure(written);
    if (!written->replayed) co_return std::move(written->object);
    const auto id = read_id(written->object);
    if (!id) co_return failure(id);
    auto object = co_await get(collection + "/" + *id);
    if (object || object.error().code == ErrorCode::OutcomeUnknown) co_return object;
    if (object.error().code == ErrorCode::NotFound) co_return std::move(written->object);
    co_return outcome_unknown(traits_.provider, "it was done, but its state cannot be read now",
                              object.error().retry_after_s);
}

asio::awaitable<Result<Json>> Exchange::post_unowed(std::string path, std::string parameters) {
    ProviderCall call{
        .method = http::Method::Post, .path = std::move(path), .parameters = std::move(parameters)};
    co_return co_await outcome_of_unowed(std::move(call));
}

asio::awaitable<Result<Json>> Exchange::get(std::string path, std::string query) {
    ProviderCall call{
        .method = http::Method::Get, .path = std::move(path), .parameters = std::move(query)};
    co_return co_await outcome_of_unowed(std::move(call));
}

asio::awaitable<Result<Json>> Exchange::outcome_of_unowed(ProviderCall call) {
    const Sent sent = co_await client_.send(std::move(call));
    if (sent.fate == SendFate::Succeeded) co_return read_reply(sent.body);
    if (sent.fate == SendFate::Refused)
        co_return std::unexpected(
            traits_.read_refusal(sent.http_status, sent.body, RefusedSubject::Other));
    co_return provider_down(traits_.provider, sent.note, sent.retry_after_s);
}

asio::awaitable<Result<SettledIntents>> Exchange::settle_unknown(int limit) {
    const Instant searched_at = world_.clock.now();
    auto load = [&](sql::Transaction& tx) {
        return unknown_intents(tx, traits_.provider, searched_at - std::chrono::minutes(1), limit);
    };
    const auto open = co_await world_.db.read(std::move(load));
    SettledIntents settled;
    for (const Intent& intent : open) {
        const auto found = co_await find_outcome(intent);
        if (!found && found.error().code == ErrorCode::Unavailable) co_return failure(found);
        auto settle_it = [&](sql::Transaction& tx) {
            return found && settle(tx, intent, *found, searched_at, traits_.absent_after);
        };
        const bool done = co_await world_.db.write(std::move(settle_it));
        int& count = !done ? settled.open : (*found ? settled.found : settled.absent);
        ++count;
    }
    co_return settled;
}

asio::awaitable<std::int64_t> Exchange::count_unknown() {
    auto count = [this](sql::Transaction& tx) {
        return count_unknown_intents(tx, traits_.provider);
    };
    co_return co_await world_.db.read(std::move(count));
}

Result<std::string> path_segment(const std::string& id, Error otherwise) {
    if (id.empty() || id.size() > 255 || !std::ranges::all_of(id, is_id_character))
        return std::unexpected(std::move(otherwise));
    return id;
}

Error no_such(std::string_view provider, std::string_view what) {
    return {.code = ErrorCode::NotFound,
            .reason = kRefused,
            .message = std::string(provider) + " has no such " + std::string(what)};
}

Result<Json> read_reply(const std::string& body) {
    auto json = parse_json(body);
    if (!json || !json->is_object()) return unexpected_reply("a body that is no JSON object");
    return json;
}

Result<std::string> read_id(const Json& object) {
    ReplyReader fields(object, "object");
    auto id = fields.text("id");
    return fields.finish(std::move(id));
}

void skip_unreadable(std::string_view provider, std::string_view kind, const Json& object,
                     const Error& error) {
    spdlog::error(
        "event=payment.unreadable_object provider={} kind={} id={} reason={} "
        "message=\"{}\"",
        provider, kind, read_id(object).value_or("?"), error.reason.text(), error.message);
}

}  // namespace turnpike
