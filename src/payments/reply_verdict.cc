#include "payments/reply_verdict.h"

#include <charconv>

#include "json/value.h"
#include "payments/redact.h"

namespace turnpike {

ReplyVerdict judge_silence(const Error& error) {
    return {.may_have_happened = error.code == ErrorCode::OutcomeUnknown,
            .peer_is_failing = true,
            .note = redact(error.message)};
}

ReplyVerdict judge_unreadable() {
    return {.may_have_happened = true,
            .peer_is_failing = true,
            .note = "a success without a readable body"};
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
