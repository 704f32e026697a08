#include "http/message.h"
#include "http/status.h"
#include "json/value.h"

namespace turnpike::http {
namespace {

constexpr std::string_view kTypeBase = "https://turnpike.dev/problems/";

/// The members that RFC 9457 names, our stable code, and the request's id. A request whose target
/// could not be read has no path, and its problem no instance.
Json members_of(int status, std::string_view code, std::string_view detail,
                const Request& request) {
    Json body;
    body["type"] = std::string(kTypeBase) + std::string(code);
    body["title"] = reason_phrase(status);
    body["status"] = status;
    body["detail"] = detail;
    body["code"] = code;
    if (!request.path.empty()) body["instance"] = request.path;
    body["request_id"] = request.request_id;
    return body;
}

Response respond(int status, const Json& body) {
    Response response;
    response.status = status;
    response.headers.emplace_back("Content-Type", "application/problem+json");
    response.body = turnpike::to_text(body);
    return response;
}

Json errors_of(const std::vector<FieldError>& fields) {
    Json errors = Json::array();
    for (const auto& field : fields) {
        Json entry;
        entry["pointer"] = field.pointer;
        entry["code"] = field.code;
        entry["detail"] = field.detail;
        errors.push_back(std::move(entry));
    }
    return errors;
}

/// Nobody in the program reacts to a Content-Type in another way than to any wrong input, so it has
/// no ErrorCode of its own; HTTP has a status for it.
int status_of_error(const Error& error) {
    return error.reason == Reason("request.not_json") ? 415 : status_of(error.code);
}

}  // namespace

int status_of(ErrorCode code) {
    switch (code) {
        case ErrorCode::InvalidArgument: return 400;
        case ErrorCode::Unauthenticated: return 401;
        case ErrorCode::PaymentRequired: return 402;
        case ErrorCode::Forbidden: return 403;
        case ErrorCode::NotFound: return 404;
        case ErrorCode::Conflict: return 409;
        case ErrorCode::TooLarge: return 413;
        case ErrorCode::Unprocessable: return 422;
        case ErrorCode::LimitExceeded: return 429;
        case ErrorCode::Unavailable: return 503;
        case ErrorCode::OutcomeUnknown: return 503;
    }
    return 500;
}

Response problem(const Error& error, const Request& request) {
    return problem(error, request, Json::object());
}

Response problem(const Error& error, const Request& request, const Json& members) {
    const int status = status_of_error(error);
    Json body = members_of(status, error.reason.text(), error.message, request);
    if (!error.fields.empty()) body["errors"] = errors_of(error.fields);
    for (const auto& [name, value] : error.details) body[name] = value;
    for (const auto& [name, value] : members.items()) body[name] = value;

    Response response = respond(status, body);
    if (error.retry_after_s)
        response.headers.emplace_back("Retry-After", std::to_string(*error.retry_after_s));
    if (status == 401) response.headers.emplace_back("WWW-Authenticate", "Bearer");
    return response;
}

Response plain_problem(int status, std::string_view code, std::string_view detail,
                       const Request& request) {
    return respond(status, members_of(status, code, detail, request));
}

}  // namespace turnpike::http
