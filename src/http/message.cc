#include "http/message.h"

#include <algorithm>
#include <array>

#include "base/check.h"
#include "base/letter_case.h"
#include "http/text.h"
#include "json/value.h"

namespace turnpike::http {
namespace {

constexpr std::array<std::pair<Method, std::string_view>, 7> kMethods{{
    {Method::Get, "GET"},
    {Method::Post, "POST"},
    {Method::Put, "PUT"},
    {Method::Patch, "PATCH"},
    {Method::Delete, "DELETE"},
    {Method::Head, "HEAD"},
    {Method::Options, "OPTIONS"},
}};

const std::string* find_value(const std::vector<std::pair<std::string, std::string>>& pairs,
                              std::string_view name) {
    const auto found = std::ranges::find(pairs, name, &std::pair<std::string, std::string>::first);
    return found == pairs.end() ? nullptr : &found->second;
}

/// application/json or application/<x>+json, charset utf-8 or none.
bool is_json_type(std::string_view content_type) {
    const auto semicolon = std::min(content_type.find(';'), content_type.size());
    const auto type = trimmed(content_type.substr(0, semicolon));
    constexpr std::string_view kPrefix = "application/", kSuffix = "+json";
    const bool has_suffix = type.size() > kPrefix.size() + kSuffix.size() &&
                            equal_ignoring_case(type.substr(0, kPrefix.size()), kPrefix) &&
                            equal_ignoring_case(type.substr(type.size() - kSuffix.size()), kSuffix);
    if (!has_suffix && !equal_ignoring_case(type, "application/json")) return false;

    const auto parameter =
        trimmed(content_type.substr(semicolon).substr(semicolon < content_type.size() ? 1 : 0));
    const auto equals = parameter.find('=');
    if (!equal_ignoring_case(parameter.substr(0, equals), "charset")) return true;
    const auto charset = parameter.substr(equals + 1);
    return equal_ignoring_case(charset, "utf-8") || equal_ignoring_case(charset, "\"utf-8\"");
}

Response response_of(int status, std::string_view content_type, std::string body) {
    Response response;
    response.status = status;
    response.headers.emplace_back("Content-Type", content_type);
    response.body = std::move(body);
    return response;
}

}  // namespace

std::string_view to_text(Method method) {
    for (const auto& [known, text] : kMethods)
        if (known == method) return text;
    check(false, "a method is one of the enumerators");
    return {};
}

std::optional<Method> parse_method(std::string_view text) {
    for (const auto& [method, known] : kMethods)
        if (known == text) return method;
    return std::nullopt;
}

const std::string* find_header(const Headers& headers, std::string_view name) {
    for (const auto& [known, value] : headers)
        if (equal_ignoring_case(known, name)) return &value;
    return nullptr;
}

const std::string* Request::query_value(std::string_view name) const {
    return find_value(query, name);
}

const std::string& Request::path_value(std::string_view name) const {
    for (const auto& [known, value] : path_values)
        if (known == name) return value;
    check(false, "a handler asks only for the {parts} of its own pattern");
    return path;
}

Result<Json> Request::json() const {
    const std::string* const content_type = header("Content-Type");
    if (content_type == nullptr || !is_json_type(*content_type))
        return invalid_argument("request.not_json", "the Content-Type must be application/json");
    if (const auto* const coding = header("Content-Encoding");
        coding != nullptr && !equal_ignoring_case(*coding, "identity"))
        return invalid_argument("request.encoded", "the body must not have a Content-Encoding");
    return parse_json(body);
}

Response json_text_response(int status, std::string json) {
    return response_of(status, "application/json", std::move(json));
}

Response json_response(int status, const Json& body) {
    return json_text_response(status, turnpike::to_text(body));
}

Response text_response(int status, std::string body) {
    return response_of(status, "text/plain; charset=utf-8", std::move(body));
}

Response html_response(int status, std::string body) {
    return response_of(status, "text/html; charset=utf-8", std::move(body));
}

}  // namespace turnpike::http
