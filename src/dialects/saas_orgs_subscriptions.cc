#include "dialects/saas_orgs_subscriptions.h"

#include <utility>
#include <vector>

#include "access/page.h"
#include "audit/authority.h"
#include "billing/life/chosen_provider.h"
#include "billing/life/commands.h"
#include "billing/life/own_trial.h"
#include "billing/provider/catalog_on_sale.h"
#include "billing/provider/customer_time.h"
#include "billing/telling/next_action.h"
#include "billing/telling/shown_subscription.h"
#include "customers/provider_link.h"
#include "customers/service.h"
#include "dialects/saas_orgs_subscription_wire.h"
#include "json/value.h"
#include "payments/stripe/provider.h"
#include "people/directory.h"
#include "people/organizations.h"
#include "subscriptions/service.h"

namespace turnpike {
namespace {

/// The subscription of the path, and the caller's place in the organization that has it.
struct NamedSubscription {
    Subscription subscription;
    OrgAccess access;
};

std::optional<Subscription> subscription_in_path(sql::Transaction& tx,
                                                 const http::Request& request) {
    const auto id = SubscriptionId::parse(request.path_value("subscription_id"));
    if (!id) return std::nullopt;
    auto found = load_subscription(tx, *id);
    if (!found) return std::nullopt;
    return *std::move(found);
}

/// Errors: NotFound "subscription.not_found", also for another organization's; those of member_of.
Result<NamedSubscription> named_by(sql::Transaction& tx, const Principal& caller,
                                   const http::Request& request) {
    auto subscription = subscription_in_path(tx, request);
    auto access = member_of_buyer(
        tx, caller, subscription ? std::optional(subscription->customer) : std::nullopt);
    if (!access && access.error().code == ErrorCode::NotFound)
        return not_found("subscription.not_found", "there is no such subscription");
    if (!access) return failure(access);
    return NamedSubscription{*std::move(subscription), *std::move(access)};
}

/// Errors: those of show_subscription and load_price.
Result<ShownOrgSubscription> load_shown(sql::Transaction& tx, Subscription subscription,
                                        const OrganizationId& organization, Instant now) {
    auto plan = load_plan_version(tx, subscription.plan_version);
    if (!plan) return failure(plan);
    auto price = load_price(tx, subscription.price);
    if (!price) return failure(price);
    auto page = payment_page_of(tx, subscription);
    auto customer = find_provider_customer(tx, subscription.customer, stripe::kProviderName);
    auto shown = show_subscription(tx, std::move(subscription), now);
    if (!shown) return failure(shown);
    return ShownOrgSubscription{*std::move(shown), organization,        *std::move(plan),
                                *std::move(price), std::move(customer), std::move(page)};
}

/// Who subscribes, and when it is for him.
struct Buyer {
    Customer customer;
    Instant now;
};

Result<Buyer> find_buyer(sql::Transaction& tx, const Principal& caller,
                         const std::string& organization, Instant now) {
    const auto access = active_member_of(tx, caller, organization);
    if (!access) return failure(access);
    const auto customer = find_customer(tx, access->organization.customer.text());
    if (!customer) return failure(customer);
    return Buyer{*customer, customer_time(tx, customer->id, now)};
}

/// What is to change: in which subscription, and to what.
struct OrgChange {
    SubscriptionId subscription;
    std::optional<PriceId> price;
};

Result<OrgChange> find_change(sql::Transaction& tx, const Principal& caller,
                              const http::Request& request, const OrgChangeBody& body,
                              const Catalog& catalog) {
    const auto named = named_by(tx, caller, request);
    if (!named) return failure(named);
    const auto active = active_member_of(tx, caller, named->access.organization.id.text());
    if (!active) return failure(active);
    OrgChange change{named->subscription.id, std::nullopt};
    if (!body.offer) return change;
    const auto paid = load_price(tx, named->subscription.price);
    if (!paid) return failure(paid);
    const auto customer = find_customer(tx, named->subscription.customer.text());
    if (!customer) return failure(customer);
    const auto sold = find_plan_offer(catalog, customer->catalog, *body.offer, *paid);
    if (!sold) return failure(sold);
    change.price = sold->price;
    return change;
}

}  // namespace

SaasOrgsSubscriptions::Answer SaasOrgsSubscriptions::answer_with(int status,
                                                                 const SubscriptionId& id) {
    auto work = [&](sql::Transaction& tx) -> Result<Json> {
        auto subscription = load_subscription(tx, id);
        if (!subscription) return failure(subscription);
        const auto organization = organization_of(tx, subscription->customer);
        const auto shown =
            load_shown(tx, *std::move(subscription), organization->id, billing.clock.now());
        if (!shown) return failure(shown);
        return write_org_subscription(*shown);
    };
    const auto body = co_await billing.db.read(work);
    if (!body) co_return failure(body);
    co_return http::json_response(status, *body);
}

SaasOrgsSubscriptions::Answer SaasOrgsSubscriptions::post_subscription(
    const Principal& caller, const http::Request& request) {
    const auto body = read_org_subscribe(request);
    if (!body) co_return failure(body);
    const auto buyer = co_await billing.db.read([&](sql::Transaction& tx) {
        return find_buyer(tx, caller, body->organization, billing.clock.now());
    });
    if (!buyer) co_return failure(buyer);
    const auto now = co_await catalog_on_sale(billing.primary());
    const auto sold = find_plan_offer(*now, buyer->customer.catalog, body->offer, std::nullopt);
    if (!sold) co_return failure(sold);
    const auto short_enough =
        check_own_trial(caller, *now, sold->plan_version, body->trial.days.value_or(0));
    if (!short_enough) co_return failure(short_enough);
    const auto context = co_await context_of_customer(billing, buyer->customer.id);
    if (!context) co_return failure(context);
    StartRequest start{.customer = buyer->customer.id,
                       .plan_version = sold->plan_version,
                       .price = sold->price,
                       .payment_method = body->payment_method,
                       .authority = authority_of(caller, request),
                       .trial = trial_of(body->trial, buyer->now),
                       .first_payment = body->first_payment};
    const auto started = co_await start_subscription_at(billing, **context, std::move(start));
    if (!started)
        co_return std::unexpected(advice_on_start(started.error(), {"payment_method_id"}));
    co_return co_await answer_with(201, started->id);
}

SaasOrgsSubscriptions::Answer SaasOrgsSubscriptions::get_of_organization(
    const Principal& caller, const http::Request& request) {
    const std::string listing = "organization_subscriptions " + request.path_value("org_id");
    const auto query = read_page(request, cursors, listing);
    if (!query) co_return failure(query);
    using Rows = std::vector<ShownOrgSubscription>;
    auto work = [&](sql::Transaction& tx) -> Result<Rows> {
        const auto access = member_of(tx, caller, request.path_value("org_id"));
        if (!access) return failure(access);
        const Organization& organization = access->organization;
        Rows rows;
        for (auto& subscription : list_subscriptions(tx, organization.customer, *query)) {
            auto shown =
                load_shown(tx, std::move(subscription), organization.id, billing.clock.now());
            if (!shown) return failure(shown);
            rows.push_back(*std::move(shown));
        }
        return rows;
    };
    auto fetched = co_await billing.db.read(work);
    if (!fetched) co_return failure(fetched);
    const auto page = cut_page(*std::move(fetched), *query);
    Json data = Json::array();
    for (const auto& shown : page.items) data.push_back(write_org_subscription(shown));
    std::optional<PageMark> last;
    if (page.has_more) {
        const Subscription& oldest = page.items.back().shown.subscription;
        last = {oldest.created_at, oldest.id.text()};
    }
    co_return list_response(std::move(data), cursors, listing, last);
}

SaasOrgsSubscriptions::Answer SaasOrgsSubscriptions::get_subscription(
    const Principal& caller, const http::Request& request) {
    const auto named = co_await billing.db.read(
        [&](sql::Transaction& tx) { return named_by(tx, caller, request); });
    if (!named) co_return failure(named);
    co_return co_await answer_with(200, named->subscription.id);
}

SaasOrgsSubscriptions::Answer SaasOrgsSubscriptions::put_subscription(
    const Principal& caller, const http::Request& request) {
    const auto body = read_org_change(request);
    if (!body) co_return failure(body);
    const auto catalog = co_await catalog_on_sale(billing.primary());
    const auto wanted = co_await billing.db.read(
        [&](sql::Transaction& tx) { return find_change(tx, caller, request, *body, *catalog); });
    if (!wanted) co_return failure(wanted);
    const auto context = co_await context_of_subscription(billing, wanted->subscription);
    if (!context) co_return failure(context);
    const Authority authority = authority_of(caller, request);
    if (wanted->price) {
        ChangeRequest change{wanted->subscription, *wanted->price, authority};
        const auto changed = co_await change_subscription(**context, std::move(change));
        if (!changed) co_return failure(changed);
    }
    if (body->cancel_at_period_end) {
        const auto when = *body->cancel_at_period_end ? CancelWhen::AtPeriodEnd : CancelWhen::Never;
        CancelRequest cancel{wanted->subscription, when, authority};
        const auto told = co_await cancel_subscription(**context, std::move(cancel));
        if (!told) co_return failure(told);
    }
    co_return co_await answer_with(200, wanted->subscription);
}

SaasOrgsSubscriptions::Answer SaasOrgsSubscriptions::post_cancel(const Principal& caller,
                                                                 const http::Request& request) {
    const auto when = read_org_cancel(request);
    if (!when) co_return failure(when);
    // A deactivated organization may stop what it pays for.
    const auto named = co_await billing.db.read(
        [&](sql::Transaction& tx) { return named_by(tx, caller, request); });
    if (!named) co_return failure(named);
    const SubscriptionId id = named->subscription.id;
    const auto context = co_await context_of_subscription(billing, id);
    if (!context) co_return failure(context);
    CancelRequest cancel{id, *when, authority_of(caller, request)};
    const auto canceled = co_await cancel_subscription(**context, std::move(cancel));
    if (!canceled) co_return failure(canceled);
    co_return co_await answer_with(200, id);
}

}  // namespace turnpike
