#include "payments/reply_verdict.h"

#include <charconv>

#include "json/value.h"
#include "payments/redact.h"

namespace turnpike {

namespace {

ReplyVerdict judge_silence(const Error& error) {
    return {.may_have_happened = error.code == ErrorCode::OutcomeUnknown,
            .peer_is_failing = true,
            .note = redact(error.message)};
}

ReplyVerdict judge_success(const std::string& body, const ReplyRules& rules) {
    const auto json = parse_json(body);
    if (json && rules.is_answer(*json)) return {.finality = Finality::Succeeded};
    return {.may_have_happened = true,
            .peer_is_failing = true,
            .note = "a success without a readable body"};
}

std::string describe(int status, const std::optional<Json>& error, const ReplyRules& rules) {
    std::string note = "HTTP " + std::to_string(status);
    if (!error) return note + " with a body that is not " + std::string(rules.provider) + "'s";
    const auto code = text_member(*error, "code");
    const auto message = text_member(*error, rules.message);
    if (!code.empty()) note += " " + code;
    if (!message.empty()) note += ": " + message;
    return redact(note);
}

}  // namespace

ReplyVerdict judge_reply(const Result<http::Reply>& reply, const ReplyRules& rules) {
    if (!reply) return judge_silence(reply.error());
    if (reply->status >= 200 && reply->status < 300) return judge_success(reply->body, rules);
    const auto error = error_object_in(reply->body);
    auto verdict = rules.judge_status(reply->status, error);
    verdict.note = describe(reply->status, error, rules);
    verdict.retry_after = retry_after_in(reply->headers);
    return verdict;
}

std::optional<Json> error_object_in(const std::string& body) {
    auto json = parse_json(body);
    if (!json || !json->is_object()) return std::nullopt;
    const auto error = json->find("error");
    if (error == json->end() || !error->is_object()) return std::nullopt;
    return *error;
}

std::string text_member(const Json& object, const char* name) {
    const auto member = object.find(name);
    return member != object.end() && member->is_string() ? member->get<std::string>() : "";
}

std::optional<std::chrono::milliseconds> retry_after_in(const http::Headers& headers) {
    const std::string* text = http::find_header(headers, "Retry-After");
    if (text == nullptr) return std::nullopt;
    std::int64_t seconds = 0;
    const char* end = text->data() + text->size();
    const auto [rest, problem] = std::from_chars(text->data(), end, seconds);
    if (problem != std::errc() || rest != end || seconds < 0 || seconds > 86'400)
        return std::nullopt;
    return std::chrono::seconds(seconds);
}

}  // namespace turnpike
