#include "entitlements/feature_api.h"

#include <algorithm>
#include <utility>

#include "audit/authority.h"
#include "catalog/wire.h"
#include "customers/service.h"
#include "entitlements/caller.h"
#include "entitlements/capacity.h"
#include "entitlements/overrides.h"
#include "json/object_reader.h"
#include "json/value.h"

namespace turnpike {
namespace {

struct OverrideBody {
    OverrideValue value;
    std::optional<Instant> expires_at;
};

std::optional<GivenAllowance> read_limit(const Json& json) {
    std::optional<GivenAllowance> given;
    if (json.is_number_integer()) given = parse_given_allowance(to_text(json));
    if (json.is_string()) given = parse_given_allowance(json.get<std::string>());
    // "2000 block" is how it is stored; nobody sends it so.
    if (given && given->overage) return std::nullopt;
    return given;
}

/// 2000, "2000", "unlimited", {"limit": "2000"}, {"limit": null}, {"limit": 2000, "overage":
/// "block"}
std::optional<GivenAllowance> read_given_allowance(const Json& json) {
    if (!json.is_object()) return read_limit(json);
    if (!json.contains("limit") || json.size() > 2) return std::nullopt;
    auto given = json["limit"].is_null() ? GivenAllowance{} : read_limit(json["limit"]);
    if (json.size() == 1 || !given) return given;
    const auto overage = json.contains("overage") && json["overage"].is_string()
                             ? parse_overage_policy(json["overage"].get<std::string>())
                             : std::nullopt;
    if (!given->limit || !overage || *overage == OveragePolicy::Bill) return std::nullopt;
    given->overage = overage;
    return given;
}

Result<OverrideBody> read_override(const http::Request& request) {
    const auto body = request.json();
    if (!body) return failure(body);
    // The value may be of several types, so the reader sees the rest only.
    Json rest = *body;
    OverrideValue value;
    std::string text;
    if (rest.is_object() && rest.contains("value")) {
        value = {read_feature_value(rest["value"]), read_given_allowance(rest["value"])};
        if (rest["value"].is_string()) text = rest["value"].get<std::string>();
        rest.erase("value");
    }
    ObjectReader fields(rest);
    fields.refuse_card_number("value", text);
    if (!value.of_feature && !value.of_meter)
        fields.complain("value", "wrong_type",
                        "must be true, false, a text, a number or {\"limit\": ..}");
    auto expires_at = fields.optional_instant("expires_at");
    return fields.finish(OverrideBody{std::move(value), expires_at});
}

/// What is included, and what happens then; null: the customer has nothing of the meter.
Json write_allowance(const Allowance* allowance) {
    if (allowance == nullptr) return {};
    const bool has_end =
        allowance->included < kMaxQuantity || allowance->overage != OveragePolicy::Allow;
    return Json{{"limit", has_end ? Json(allowance->included.text()) : Json()},
                {"overage", to_text(allowance->overage)}};
}

Json write_metered(const Decision& decision, const Meter& meter, const Standing& standing) {
    Json json = parse_json(write_check(decision, standing)).value();
    json["feature"] = meter.key;
    json["name"] = meter.name;
    json["kind"] = to_text(FeatureKind::Metered);
    json["value"] = write_allowance(main_allowance(*standing.plan, meter.key));
    const auto own = std::ranges::find(standing.given, meter.key, &AllowanceOverride::meter_key);
    const bool is_own = own != standing.given.end();
    json["overridden"] = is_own;
    json["expires_at"] =
        is_own && own->expires_at ? Json(format_rfc3339(*own->expires_at)) : Json();
    return json;
}

/// Whose right it is, and when that is for him.
Result<OverrideOrder> order_of(sql::Transaction& tx, const http::Request& request,
                               const Principal& caller, Instant now) {
    auto customer = find_customer(tx, request.path_value("customer"));
    if (!customer) return failure(customer);
    const Instant customer_now = now_of(tx, *customer, now);
    return OverrideOrder{*std::move(customer), request.path_value("feature"),
                         authority_of(caller, request), now, customer_now};
}

Json metered_answer(const StandingSnapshot& snapshot, const Catalog& catalog, const Meter& meter,
                    Instant system_now) {
    const Question question{meter.key, Quantity::whole(1), system_now};
    return write_metered(decide(snapshot, catalog, question), meter, snapshot.standing);
}

/// The entitlement as it is after a change, from the ledger.
FeatureApi::Answer answer_changed(EntitlementsApi& entitlements, OverrideOrder order) {
    entitlements.standings.invalidate(order.customer.id);
    const Instant system_now = entitlements.clock.now();
    const auto snapshot = co_await entitlements.db.read([&](sql::Transaction& tx) {
        return load_snapshot(tx, {entitlements.usage, entitlements.catalog},
                             order.customer.id.text(), system_now);
    });
    if (!snapshot) co_return failure(snapshot);
    const auto now = entitlements.catalog.get();
    const Feature* feature = now->feature(order.customer.catalog, order.feature_key);
    if (feature != nullptr)
        co_return http::ok(co_await check_feature(entitlements, snapshot->standing, *feature, 1));
    const Meter* meter = now->meter(order.feature_key);
    if (meter == nullptr)
        co_return not_found("entitlement.no_such_feature",
                            "there is no feature '" + order.feature_key + "' any more");
    co_return http::ok(metered_answer(*snapshot, *now, *meter, system_now));
}

}  // namespace

Json write_feature_answer(const FeatureAnswer& answer, const Feature& feature,
                          const Standing& standing) {
    Json json;
    json["object"] = "entitlement";
    json["feature"] = feature.key;
    json["name"] = feature.name;
    json["kind"] = to_text(feature.kind);
    json["allowed"] = answer.allowed;
    json["reason"] = to_text(answer.reason);
    json["value"] = write_feature_value(answer.value);
    if (const auto* capacity = std::get_if<Capacity>(&answer.value)) {
        const CapacityState state{answer.allowed, answer.current_count, capacity->limit};
        json["current_count"] = state.current_count;
        json["limit"] = state.limit ? Json(*state.limit) : Json();
        json["remaining"] = state.remaining() ? Json(*state.remaining()) : Json();
    }
    json["overridden"] = answer.is_overridden;
    json["expires_at"] = answer.expires_at ? Json(format_rfc3339(*answer.expires_at)) : Json();
    json["plan"] = standing.plan->key;
    json["version"] = standing.plan->number;
    json["customer"] = standing.customer.text();
    if (answer.upgrade) json["upgrade"] = write_upgrade(*answer.upgrade);
    return json;
}

asio::awaitable<Json> check_feature(EntitlementsApi& entitlements, const Standing& standing,
                                    const Feature& feature, std::int64_t requested) {
    const auto now = entitlements.catalog.get();
    FeatureQuestion question{feature, requested, 0,
                             customer_now(standing, entitlements.clock.now())};
    if (feature.kind == FeatureKind::Capacity)
        question.current_count = co_await entitlements.db.read([&](sql::Transaction& tx) {
            return capacity_count(tx, standing.customer, feature.key);
        });
    co_return write_feature_answer(answer_feature(standing, *now, question), feature, standing);
}

FeatureApi::Answer FeatureApi::get_entitlements(const Principal& caller,
                                                const http::Request& request) {
    const std::string& named = request.path_value("customer");
    auto ref = customer_meant(caller, named);
    if (!ref) co_return failure(ref);
    const auto snapshot = co_await entitlements.snapshot_of(caller, *std::move(ref));
    if (!snapshot) co_return failure(snapshot);
    const Standing& standing = (*snapshot)->standing;
    if (const auto own = refuse_others(caller, named, standing); !own) co_return failure(own);

    const auto now = entitlements.catalog.get();
    Json body;
    body["object"] = "list";
    body["data"] = Json::array();
    for (const Feature& feature : now->features) {
        if (feature.catalog != standing.plan->catalog) continue;
        auto row = co_await check_feature(entitlements, standing, feature, 1);
        body["data"].push_back(std::move(row));
    }
    for (const Meter& meter : now->meters) {
        if (meter.catalog != standing.plan->catalog) continue;
        body["data"].push_back(metered_answer(**snapshot, *now, meter, entitlements.clock.now()));
    }
    body["has_more"] = false;
    body["next_cursor"] = nullptr;
    co_return http::ok(body);
}

FeatureApi::Answer FeatureApi::put_entitlement(const Principal& caller,
                                               const http::Request& request) {
    const auto body = read_override(request);
    if (!body) co_return failure(body);
    const Instant now = entitlements.clock.now();
    auto work = [&](sql::Transaction& tx) -> Result<OverrideOrder> {
        auto order = order_of(tx, request, caller, now);
        if (!order) return order;
        const auto put = put_override(tx, *order, body->value, body->expires_at, entitlements.ids);
        if (!put) return failure(put);
        return order;
    };
    auto order = co_await entitlements.db.write(work);
    if (!order) co_return failure(order);
    co_return co_await answer_changed(entitlements, *std::move(order));
}

FeatureApi::Answer FeatureApi::delete_entitlement(const Principal& caller,
                                                  const http::Request& request) {
    const Instant now = entitlements.clock.now();
    auto work = [&](sql::Transaction& tx) -> Result<OverrideOrder> {
        auto order = order_of(tx, request, caller, now);
        if (!order) return order;
        const auto removed = remove_overrides(tx, *order, entitlements.ids);
        if (!removed) return failure(removed);
        return order;
    };
    auto order = co_await entitlements.db.write(work);
    if (!order) co_return failure(order);
    co_return co_await answer_changed(entitlements, *std::move(order));
}

}  // namespace turnpike
