#include "sandbox/stripe/calls/operation_call.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/encoding.h"
#include "crypto/crypto.h"
#include "sandbox/stripe/calls/auth.h"
#include "sandbox/stripe/calls/idempotency.h"
#include "sandbox/stripe/core/expansion.h"
#include "sandbox/stripe/core/rendering.h"
#include "sandbox/stripe/core/store.h"
#include "sandbox/stripe/core/stream_sessions.h"
#include "sandbox/stripe/versions/older_shapes.h"
#include "sandbox/stripe/versions/version_steps.h"
#include "sandbox/stripe/wire/unsupported.h"

namespace turnpike::twin {
namespace {

constexpr std::string_view kAutomaticMethods = "2023-08-16";
constexpr std::string_view kFormType = "application/x-www-form-urlencoded";
constexpr std::string_view kJsonType = "application/json";
constexpr const char* kTotalCount = "total_count";

Refusal bad_request(const std::string& message) { return bad_param("", "", message); }

/// Stripe's v2 API speaks JSON.
bool has_json_body(const http::Request& request) {
    return request.path.starts_with("/v2/") && !request.body.empty();
}

/// A body must be a form, or JSON in v2; its absence is no body at all.
std::optional<Refusal> body_problem(const http::Request& request) {
    if (request.body.empty()) return std::nullopt;
    const auto* type = request.header("Content-Type");
    const std::string_view wanted = has_json_body(request) ? kJsonType : kFormType;
    if (type != nullptr && !type->starts_with(wanted))
        return bad_request("Invalid request (check that your POST content type is " +
                           std::string(wanted) +
                           "). If you have any questions, we can help at "
                           "https://support.stripe.com/.");
    return std::nullopt;
}

Outcome<Json> read_json_body(const http::Request& request) {
    auto tree = parse_json(request.body);
    if (tree && tree->is_object()) return *std::move(tree);
    return bad_request("Invalid request (the body must be a JSON object).");
}

Outcome<Json> read_parameters(const http::Request& request) {
    if (has_json_body(request)) return read_json_body(request);
    auto tree = decode_form(parameters_of(request));
    if (!tree) return bad_request(tree.error().message);
    return *std::move(tree);
}

/// What a search counts is its handler's to know: it finds `total_count` where it was.
void leave_total_count(Json& parameters, std::vector<std::string>& paths) {
    if (std::erase(paths, kTotalCount) == 0) return;
    parameters["expand"] = Json::array({kTotalCount});
}

/// Before 2023-08-16 an intent took cards unless it was told otherwise
/// (docs.stripe.com/upgrades/manage-payment-methods; recorded at 2020-08-27). The fixtures of
/// Stripe's command line, which name no version, rely on it when they confirm SetupIntents.
void name_older_defaults(const http::Request& request, std::string_view version, Json& parameters) {
    if (request.method != http::Method::Post) return;
    const bool makes_setup = request.path == "/v1/setup_intents";
    if (!makes_setup && request.path != "/v1/payment_intents") return;
    const bool names_version = request.header("Stripe-Version") != nullptr;
    if (!is_older(version, kAutomaticMethods) && (names_version || !makes_setup)) return;
    if (parameters.contains("automatic_payment_methods")) return;
    if (!parameters.contains("payment_method_types"))
        parameters["payment_method_types"] = Json::array({"card"});
}

Outcome<std::vector<std::string>> take_expand(Json& parameters) {
    Params params(parameters);
    auto paths = params.texts("expand");
    parameters.erase("expand");
    // The remaining names are the handler's to know; only the type of `expand` matters here.
    for (const auto& [name, value] : parameters.items()) params.ignore(name);
    if (const auto complaint = params.complaint()) return Refusal(*complaint);
    return paths;
}

std::string base_url_of(const http::Request& request) {
    const auto* host = request.header("Host");
    return host == nullptr ? std::string() : "http://" + *host;
}

/// The same with the members of every object by name: the order of a form's pairs says nothing.
Json by_name(const Json& tree) {
    Json sorted = tree;
    if (tree.is_array())
        for (Json& element : sorted) element = by_name(element);
    if (!tree.is_object()) return sorted;
    std::vector<std::string> names;
    for (const auto& [name, value] : tree.items()) names.push_back(name);
    std::ranges::sort(names);
    sorted = Json::object();
    for (const std::string& name : names) sorted[name] = by_name(tree.at(name));
    return sorted;
}

/// Equal for the same parameters in any order; the elements of an array have theirs.
std::string digest_of(const OperationCall& call) {
    std::string text = to_text(by_name(call.parameters));
    for (const auto& path : call.expand) text += "\nexpand " + path;
    return to_hex(sha256(text));
}

WireAnswer failed(const StripeError& error, const OperationCall& call) {
    return {.status = error.http_status,
            .body = error_text(error, call.request.id, call.now),
            .execution = began_executing(error) ? Execution::Executed : Execution::NotBegun,
            .original_request = ""};
}

Outcome<std::string> account_of(sql::Transaction& tx, const OperationCall& call,
                                const Workshop& workshop) {
    if (call.browser_intent) return account_of_intent(tx, *call.browser_intent);
    if (!call.session_token.empty()) return account_of_session(tx, call.session_token, call.now);
    return open_account(tx, call.secret_key, workshop.ids, call.now);
}

struct Handled {
    WireAnswer answer;
    bool keeps_effects = false;
};

Refusal unknown_shape(const std::string& kind, const std::string& version) {
    return bad_param("", "",
                     "This sandbox does not know how '" + kind + "' looked in version " + version +
                         ". Ask with 2025-03-31.basil or a later one.");
}

/// The answer as the request's version shows it, expanded.
Answer shown(Context& ctx, const Json& answer, const OperationCall& call) {
    const BroughtShape shape = [&](Json object) {
        return in_version(ctx, std::move(object), call.version);
    };
    auto expanded = expand(ctx, shape(visible(answer)), call.expand, shape);
    if (!expanded) return expanded;
    if (const auto kind = unknown_kind(*expanded, call.version))
        return unknown_shape(*kind, call.version);
    return expanded;
}

Handled handle(Context& ctx, const OperationCall& call) {
    Operation operation{.ctx = ctx,
                        .params = Params(call.parameters, "", call.spellings),
                        .path_values = call.path_values,
                        .url = call.url};
    Answer answer = call.handler(operation);
    if (answer) answer = shown(ctx, *answer, call);
    if (answer && call.browser_intent) answer = shown_to_browsers(*std::move(answer));
    if (!answer) {
        answer = Refusal(without_stripe_parameters(
            std::move(answer.error()), {.method = to_text(call.method), .path = call.url}));
        auto& extra = answer.error().extra;
        extra = in_version(ctx, visible(extra), call.version);
        if (call.browser_intent) extra = shown_to_browsers(std::move(extra));
        return {failed(answer.error(), call), ctx.keeps_effects()};
    }
    return {{.status = 200,
             .body = wire_text(*answer),
             .execution = Execution::Executed,
             .original_request = ""},
            true};
}

}  // namespace

StripeError unknown_url(const http::Request& request) {
    StripeError error;
    error.http_status = 404;
    if (is_missing_operation({.method = to_text(request.method), .path = request.path})) {
        error.message = "This sandbox does not have " + std::string(to_text(request.method)) + " " +
                        request.path + ", although Stripe does: see docs/sandbox.md.";
        return error;
    }
    error.message = "Unrecognized request URL (" + std::string(to_text(request.method)) + ": " +
                    request.path + "). ";
    if (request.path.ends_with('/'))
        error.message +=
            "If you are trying to list objects, remove the trailing slash. If you are trying to "
            "retrieve an object, make sure you passed a valid (non-empty) identifier in your "
            "code. ";
    error.message +=
        "Please see https://stripe.com/docs or we can help at "
        "https://support.stripe.com/.";
    error.extra = unlogged();
    return error;
}

std::string_view limited_as(const OperationCall& call) {
    if (call.browser_intent) return call.browser_intent->id;
    return call.secret_key.empty() ? call.session_token : call.secret_key;
}

Outcome<OperationCall> read_call(const http::Request& request) {
    const bool streams = request.path == kStreamPath;
    auto browser_intent = intent_of_browser(request);
    const auto key = streams || browser_intent ? bearer_token(request) : authenticate(request);
    if (!key) return Refusal(key.error());
    const auto version = negotiate_version(request);
    if (!version) return Refusal(version.error());
    const auto own = refuse_connected_account(request, *key);
    if (!own) return Refusal(own.error());
    if (const auto problem = body_problem(request)) return *problem;
    auto parameters = read_parameters(request);
    if (!parameters) return Refusal(parameters.error());
    name_older_defaults(request, *version, *parameters);
    auto expand = take_expand(*parameters);
    if (!expand) return Refusal(expand.error());
    if (request.path.ends_with("/search")) leave_total_count(*parameters, *expand);
    if (browser_intent) {
        auto secret = take_client_secret(*parameters, *expand);
        if (!secret) return Refusal(secret.error());
        browser_intent->client_secret = *std::move(secret);
    }
    const auto idempotency_key = read_idempotency_key(request);
    if (!idempotency_key) return Refusal(idempotency_key.error());

    OperationCall call;
    call.method = request.method;
    if (!browser_intent) (streams ? call.session_token : call.secret_key) = *key;
    call.browser_intent = std::move(browser_intent);
    call.url = request.path;
    call.parameters = *std::move(parameters);
    call.expand = *std::move(expand);
    if (request.header("Stripe-Version") == nullptr || is_older(*version, kClover))
        call.spellings = Params::Spellings::AlsoRetired;
    call.request.idempotency_key = *idempotency_key;
    call.version = *version;
    call.base_url = base_url_of(request);
    return call;
}

WireAnswer run_operation(sql::Transaction& tx, const OperationCall& call,
                         const Workshop& workshop) {
    const auto account = account_of(tx, call, workshop);
    if (!account) return failed(account.error(), call);
    const IdempotentRequest once{.account = *account,
                                 .key = call.request.idempotency_key,
                                 .path = call.url,
                                 .parameters = digest_of(call)};
    if (!once.key.empty()) {
        auto saved = find_saved_answer(tx, once, call.now);
        if (!saved) return failed(saved.error(), call);
        if (*saved)
            return {.status = (*saved)->status,
                    .body = std::move((*saved)->body),
                    .execution = Execution::Replayed,
                    .original_request = (*saved)->request_id};
    }

    Context ctx(tx, *account, call.now, workshop.ids);
    ctx.set_request(call.request);
    ctx.set_surroundings(workshop.surroundings);
    if (!call.base_url.empty()) ctx.set_base_url(call.base_url);
    if (call.method == http::Method::Get) return handle(ctx, call).answer;

    Retreat retreat(ctx);
    auto handled = handle(ctx, call);
    if (!handled.keeps_effects) retreat.undo();
    ctx.save();
    retreat.close();
    if (!once.key.empty() && handled.answer.execution == Execution::Executed)
        save_answer(tx, once,
                    {.status = handled.answer.status,
                     .body = handled.answer.body,
                     .request_id = call.request.id},
                    call.now);
    return std::move(handled.answer);
}

}  // namespace turnpike::twin
