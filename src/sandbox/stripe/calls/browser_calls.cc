#include "sandbox/stripe/calls/browser_calls.h"

#include <algorithm>
#include <array>
#include <span>
#include <string_view>
#include <utility>

#include "json/value.h"
#include "sandbox/documents.h"
#include "sandbox/object_store.h"
#include "sandbox/stored_document.h"
#include "sandbox/stripe/calls/auth.h"
#include "sandbox/stripe/wire/unsupported.h"

namespace turnpike::twin {
namespace {

constexpr std::string_view kPaymentIntent = "payment_intent";
constexpr std::string_view kSetupIntent = "setup_intent";
constexpr std::string_view kConfirm = "/confirm";

/// As recorded, without payment_method_options, of which only those of bank accounts were seen.
constexpr auto kShownOfPayment =
    std::to_array<std::string_view>({"id",
                                     "object",
                                     "amount",
                                     "amount_details",
                                     "automatic_payment_methods",
                                     "canceled_at",
                                     "cancellation_reason",
                                     "capture_method",
                                     "client_secret",
                                     "confirmation_method",
                                     "created",
                                     "currency",
                                     "description",
                                     "last_payment_error",
                                     "livemode",
                                     "next_action",
                                     "payment_method",
                                     "payment_method_configuration_details",
                                     "payment_method_types",
                                     "processing",
                                     "receipt_email",
                                     "setup_future_usage",
                                     "shipping",
                                     "source",
                                     "status"});
constexpr auto kShownOfSetup = std::to_array<std::string_view>(
    {"id", "object", "automatic_payment_methods", "cancellation_reason", "client_secret", "created",
     "description", "last_setup_error", "livemode", "next_action", "payment_method",
     "payment_method_configuration_details", "payment_method_types", "status", "usage"});

/// Empty: all of it.
std::span<const std::string_view> shown_members(const Json& object) {
    const auto kind = text_of(object, "object");
    if (kind == kPaymentIntent) return kShownOfPayment;
    if (kind == kSetupIntent) return kShownOfSetup;
    return {};
}

bool is_hidden(std::string_view name, std::span<const std::string_view> shown) {
    if (name == "metadata" || name == "fingerprint") return true;
    return !shown.empty() && std::ranges::find(shown, name) == shown.end();
}

Refusal other_secret(std::string_view kind) {
    return bad_param("client_secret", "",
                     "The client_secret provided does not match the client_secret associated with "
                     "the " +
                         std::string(kind == kSetupIntent ? "SetupIntent." : "PaymentIntent."));
}

/// Stripe's words, as public code quotes them.
Refusal for_secret_keys(const std::string& intent) {
    return bad_param(
        "", "",
        "This PaymentIntent " + intent +
            " cannot be confirmed using your publishable key because its `confirmation_method` is "
            "set to `manual`. Please use your secret key instead, or create a PaymentIntent with "
            "`confirmation_method` set to `automatic`.");
}

Refusal unknown_intent(const BrowserIntent& intent) {
    auto refusal =
        no_such_object(intent.kind == kSetupIntent ? "setupintent" : intent.kind, intent.id);
    refusal.error().param = "intent";
    return refusal;
}

}  // namespace

std::optional<BrowserIntent> intent_of_browser(const http::Request& request) {
    if (!has_publishable_key(request)) return std::nullopt;
    const bool posts = request.method == http::Method::Post;
    if (!posts && request.method != http::Method::Get) return std::nullopt;
    for (const auto kind : {kPaymentIntent, kSetupIntent}) {
        const std::string folder = "/v1/" + std::string(kind) + "s/";
        if (!request.path.starts_with(folder)) continue;
        std::string_view id = std::string_view(request.path).substr(folder.size());
        if (posts && !id.ends_with(kConfirm)) return std::nullopt;
        if (posts) id.remove_suffix(kConfirm.size());
        if (id.empty() || id.contains('/')) return std::nullopt;
        return BrowserIntent{.kind = std::string(kind), .id = std::string(id), .confirms = posts};
    }
    return std::nullopt;
}

Outcome<std::string> take_client_secret(Json& parameters, const std::vector<std::string>& expand) {
    const auto private_path = std::ranges::find_if(
        expand, [](const std::string& path) { return path != "payment_method"; });
    if (private_path != expand.end())
        return bad_param("expand", "", "This property cannot be expanded (" + *private_path + ").");
    std::vector<std::string> unknown;
    for (const std::string name : {"capture_method", "off_session"})
        if (parameters.contains(name)) unknown.push_back(name);
    if (!unknown.empty()) return Refusal(unknown_parameters(unknown));
    auto secret = text_of(parameters, "client_secret");
    if (secret.empty()) return missing_param("client_secret");
    parameters.erase("client_secret");
    return secret;
}

Outcome<std::string> account_of_intent(sql::Transaction& tx, const BrowserIntent& intent) {
    auto account = find_owner(tx, intent.kind, intent.id);
    if (!account) return unknown_intent(intent);
    const auto stored = load_object(tx, {*account, intent.kind, intent.id});
    if (!stored) return unknown_intent(intent);
    const Json document = read_stored(stored->body);
    if (text_of(document, "client_secret") != intent.client_secret)
        return other_secret(intent.kind);
    if (intent.confirms && text_of(document, "confirmation_method") == "manual")
        return for_secret_keys(intent.id);
    return *std::move(account);
}

Json shown_to_browsers(Json answer) {
    if (answer.is_array()) {
        for (Json& element : answer) element = shown_to_browsers(std::move(element));
        return answer;
    }
    if (!answer.is_object()) return answer;
    const auto shown = shown_members(answer);
    Json left = Json::object();
    for (auto& [name, value] : answer.items())
        if (!is_hidden(name, shown)) left[name] = shown_to_browsers(std::move(value));
    if (text_of(left, "object") == "payment_method") left["customer"] = nullptr;
    return left;
}

}  // namespace turnpike::twin
