#include "billing/plans/plans.h"

#include <spdlog/spdlog.h>

#include "access/keyed_request.h"
#include "billing/provider/catalog_on_sale.h"
#include "billing/provider/provider_objects.h"
#include "catalog/service.h"

namespace turnpike {
namespace {

asio::awaitable<void> offer_at_provider(BillingContext& billing, const PlanVersion& plan) {
    for (const Price& price : plan.prices) {
        const auto made = co_await ensure_provider_price(billing, price.id);
        if (made) continue;
        spdlog::warn("event=billing.price_not_offered price={} reason={} message=\"{}\"",
                     price.id.text(), made.error().reason.text(), made.error().message);
    }
}

}  // namespace

asio::awaitable<Result<PlanVersion>> sell_plan(BillingContext& billing, NewPlan plan,
                                               Authority authority) {
    auto work = [&](sql::Transaction& tx) -> Result<PlanVersion> {
        // The same request again, whose first run made it and never answered.
        if (const auto before = noted_progress(tx, authority.once))
            return load_plan_version(tx, PlanVersionId::trusted(*before));
        auto sold = create_plan(tx, plan, authority, billing.clock.now(), billing.ids);
        if (sold) note_progress(tx, authority.once, sold->id.text());
        return sold;
    };
    auto made = co_await billing.db.write(work);
    if (!made) co_return made;
    co_await publish_catalog(billing);
    co_await offer_at_provider(billing, *made);
    co_return made;
}

asio::awaitable<Result<PlanVersion>> sell_changed_plan(BillingContext& billing, PlanChange change) {
    auto changed = co_await billing.db.write([&](sql::Transaction& tx) {
        return change_plan(tx, change, billing.clock.now(), billing.ids);
    });
    if (!changed) co_return changed;
    co_await publish_catalog(billing);
    co_await offer_at_provider(billing, *changed);
    co_return changed;
}

asio::awaitable<Result<PlanVersion>> stop_selling_plan(BillingContext& billing, std::string ref,
                                                       Authority authority) {
    auto archived = co_await billing.db.write([&](sql::Transaction& tx) {
        return archive_plan(tx, ref, authority, billing.clock.now(), billing.ids);
    });
    if (archived) co_await publish_catalog(billing);
    co_return archived;
}

asio::awaitable<Result<Feature>> add_feature(BillingContext& billing, Feature feature,
                                             Authority authority) {
    auto made = co_await billing.db.write([&](sql::Transaction& tx) -> Result<Feature> {
        if (const auto begun = noted_progress(tx, authority.once)) {
            feature.catalog = *begun;
            feature.origin = Origin::Api;
            return feature;
        }
        auto created = create_feature(tx, feature, authority, billing.clock.now(), billing.ids);
        if (created) note_progress(tx, authority.once, created->catalog);
        return created;
    });
    if (made) co_await publish_catalog(billing);
    co_return made;
}

}  // namespace turnpike
