#include "entitlements/ofrep.h"

#include <algorithm>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/encoding.h"
#include "catalog/wire.h"
#include "crypto/crypto.h"
#include "entitlements/caller.h"
#include "entitlements/feature_answer.h"
#include "http/text.h"
#include "json/value.h"

namespace turnpike {
namespace {

constexpr std::size_t kTargetingKeyMax = 255;  ///< bytes, as for every customer's name

/// An error that the protocol has a word for.
struct Fault {
    int status;
    std::string_view code;  ///< of OpenFeature: "FLAG_NOT_FOUND"
    std::string details;
};
template <class T>
using Evaluated = std::expected<T, Fault>;

std::unexpected<Fault> bad_request(std::string_view code, std::string details) {
    return std::unexpected(Fault{400, code, std::move(details)});
}

/// `key` nullptr: the answer is about all flags.
http::Response write_fault(const Fault& fault, const std::string* key) {
    Json json;
    if (key != nullptr) json["key"] = *key;
    json["errorCode"] = fault.code;
    json["errorDetails"] = fault.details;
    return http::json_response(fault.status, json);
}

/// nullopt: there is none. An SDK sends whatever else its context holds, and it means nothing here.
Evaluated<std::optional<std::string>> read_targeting_key(const http::Request& request) {
    const auto body = request.json();
    if (!body) return bad_request("PARSE_ERROR", body.error().message);
    if (!body->is_object()) return bad_request("PARSE_ERROR", "the body must be an object");
    const auto context = body->find("context");
    if (context == body->end()) return std::nullopt;
    if (!context->is_object()) return bad_request("INVALID_CONTEXT", "context must be an object");
    const auto found = context->find("targetingKey");
    if (found == context->end()) return std::nullopt;
    if (!found->is_string()) return bad_request("INVALID_CONTEXT", "targetingKey must be a text");
    const auto& key = found->get_ref<const std::string&>();
    if (key.size() > kTargetingKeyMax || !http::is_line_text(key))
        return bad_request("INVALID_CONTEXT",
                           "targetingKey must be a text of at most 255 bytes without controls");
    if (key.empty()) return std::nullopt;
    return key;
}

Fault fault_of(const Error& error) {
    if (error.code == ErrorCode::NotFound)
        return {400, "INVALID_CONTEXT", "targetingKey: " + error.message};
    return {400, "GENERAL", error.message};
}

/// Whose flags are asked for.
asio::awaitable<Evaluated<StandingCache::Snapshot>> find_customer(EntitlementsApi& entitlements,
                                                                  const Principal& caller,
                                                                  const http::Request& request) {
    const auto key = read_targeting_key(request);
    if (!key) co_return std::unexpected(key.error());
    auto ref = customer_meant(caller, *key);
    if (!ref)
        co_return bad_request("TARGETING_KEY_MISSING",
                              "targetingKey names the customer: cus_..., ext:... or his own id");
    const auto snapshot = co_await entitlements.snapshot_of(caller, *std::move(ref));
    if (!snapshot) co_return std::unexpected(fault_of(snapshot.error()));
    if (const auto own = refuse_others(caller, *key, (*snapshot)->standing); !own)
        co_return std::unexpected(fault_of(own.error()));
    co_return *snapshot;
}

Json write_flag(const std::string& meter_key, const StandingSnapshot& snapshot,
                const Catalog& catalog, Instant system_now) {
    const Decision decision =
        decide(snapshot, catalog, {meter_key, Quantity::whole(1), system_now});
    Json json;
    json["key"] = meter_key;
    json["value"] = decision.allowed;
    json["reason"] = "TARGETING_MATCH";
    json["variant"] = to_text(decision.reason);
    Json& metadata = json["metadata"];
    metadata["plan"] = decision.plan;
    metadata["limit"] = decision.limit.text();
    metadata["used"] = decision.used.text();
    metadata["remaining"] = decision.remaining.text();
    metadata["overage_allowed"] = decision.overage_allowed;
    metadata["reset"] = to_text(decision.reset);
    if (decision.resets_at) metadata["resets_at"] = format_rfc3339(*decision.resets_at);
    return json;
}

/// Whether some customer's catalog has such a flag.
bool is_some_flag(const Catalog& catalog, std::string_view key) {
    return catalog.meter(key) != nullptr ||
           std::ranges::find(catalog.features, key, &Feature::key) != catalog.features.end();
}

/// A boolean, a text, or the number that a capacity is limited to; without end, the most that there
/// can ever be.
Json flag_value(const FeatureValue& value) {
    const auto* capacity = std::get_if<Capacity>(&value);
    return capacity != nullptr ? Json(capacity->limit.value_or(kCapacityMax))
                               : write_feature_value(value);
}

Json write_feature_flag(const Feature& feature, const StandingSnapshot& snapshot,
                        const Catalog& catalog, Instant system_now) {
    const Standing& standing = snapshot.standing;
    const FeatureQuestion question{feature, 0, 0, customer_now(standing, system_now)};
    const FeatureAnswer answer = answer_feature(standing, catalog, question);
    Json json;
    json["key"] = feature.key;
    json["value"] = flag_value(answer.value);
    json["reason"] = "TARGETING_MATCH";
    json["variant"] = is_on(answer.value) ? "included" : "not_in_plan";
    Json& metadata = json["metadata"];
    metadata["plan"] = standing.plan->key;
    metadata["kind"] = to_text(feature.kind);
    metadata["overridden"] = answer.is_overridden;
    if (answer.expires_at) metadata["expires_at"] = format_rfc3339(*answer.expires_at);
    return json;
}

/// RFC 9110, 13.1.2: a list of tags, compared weakly, or "*". Our tags hold no comma.
bool names_tag(std::string_view list, std::string_view tag) {
    while (!list.empty()) {
        const auto end = std::min(list.find(','), list.size());
        auto entry = http::trimmed(list.substr(0, end));
        list.remove_prefix(std::min(end + 1, list.size()));
        if (entry.starts_with("W/")) entry.remove_prefix(2);
        if (entry == tag || entry == "*") return true;
    }
    return false;
}

/// The answer under a tag of its content, or only the tag where the caller has it already.
http::Response tagged(http::Response response, const http::Request& request) {
    const std::string tag = '"' + to_hex(sha256(response.body)) + '"';
    const std::string* known = request.header("If-None-Match");
    if (known != nullptr && names_tag(*known, tag))
        response = {.status = 304, .headers = {}, .body = {}};
    response.headers.emplace_back("ETag", tag);
    return response;
}

}  // namespace

asio::awaitable<Result<http::Response>> OfrepApi::post_one(const Principal& caller,
                                                           const http::Request& request) {
    const std::string& key = request.path_value("key");
    const auto catalog = entitlements.catalog.get();
    const Fault unknown{404, "FLAG_NOT_FOUND", "there is no feature or meter '" + key + "'"};
    if (!is_some_flag(*catalog, key)) co_return write_fault(unknown, &key);
    const auto snapshot = co_await find_customer(entitlements, caller, request);
    if (!snapshot) co_return write_fault(snapshot.error(), &key);
    const std::string& own_catalog = (*snapshot)->standing.plan->catalog;
    const Instant now = entitlements.clock.now();
    if (const Feature* feature = catalog->feature(own_catalog, key))
        co_return http::ok(write_feature_flag(*feature, **snapshot, *catalog, now));
    if (catalog->meter(key) == nullptr) co_return write_fault(unknown, &key);
    co_return http::ok(write_flag(key, **snapshot, *catalog, now));
}

asio::awaitable<Result<http::Response>> OfrepApi::post_all(const Principal& caller,
                                                           const http::Request& request) {
    const auto catalog = entitlements.catalog.get();
    const auto snapshot = co_await find_customer(entitlements, caller, request);
    if (!snapshot) co_return write_fault(snapshot.error(), nullptr);
    Json body;
    body["flags"] = Json::array();
    const Instant now = entitlements.clock.now();
    const std::string& own_catalog = (*snapshot)->standing.plan->catalog;
    for (const Feature& feature : catalog->features)
        if (feature.catalog == own_catalog)
            body["flags"].push_back(write_feature_flag(feature, **snapshot, *catalog, now));
    for (const Meter& meter : catalog->meters)
        if (meter.catalog == own_catalog)
            body["flags"].push_back(write_flag(meter.key, **snapshot, *catalog, now));
    co_return tagged(http::ok(body), request);
}

}  // namespace turnpike
