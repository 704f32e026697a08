#include <array>
#include <utility>

#include "base/encoding.h"
#include "payments/errors.h"
#include "payments/reply_reader.h"
#include "payments/reply_verdict.h"
#include "payments/stripe/exchange.h"
#include "payments/stripe/provider.h"
#include "payments/stripe/translate.h"

namespace turnpike::stripe {
namespace {

using Found = std::optional<std::string>;

/// Lists that hold what a POST to the same path made, with our metadata.
constexpr std::array<std::string_view, 9> kCollections = {
    "/v1/customers",       "/v1/products",    "/v1/prices",
    "/v1/subscriptions",   "/v1/invoices",    "/v1/invoiceitems",
    kPortalConfigurations, kCheckoutSessions, kRefunds};

/// A value out of the form that was sent; names are as Form wrote them.
std::optional<std::string> sent_value(const std::string& body, std::string_view name) {
    std::string_view rest = body;
    while (!rest.empty()) {
        const auto pair = rest.substr(0, rest.find('&'));
        rest.remove_prefix(std::min(rest.size(), pair.size() + 1));
        const auto equals = pair.find('=');
        if (equals == std::string_view::npos || pair.substr(0, equals) != name) continue;
        return percent_decode(pair.substr(equals + 1), PlusSign::Literal);
    }
    return std::nullopt;
}

bool has_tag(const Json& object, std::string_view key, const std::string& value) {
    const auto metadata = ReplyReader(object, "object").texts("metadata");
    const auto tag = metadata.find(std::string(key));
    return tag != metadata.end() && tag->second == value;
}

/// Where the object must be if it exists: with its customer, its test clock or its payment, which
/// also shows objects whose time runs ahead; otherwise among those made since shortly before the
/// intent.
Form narrow(const Intent& intent) {
    Form query;
    // Stripe lists these without any filter by time; there is one for each state of the catalog.
    if (intent.path == kPortalConfigurations) return query;
    if (intent.path == "/v1/subscriptions") query.add("status", "all");
    if (intent.path == kRefunds) {
        for (const char* payment : {"payment_intent", "charge"})
            if (const auto id = sent_value(intent.body, payment)) query.add(payment, *id);
        return query;
    }
    const auto customer = sent_value(intent.body, "customer");
    const auto clock = sent_value(intent.body, "test_clock");
    if (customer)
        query.add("customer", *customer);
    else if (clock)
        query.add("test_clock", *clock);
    else
        query.add("created[gte]", unix_seconds(intent.created_at) - 3'600);
    return query;
}

asio::awaitable<Result<Found>> find_created(StripeExchange& exchange, const Intent& intent) {
    const auto objects = co_await exchange.get_all(intent.path, narrow(intent));
    if (!objects) co_return failure(objects);
    for (const Json& object : *objects)
        if (has_tag(object, kObligationKey, intent.obligation)) co_return Found(to_text(object));
    co_return Found();
}

/// The path without its last segment, when that is `action`.
std::optional<std::string> without_action(const std::string& path, std::string_view action) {
    if (!path.ends_with(action)) return std::nullopt;
    return path.substr(0, path.size() - action.size());
}

/// It stays paused until the invoice of its new period is paid.
bool has_resumed(const Json& subscription, std::string_view status) {
    if (status != "paused") return !status.empty();
    const Json* latest = ReplyReader(subscription, "subscription").object("latest_invoice");
    return latest != nullptr && text_member(*latest, "status") == "open";
}

bool shows_effect(const Intent& intent, const Json& object) {
    ReplyReader fields(object, "object");
    const auto status = fields.maybe_text("status").value_or("");
    if (intent.method == "DELETE") return status == "canceled";
    if (intent.path.ends_with("/release")) return status == "released";
    if (intent.path.ends_with("/resume")) return has_resumed(object, status);
    if (intent.path.ends_with("/pay")) return status == "paid";
    if (intent.path.ends_with("/finalize")) return !status.empty() && status != "draft";
    if (intent.path.ends_with("/attach"))
        return fields.maybe_reference("customer") == sent_value(intent.body, "customer");
    if (intent.path.ends_with("/detach")) return !fields.maybe_reference("customer");
    if (intent.path.ends_with("/advance"))
        return std::to_string(fields.maybe_integer("frozen_time").value_or(0)) ==
               sent_value(intent.body, "frozen_time");
    const auto method = sent_value(intent.body, "invoice_settings[default_payment_method]");
    if (method && intent.path.starts_with("/v1/customers/")) {
        const auto chosen = read_default_method(object);
        return chosen && *chosen == method;
    }
    return has_tag(object, kLastChangeKey, intent.obligation);
}

asio::awaitable<Result<Found>> find_changed(StripeExchange& exchange, const Intent& intent) {
    std::string path = intent.path;
    for (const std::string_view action :
         {"/finalize", "/attach", "/detach", "/advance", "/release", "/resume", "/pay"})
        if (const auto object = without_action(intent.path, action)) path = *object;
    const bool resumes = intent.path.ends_with("/resume");
    const auto object = co_await exchange.get(path, resumes ? "expand%5B%5D=latest_invoice" : "");
    if (!object && object.error().code == ErrorCode::NotFound) co_return Found();
    if (!object) co_return failure(object);
    if (!shows_effect(intent, *object)) co_return Found();
    co_return Found(to_text(*object));
}

/// A new schedule carries no name of ours; it is the one that its subscription names.
asio::awaitable<Result<Found>> find_schedule(StripeExchange& exchange, const Intent& intent) {
    const auto id = path_segment(sent_value(intent.body, "from_subscription").value_or(""),
                                 no_such("subscription"));
    if (!id) co_return failure(id);
    const auto object = co_await exchange.get("/v1/subscriptions/" + *id, kWithSchedule);
    if (!object) co_return failure(object);
    const Json* schedule = ReplyReader(*object, "subscription").object("schedule");
    if (schedule == nullptr) co_return Found();
    co_return Found(to_text(*schedule));
}

}  // namespace

asio::awaitable<Result<std::optional<std::string>>> StripeExchange::find_outcome(Intent intent) {
    for (const std::string_view collection : kCollections)
        if (intent.method == "POST" && intent.path == collection)
            co_return co_await find_created(*this, intent);
    if (intent.path == "/v1/subscription_schedules")
        co_return co_await find_schedule(*this, intent);
    if (intent.path == "/v1/test_helpers/test_clocks")
        co_return outcome_unknown(kProviderName, "a new test clock carries no name of ours",
                                  std::nullopt);
    co_return co_await find_changed(*this, intent);
}

}  // namespace turnpike::stripe
