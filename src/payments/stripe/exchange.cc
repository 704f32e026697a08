#include "payments/stripe/exchange.h"

#include <algorithm>
#include <cctype>
#include <utility>

#include "payments/errors.h"
#include "payments/stripe/provider.h"
#include "payments/stripe/reader.h"
#include "payments/stripe/translate.h"

namespace turnpike::stripe {
namespace {

bool is_id_character(char c) {
    return c == '_' || c == '-' || std::isalnum(static_cast<unsigned char>(c)) != 0;
}

}  // namespace

Exchange::Exchange(ClientConfig config, http::Client& http, IntentWorld world,
                   ClientMetrics metrics)
    : client_(std::move(config), http, world.clock, std::move(metrics)), world_(world) {}

asio::awaitable<Result<Written>> Exchange::write(Write request) {
    IntentRequest intent{.provider = std::string(kProviderName),
                         .obligation = request.obligation,
                         .method = std::string(http::to_text(request.method)),
                         .path = request.path,
                         .body = request.parameters,
                         .content = request.content};
    SendIntent send_it = [this, &request](const Intent& row) { return send(row, request); };
    const auto outcome = co_await perform(world_, std::move(intent), std::move(send_it));
    if (!outcome) co_return failure(outcome);
    if (outcome->state == IntentState::Refused)
        co_return std::unexpected(
            read_refusal(outcome->http_status, outcome->reply, request.subject));
    auto object = read_reply(outcome->reply);
    if (!object) co_return failure(object);
    co_return Written{*std::move(object), outcome->replayed};
}

asio::awaitable<Sent> Exchange::send(const Intent& intent, const Write& request) {
    ClientCall call{.method = request.method,
                    .path = intent.path,
                    .parameters = intent.body,
                    .idempotency_key = intent.idempotency_key};
    Sent sent = co_await client_.send(std::move(call));
    if (sent.fate != SendFate::Refused || request.done_path.empty()) co_return sent;

    ClientCall look{.method = http::Method::Get, .path = request.done_path};
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

asio::awaitable<Result<Json>> Exchange::write_afresh(Write request, std::string collection) {
    auto written = co_await write(std::move(request));
    if (!written) co_return failure(written);
    if (!written->replayed) co_return std::move(written->object);
    const auto id = read_id(written->object);
    if (!id) co_return failure(id);
    auto object = co_await get(collection + "/" + *id);
    if (object) co_return object;
    if (object.error().code == ErrorCode::NotFound) co_return std::move(written->object);
    if (object.error().code != ErrorCode::Unavailable) co_return object;
    co_return outcome_unknown(kProviderName, "it was done, but its state cannot be read now",
                              object.error().retry_after_s);
}

asio::awaitable<Result<Json>> Exchange::post_unowed(std::string path, Form parameters) {
    ClientCall call{
        .method = http::Method::Post, .path = std::move(path), .parameters = parameters.text()};
    const Sent sent = co_await client_.send(std::move(call));
    if (sent.fate == SendFate::Succeeded) co_return read_reply(sent.body);
    if (sent.fate == SendFate::Refused)
        co_return std::unexpected(read_refusal(sent.http_status, sent.body, RefusedSubject::Other));
    co_return provider_down(kProviderName, sent.note, sent.retry_after_s);
}

asio::awaitable<Result<Json>> Exchange::get(std::string path, std::string query) {
    ClientCall call{
        .method = http::Method::Get, .path = std::move(path), .parameters = std::move(query)};
    const Sent sent = co_await client_.send(std::move(call));
    if (sent.fate == SendFate::Succeeded) co_return read_reply(sent.body);
    if (sent.fate == SendFate::Refused)
        co_return std::unexpected(read_refusal(sent.http_status, sent.body, RefusedSubject::Other));
    co_return provider_down(kProviderName, sent.note, sent.retry_after_s);
}

asio::awaitable<Result<std::vector<Json>>> Exchange::get_all(std::string path, Form query) {
    std::vector<Json> all;
    std::string last;
    for (int pages = 0; pages < kPagesMax; ++pages) {
        Form page_query = query;
        page_query.add("limit", 100);
        if (!last.empty()) page_query.add("starting_after", last);
        const auto body = co_await get(path, page_query.text());
        if (!body) co_return failure(body);
        auto page = read_list(*body);
        if (!page) co_return failure(page);
        std::ranges::move(page->data, std::back_inserter(all));
        if (!page->has_more || all.empty()) co_return all;
        const auto id = read_id(all.back());
        if (!id) co_return failure(id);
        last = *id;
    }
    co_return unexpected_reply("a list of more than " + std::to_string(kPagesMax) + " pages");
}

Result<std::string> path_segment(const std::string& id, Error otherwise) {
    if (id.empty() || id.size() > 255 || !std::ranges::all_of(id, is_id_character))
        return std::unexpected(std::move(otherwise));
    return id;
}

Error no_such(std::string_view what) {
    return {.code = ErrorCode::NotFound,
            .reason = kRefused,
            .message = "stripe has no such " + std::string(what)};
}

Error unknown_method() {
    return {.code = ErrorCode::InvalidArgument,
            .reason = kUnknownMethod,
            .message = "stripe has no such payment method"};
}

}  // namespace turnpike::stripe
