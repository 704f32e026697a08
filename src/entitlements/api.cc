#include "entitlements/api.h"

#include <algorithm>
#include <utility>

#include "entitlements/caller.h"
#include "entitlements/feature_api.h"
#include "entitlements/feature_use.h"
#include "entitlements/usage_summary.h"
#include "entitlements/use_name.h"
#include "entitlements/wire.h"
#include "json/value.h"

namespace turnpike {
namespace {

constexpr const char* kConsumeSource = "turnpike.consume";

/// \param name  without an id of the caller's the event gets a new one
ConsumeRequest request_from(ConsumeBody body, UseName name, std::string customer, IdSource& ids,
                            Instant now) {
    return {.customer = std::move(customer),
            .meter_key = std::move(body.meter_key),
            .quantity = body.quantity,
            .source = std::move(name.source).value_or(kConsumeSource),
            .id = name.id ? *std::move(name.id) : ids.body(now),
            .latency_us = body.latency_us,
            .time = std::nullopt,
            .properties = std::move(body.properties)};
}

/// Whether some customer's catalog has such a feature.
template <class Body>
bool may_be_feature(const Catalog& catalog, const Body& body) {
    return body.named == Named::Feature &&
           std::ranges::find(catalog.features, body.meter_key, &Feature::key) !=
               catalog.features.end();
}

asio::awaitable<Result<http::Response>> answer_check(EntitlementsApi& entitlements,
                                                     const Standing& standing,
                                                     const Feature& feature, Quantity requested) {
    const std::int64_t units = requested.scaled() / Quantity::kOne;
    if (Quantity::whole(units) != requested || units > kCapacityMax)
        co_return invalid_argument("entitlement.not_whole",
                                   "requested of a feature is a whole number up to 1000000000");
    co_return http::ok(co_await check_feature(entitlements, standing, feature, units));
}

std::unexpected<Error> no_such_meter(const std::string& key, Named named = Named::Meter) {
    const char* const sought = named == Named::Feature ? "feature or meter" : "meter";
    return not_found("entitlement.no_such_meter",
                     std::string("there is no ") + sought + " '" + key + "'");
}

}  // namespace

asio::awaitable<Result<StandingCache::Snapshot>> EntitlementsApi::snapshot_of(
    const Principal& caller, std::string ref) {
    const Instant now = clock.now();
    if (auto known = standings.find(ref, now)) co_return known;
    const auto ticket = standings.ticket();
    auto read = [&](sql::Transaction& tx) { return load_snapshot(tx, {usage, catalog}, ref, now); };
    auto loaded = co_await db.read(read);
    const bool unknown = !loaded && loaded.error().code == ErrorCode::NotFound;
    if (unknown && may_be_new(caller)) {
        auto create = [&](sql::Transaction& tx) -> Result<StandingSnapshot> {
            const auto welcomed = welcome(tx, caller, ref, now, ids);
            if (!welcomed) return failure(welcomed);
            return load_snapshot(tx, {usage, catalog}, ref, now);
        };
        loaded = co_await db.write(create);
    }
    if (!loaded) co_return failure(loaded);
    auto snapshot = std::make_shared<const StandingSnapshot>(*std::move(loaded));
    standings.put(ticket, snapshot);
    co_return snapshot;
}

asio::awaitable<Result<ConsumeOutcome>> EntitlementsApi::consume_now(
    const Principal& caller, const ConsumeRequest& request) {
    const Instant now = clock.now();
    const ConsumeWorld world{usage, catalog};
    auto ticket = standings.ticket();
    auto outcome = co_await consume(world, standings, request, now);
    const bool unknown = !outcome && outcome.error().code == ErrorCode::NotFound;
    if (unknown && may_be_new(caller)) {
        auto create = [&](sql::Transaction& tx) -> Result<std::monostate> {
            const auto welcomed = welcome(tx, caller, request.customer, now, ids);
            if (!welcomed) return failure(welcomed);
            return std::monostate{};
        };
        const auto created = co_await db.write(create);
        if (!created) co_return failure(created);
        ticket = standings.ticket();
        outcome = co_await consume(world, standings, request, now);
    }
    if (!outcome) co_return outcome;
    if (outcome->usage.verdict == Verdict::Accepted)
        standings.count_moved(ticket, outcome->standing.customer, outcome->counters);
    co_return outcome;
}

asio::awaitable<Result<http::Response>> EntitlementsApi::post_check(const Principal& caller,
                                                                    const http::Request& request) {
    const auto body = read_check(request);
    if (!body) co_return failure(body);
    const auto snapshot_catalog = catalog.get();
    const bool is_meter = snapshot_catalog->meter(body->meter_key) != nullptr;
    if (!is_meter && !may_be_feature(*snapshot_catalog, *body))
        co_return no_such_meter(body->meter_key, body->named);
    auto ref = customer_meant(caller, body->customer);
    if (!ref) co_return failure(ref);
    const auto snapshot = co_await snapshot_of(caller, *std::move(ref));
    if (!snapshot) co_return failure(snapshot);
    const Standing& standing = (*snapshot)->standing;
    if (const auto own = refuse_others(caller, body->customer, standing); !own)
        co_return failure(own);
    const std::string& own_catalog = standing.plan->catalog;
    if (body->named == Named::Feature)
        if (const auto* feature = snapshot_catalog->feature(own_catalog, body->meter_key))
            co_return co_await answer_check(*this, standing, *feature, body->requested);
    if (!is_meter) co_return no_such_meter(body->meter_key, body->named);
    const Decision decision =
        decide(**snapshot, *snapshot_catalog, {body->meter_key, body->requested, clock.now()});
    co_return http::json_text_response(200, write_check(decision, standing));
}

asio::awaitable<Result<http::Response>> EntitlementsApi::post_consume(
    const Principal& caller, const http::Request& request) {
    auto body = read_consume(request);
    if (!body) co_return failure(body);
    const auto snapshot_catalog = catalog.get();
    if (snapshot_catalog->meter(body->meter_key) == nullptr) {
        if (may_be_feature(*snapshot_catalog, *body))
            co_return co_await use_feature(caller, *body, request);
        co_return no_such_meter(body->meter_key, body->named);
    }
    auto ref = customer_meant(caller, body->customer);
    if (!ref) co_return failure(ref);
    auto name = name_of_use({std::move(body->source), std::move(body->id)}, kConsumeSource, caller,
                            request);
    if (!name) co_return failure(name);
    const ConsumeRequest wanted =
        request_from(*std::move(body), *std::move(name), *std::move(ref), ids, clock.now());
    const auto outcome = co_await consume_now(caller, wanted);
    if (!outcome) co_return failure(outcome);
    if (outcome->usage.verdict == Verdict::Conflict)
        co_return conflict("entitlement.usage_conflict",
                           "this source and id name another use; the first one stays");
    const Decision decision = decision_of(*outcome, wanted, *snapshot_catalog);
    if (outcome->usage.verdict == Verdict::Rejected)
        co_return write_denial(denial(decision, wanted.meter_key, outcome->standing.now), decision,
                               request, upgrade_url);
    co_return http::json_text_response(200, write_consumed(decision, *outcome));
}

asio::awaitable<Result<http::Response>> EntitlementsApi::use_feature(const Principal& caller,
                                                                     const ConsumeBody& body,
                                                                     const http::Request& request) {
    if (body.quantity != Quantity::whole(1))
        co_return invalid_argument("entitlement.used_one_by_one",
                                   "a feature that is no meter is used one at a time");
    auto ref = customer_meant(caller, body.customer);
    if (!ref) co_return failure(ref);
    const auto snapshot = co_await snapshot_of(caller, *std::move(ref));
    if (!snapshot) co_return failure(snapshot);
    const Standing& standing = (*snapshot)->standing;
    if (const auto own = refuse_others(caller, body.customer, standing); !own)
        co_return failure(own);
    const auto sold = catalog.get();
    const UseWorld world{*sold, guards, upgrade_url, clock.now()};
    if (auto refused = refuse_feature(world, standing, body.meter_key, request))
        co_return *std::move(refused);
    const Feature* feature = sold->feature(standing.plan->catalog, body.meter_key);
    co_return http::ok(co_await check_feature(*this, standing, *feature, 1));
}

asio::awaitable<Result<http::Response>> EntitlementsApi::get_usage(const Principal& caller,
                                                                   const http::Request& request) {
    std::optional<std::string> named;
    if (const std::string* customer = request.query_value("customer")) named = *customer;
    const auto ref = customer_meant(caller, named);
    if (!ref) co_return failure(ref);
    auto work = [&](sql::Transaction& tx) {
        return load_usage_summary(tx, {usage, catalog}, *ref, clock.now());
    };
    auto summary = co_await db.read(work);
    if (!summary) co_return failure(summary);
    if (const std::string* meter = request.query_value("meter")) {
        std::erase_if(summary->meters,
                      [&](const MeterUsage& usage) { return usage.meter_key != *meter; });
        if (summary->meters.empty()) co_return no_such_meter(*meter);
    }
    co_return http::ok(write_summary(*summary));
}

}  // namespace turnpike
