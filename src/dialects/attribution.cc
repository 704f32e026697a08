#include "dialects/attribution.h"

#include <optional>
#include <utility>

#include "access/keyed_request.h"
#include "access/page.h"
#include "analytics/fraction.h"
#include "audit/authority.h"
#include "base/html.h"
#include "billing/life/checkout.h"
#include "billing/life/chosen_provider.h"
#include "billing/provider/catalog_on_sale.h"
#include "billing/records/stored_checkout.h"
#include "catalog/cache.h"
#include "customers/service.h"
#include "dialects/tiers.h"
#include "entitlements/standing.h"
#include "entitlements/upgrade_hint.h"
#include "entitlements/wire.h"
#include "http/client_address.h"
#include "http/page.h"
#include "json/object_reader.h"
#include "json/write.h"
#include "webhooks/api.h"
#include "webhooks/resend.h"

namespace turnpike {
namespace {

struct ReceiptWish {
    std::string receipt, tier;
    std::optional<std::string> provider;
};

Result<ReceiptWish> read_receipt_wish(const http::Request& request) {
    const auto body = request.json();
    if (!body) return failure(body);
    ObjectReader fields(*body);
    ReceiptWish wish;
    wish.receipt = fields.required_text("receipt", {.length_max = 128});
    wish.tier = fields.required_text("tier", {.length_max = 64});
    wish.provider = fields.optional_text("provider");
    return fields.finish(std::move(wish));
}

/// The seller, or the customer himself by his token. Every other credential, a customer's key too,
/// says no more than the receipt does.
bool speaks_for(const Principal& caller, std::string_view receipt) {
    if (caller.kind == PrincipalKind::Seller || caller.kind == PrincipalKind::Admin) return true;
    return caller.kind == PrincipalKind::Customer && !caller.customer &&
           caller.external_id == receipt;
}

http::Response page(std::string_view title, const std::string& text) {
    return http::plain_page(200, title, "<p>" + escape_html(text) + "</p>");
}

Json write_event(const InboxEvent& event) {
    const auto payload = parse_json(event.payload);
    Json json{{"id", event.id.text()},
              {"event_type", event.type},
              {"provider", event.provider},
              {"provider_event_id", event.provider_event_id},
              {"processed", event.state == InboxState::Done},
              {"processed_at", write_instant(event.applied_at)},
              {"received_at", format_rfc3339(event.received_at)},
              {"state", to_text(event.state)},
              {"attempts", event.attempts},
              {"last_error", write_optional(event.last_error)}};
    json["payload"] = payload ? *payload : Json(event.payload);
    return json;
}

/// How many of the events that came in were applied: "0.9950"; null before the first.
Json success_rate(std::int64_t processed, std::int64_t received) {
    constexpr int kDigits = 4;
    return received == 0 ? Json() : Json(Fraction(processed, received).text(kDigits));
}

Json write_used(const UsageSummary& summary, std::string_view receipt) {
    Json json{{"receipt", receipt}, {"tier", summary.plan_key}};
    for (const MeterUsage& meter : summary.meters)
        json[meter.meter_key] = write_number(meter.now.used);
    json["period_start"] = format_rfc3339(summary.period.start);
    json["period_end"] = format_rfc3339(summary.period.end);
    json["reset_at"] = format_rfc3339(summary.period.end);
    return json;
}

}  // namespace

std::string Attribution::customer_name(const std::string& receipt) const {
    const bool primary = billing.catalog.get()->primary() == catalog;
    return "ext:" + QualifiedName{primary ? "" : catalog, receipt}.text();
}

asio::awaitable<Result<Customer>> Attribution::buyer_named(const Principal& caller,
                                                           const http::Request& request,
                                                           std::string receipt) {
    const auto name = customer_name(receipt);
    auto known =
        co_await billing.db.read([&](sql::Transaction& tx) { return find_customer(tx, name); });
    // A receipt "learning-app~alice" is nobody's, and refused below.
    if (known && known->catalog == catalog) co_return known;
    const Instant now = billing.clock.now();
    if (!known && !speaks_for(caller, receipt)) {
        const auto who = http::limited_peer(request.peer);
        const auto verdict = new_receipts.take(RateClass::Receipt, who, now);
        if (!verdict.allowed)
            co_return std::unexpected(rate_limited(*rate_rule(RateClass::Receipt), verdict));
    }
    co_return co_await billing.db.write([&](sql::Transaction& tx) {
        return ensure_customer(tx, QualifiedName{catalog, receipt}, std::nullopt, now, billing.ids);
    });
}

// POST /api/billing/create-checkout
Attribution::Answer Attribution::post_checkout(const Principal& caller,
                                               const http::Request& request) {
    const auto wish = read_receipt_wish(request);
    if (!wish) co_return failure(wish);
    const auto on_sale = co_await catalog_on_sale(billing.primary());
    const auto sold = sold_tier(*on_sale, catalog, wish->tier);
    if (!sold) co_return failure(sold);
    const auto customer = co_await buyer_named(caller, request, wish->receipt);
    if (!customer) co_return failure(customer);
    const auto context = wish->provider ? billing.of(*wish->provider)
                                        : co_await context_of_customer(billing, customer->id);
    if (!context) co_return failure(context);
    Authority authority = authority_of(caller, request);
    if (!speaks_for(caller, wish->receipt)) authority.actor = kAnybody;
    const std::string own = origins.own().text();
    CheckoutRequest wanted{
        .customer = customer->id,
        .plan_version = sold->plan_version,
        .price = sold->price,
        .success_url = own + "/api/billing/success?session=" + std::string(kSessionIdMark),
        .cancel_url = own + "/api/billing/cancel",
        .authority = std::move(authority)};
    const auto session = co_await open_checkout_at(billing, **context, std::move(wanted));
    if (!session) co_return co_await refused_page(session.error(), customer->id, request);
    co_return http::ok(Json{{"checkout_url", write_optional(session->url)},
                            {"checkout_session", session->id.text()},
                            {"receipt", wish->receipt},
                            {"tier", wish->tier},
                            {"provider", session->provider},
                            {"expires_at", format_rfc3339(session->expires_at)}});
}

Attribution::Answer Attribution::refused_page(Error error, CustomerId customer,
                                              const http::Request& request) {
    if (error.reason != Reason("subscription.exists")) co_return std::unexpected(std::move(error));
    const auto standing = co_await billing.db.read([&](sql::Transaction& tx) {
        return load_standing(tx, billing.catalog, customer.text(), billing.clock.now());
    });
    if (!standing) co_return failure(standing);
    error.code = ErrorCode::PaymentRequired;
    error.message =
        "the customer has a subscription already, and this interface changes none: the seller "
        "does (POST /v1/subscriptions/{subscription}/change), or opens the portal for him (POST "
        "/v1/customers/{customer}/portal_sessions)";
    const auto now = billing.catalog.get();
    const PlanVersion* next = now->next_above(*standing->plan);
    Json members = Json::object();
    if (next != nullptr) {
        members["upgrade"] = write_upgrade(hint_of(*next, kTierCurrency));
        if (!upgrade_url.empty()) members["upgrade_url"] = upgrade_url;
    }
    co_return http::problem(error, request, members);
}

asio::awaitable<bool> Attribution::is_paid(std::string session, Authority authority) {
    const auto id = CheckoutId::parse(session);
    if (!id) co_return false;
    auto known =
        co_await billing.db.read([&](sql::Transaction& tx) { return load_checkout(tx, *id); });
    if (!known) co_return false;
    const auto context = billing.of(known->provider);
    if (!context) co_return false;
    const auto fresh =
        co_await refresh_checkout(**context, *std::move(known), std::move(authority));
    co_return fresh && fresh->status == CheckoutStatus::Complete;
}

// GET /api/billing/success
Attribution::Answer Attribution::get_success(const Principal& caller,
                                             const http::Request& request) {
    const auto* session = request.query_value("session");
    Authority authority = authority_of(caller, request);
    authority.actor = kAnybody;
    const bool paid = session != nullptr && co_await is_paid(*session, std::move(authority));
    co_return paid ? page("Thank you", "Your subscription has begun. You may close this page.")
                   : page("Thank you",
                          "Your payment is being confirmed. This takes a moment; "
                          "you may close this page.");
}

// GET /api/billing/cancel
Attribution::Answer Attribution::get_cancel(const Principal&, const http::Request&) {
    co_return page("Nothing was bought",
                   "You have left the checkout, and nothing was charged. You may close this page.");
}

// GET /api/billing/usage
Attribution::Answer Attribution::get_usage(const Principal& caller, const http::Request& request) {
    const auto known = check_query(request, {"receipt"});
    if (!known) co_return failure(known);
    const auto* receipt = request.query_value("receipt");
    if (receipt == nullptr) {
        Error error{ErrorCode::InvalidArgument, "request.invalid_query", "receipt is missing"};
        error.fields.push_back({"receipt", "required", "says whose usage it is"});
        co_return std::unexpected(std::move(error));
    }
    auto work = [&](sql::Transaction& tx) -> Result<UsageSummary> {
        const auto customer = find_visible_customer(tx, caller, customer_name(*receipt));
        if (!customer) return failure(customer);
        return load_usage_summary(tx, {billing.usage, billing.catalog}, customer->id.text(),
                                  billing.clock.now());
    };
    const auto summary = co_await billing.db.read(work);
    if (!summary) co_return failure(summary);
    co_return http::ok(write_used(*summary, *receipt));
}

// GET /admin/webhooks
Attribution::Answer Attribution::get_webhooks(const Principal&, const http::Request& request) {
    const auto page = co_await read_inbox_page(billing.db, cursors, request, Payloads::Load);
    if (!page) co_return failure(page);
    struct Counts {
        InboxCounts open;
        std::int64_t done = 0;
    };
    const auto counts = co_await billing.db.read(
        [](sql::Transaction& tx) { return Counts{count_events(tx), count_done_events(tx)}; });
    const std::int64_t received = counts.done + counts.open.pending + counts.open.dead;
    Json body{{"object", "list"}, {"data", Json::array()}};
    for (const InboxEvent& event : page->events) body["data"].push_back(write_event(event));
    body["has_more"] = page->next_cursor.has_value();
    body["next_cursor"] = write_optional(page->next_cursor);
    body["received"] = received;
    body["processed"] = counts.done;
    body["pending"] = counts.open.pending;
    body["dead"] = counts.open.dead;
    body["success_rate"] = success_rate(counts.done, received);
    co_return http::ok(body);
}

// POST /admin/webhooks/{event}/resend
Attribution::Answer Attribution::post_resend(const Principal& caller,
                                             const http::Request& request) {
    auto work = [&](sql::Transaction& tx) -> Result<http::Response> {
        const auto event =
            resend_event(tx, request.path_value("event"), authority_of(caller, request),
                         billing.clock.now(), billing.ids);
        if (!event) return failure(event);
        return keep_answer(tx, caller, http::ok(write_event(*event)));
    };
    auto answer = co_await billing.db.write(work);
    if (answer) revived();
    co_return answer;
}

}  // namespace turnpike
