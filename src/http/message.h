#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "json/json.h"

namespace turnpike::http {

enum class Method : std::uint8_t { Get, Post, Put, Patch, Delete, Head, Options };
std::string_view to_text(Method method);  ///< "GET"
std::optional<Method> parse_method(std::string_view text);

using Headers = std::vector<std::pair<std::string, std::string>>;
/// ASCII case-insensitive; the first one wins. nullptr when absent.
const std::string* find_header(const Headers& headers, std::string_view name);

/// One request, complete and bounded (limits.h). Owns all its text. The path is split from the
/// query but not decoded; path parameters and query values are decoded.
struct Request {
    Method method = Method::Get;
    std::string target;  ///< as received: "/v1/plans?limit=3"
    std::string path;    ///< "/v1/plans"
    std::vector<std::pair<std::string, std::string>> query;
    Headers headers;
    std::string body;
    std::string peer;        ///< who asks: "127.0.0.1"; behind trusted proxies client_address()
    std::string request_id;  ///< "req_..."; the caller's X-Request-Id when it is well formed
    std::string caller;      ///< who asks, for the access log; filled by whoever authenticates
    /// Filled by the router: names of the pattern's {parts} with their decoded values.
    std::vector<std::pair<std::string_view, std::string>> path_values;

    [[nodiscard]] const std::string* header(std::string_view name) const {
        return find_header(headers, name);
    }
    [[nodiscard]] const std::string* query_value(std::string_view name) const;
    /// A {part} of the matched pattern; asking for an unknown part is a broken promise.
    [[nodiscard]] const std::string& path_value(std::string_view name) const;
    /// Checks the Content-Type (application/json or +json) and parses the body.
    /// Errors: InvalidArgument "request.not_json", "json.invalid".
    [[nodiscard]] Result<Json> json() const;
};

struct Response {
    int status = 200;
    Headers headers;
    std::string body;
};

Response json_response(int status, const Json& body);
inline Response ok(const Json& body) { return json_response(200, body); }
/// `json` is text already.
Response json_text_response(int status, std::string json);
Response text_response(int status, std::string body);
Response html_response(int status, std::string body);

/// The one mapping from ErrorCode to HTTP: RFC 9457 problem+json with code, instance, request_id,
/// errors[] and Retry-After.
Response problem(const Error& error, const Request& request);
/// With further members; they win over ours of the same name.
Response problem(const Error& error, const Request& request, const Json& members);
int status_of(ErrorCode code);

/// For edges that must refuse with a status that no ErrorCode has (framing errors). The same body.
Response plain_problem(int status, std::string_view code, std::string_view detail,
                       const Request& request);

}  // namespace turnpike::http
