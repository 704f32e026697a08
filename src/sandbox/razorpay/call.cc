#include "sandbox/razorpay/call.h"

#include <algorithm>
#include <optional>

#include "base/encoding.h"
#include "base/letter_case.h"
#include "crypto/crypto.h"
#include "sandbox/form.h"
#include "sandbox/undo_point.h"

namespace turnpike::twin::razorpay {
namespace {

constexpr std::string_view kScheme = "Basic ";
constexpr std::string_view kKeyPrefix = "rzp_test_";
constexpr std::size_t kKeyMax = 255;

struct Keys {
    std::string id, secret;
};

bool is_key_id(std::string_view id) {
    return id.starts_with(kKeyPrefix) && id.size() > kKeyPrefix.size() && id.size() <= kKeyMax &&
           std::ranges::all_of(id.substr(kKeyPrefix.size()), [](char c) {
               return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
           });
}

Outcome<Keys> read_keys(const http::Request& request) {
    const auto* header = request.header("Authorization");
    if (header == nullptr)
        return unauthorized("Please provide your api key for authentication purposes.");
    if (!header->starts_with(kScheme)) return unauthorized("Authentication failed");
    const auto pair = from_base64(std::string_view(*header).substr(kScheme.size()));
    const auto colon = pair ? pair->find(':') : std::string::npos;
    if (colon == std::string::npos) return unauthorized("Authentication failed");
    Keys keys{.id = pair->substr(0, colon), .secret = pair->substr(colon + 1)};
    if (!is_key_id(keys.id) || keys.secret.empty() || keys.secret.size() > kKeyMax)
        return unauthorized("The api key provided is invalid");
    return keys;
}

bool has_json_body(const http::Request& request) {
    const auto* type = request.header("Content-Type");
    constexpr std::string_view kForm = "application/x-www-form-urlencoded";
    return type == nullptr ||
           !equal_ignoring_case(std::string_view(*type).substr(0, kForm.size()), kForm);
}

Outcome<Json> read_body(const http::Request& request) {
    auto parsed = request.body.empty() ? Result<Json>(Json::object()) : parse_json(request.body);
    if (!parsed || (!parsed->is_object() && !(parsed->is_array() && parsed->empty())))
        return bad_request("The request body is not a valid JSON object");
    return parsed->is_array() ? Json::object() : *std::move(parsed);  // PHP writes {} as []
}

Outcome<Json> read_parameters(const http::Request& request) {
    const bool reads = request.method == http::Method::Get ||
                       request.method == http::Method::Head ||
                       request.method == http::Method::Delete;
    if (!reads && has_json_body(request)) return read_body(request);
    auto tree = decode_form(parameters_of(request));
    if (!tree) return bad_request(tree.error().message);
    return *std::move(tree);
}

std::string header_or_empty(const http::Request& request, std::string_view name) {
    const auto* value = request.header(name);
    return value == nullptr ? "" : *value;
}

Answer run(Context& ctx, const ApiCall& call) {
    Operation operation{.ctx = ctx,
                        .params = Params(call.parameters),
                        .path_values = call.path_values,
                        .refund_key = call.refund_key,
                        .digest = call.digest};
    return call.handler(operation);
}

CallResult failed(const RazorpayError& error) {
    return {.status = error.http_status, .body = error_body(error)};
}

}  // namespace

Outcome<ApiCall> read_call(const http::Request& request) {
    const auto keys = read_keys(request);
    if (!keys) return Refusal(keys.error());
    auto parameters = read_parameters(request);
    if (!parameters) return Refusal(parameters.error());
    ApiCall call;
    call.method = request.method;
    call.key_id = keys->id;
    call.key_secret = keys->secret;
    call.digest = to_hex(sha256(request.path + "\n" + to_text(*parameters)));
    call.parameters = *std::move(parameters);
    call.refund_key = header_or_empty(request, "X-Refund-Idempotency");
    const auto host = header_or_empty(request, "Host");
    if (!host.empty()) call.base_url = "http://" + host;
    return call;
}

CallResult run_call(sql::Transaction& tx, const ApiCall& call, IdSource& ids) {
    auto account = find_account(tx, call.key_id);
    if (!account) account = open_account(tx, call.key_id, call.key_secret, ids, call.now);
    if (!equal_constant_time(account->key_secret, call.key_secret))
        return failed(unauthorized("Authentication failed").error());
    Context ctx(tx, *std::move(account), call.now, ids);
    if (!call.base_url.empty()) ctx.set_base_url(call.base_url);
    if (call.method == http::Method::Get) {
        const auto answer = run(ctx, call);
        return answer ? CallResult{.body = *answer} : failed(answer.error());
    }
    UndoPoint undo_point(tx);
    const auto answer = run(ctx, call);
    if (!answer) undo_point.undo();
    undo_point.close();
    return answer ? CallResult{.body = *answer} : failed(answer.error());
}

}  // namespace turnpike::twin::razorpay
