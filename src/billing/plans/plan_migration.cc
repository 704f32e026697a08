#include "billing/plans/plan_migration.h"

#include <utility>

#include <spdlog/spdlog.h>

#include "billing/life/carry_out.h"
#include "billing/life/wish.h"
#include "billing/plans/plan_migration_cancel.h"
#include "billing/provider/customer_time.h"
#include "catalog/plan_service.h"
#include "json/value.h"
#include "subscriptions/service.h"

namespace turnpike {
namespace {

/// In one pass; other steps of the worker wait for it, and a provider may be slow.
constexpr int kMigrationBatch = 10;
/// Commands that wait for a provider which does not answer; each keeps its customer from others.
constexpr int kWaitingMax = 5;

Result<std::monostate> wrong_target(std::string message) {
    return invalid_argument("plan_migration.wrong_target", std::move(message));
}

Result<std::monostate> check_target(const PlanVersion& source, const PlanVersion& target) {
    if (target.catalog != source.catalog)
        return wrong_target("a customer buys from one catalog, and so does who is migrated");
    if (source.is_default || target.is_default)
        return wrong_target("the default plan is what everybody has without a subscription");
    if (target.custom_price)
        return conflict("billing.talk_to_sales",
                        "the price of the target is made for each customer");
    if (target.is_archived && target.plan != source.plan)
        return conflict("catalog.plan_archived", "nobody is brought to an archived plan");
    return std::monostate{};
}

/// A version of the same plan in the same rhythm: the customer has asked for nothing else.
bool is_of_same_offer(const PriceInPlan& a, const PlanId& plan_of_a, const PriceInPlan& b,
                      const PlanId& plan_of_b) {
    return plan_of_a == plan_of_b && a.recurrence == b.recurrence &&
           a.amount.currency() == b.amount.currency();
}

/// What a customer has planned for himself is not overwritten; what an earlier migration has
/// planned is.
Result<bool> may_replace_plan(sql::Transaction& tx, const Subscription& subscription) {
    const auto& pending = *subscription.pending_change;
    const auto now = load_price(tx, subscription.price);
    if (!now) return failure(now);
    const auto then = load_price(tx, pending.price);
    if (!then) return failure(then);
    const auto plan_now = load_plan_version(tx, now->plan_version);
    if (!plan_now) return failure(plan_now);
    const auto plan_then = load_plan_version(tx, then->plan_version);
    if (!plan_then) return failure(plan_then);
    return pending.quantity == subscription.quantity &&
           is_of_same_offer(*now, plan_now->plan, *then, plan_then->plan);
}

Result<std::monostate> check_untouched(sql::Transaction& tx, const Subscription& subscription,
                                       const MigrationStep& step, MigrationTiming timing) {
    if (subscription.price != step.from_price || subscription.quantity != step.quantity)
        return conflict("plan_migration.changed_meanwhile",
                        "the subscription has changed since the migration began");
    if (!step.to_price)
        return conflict("plan_migration.not_sold_so",
                        "the target is not sold in the subscription's currency and interval");
    if (timing == MigrationTiming::Now && is_canceling(subscription))
        return conflict("subscription.canceling",
                        "the subscription is to end, and is not charged before that");
    const auto& pending = subscription.pending_change;
    const bool is_planned_so =
        pending && pending->price == *step.to_price && pending->quantity == step.quantity;
    if (!pending || is_planned_so) return std::monostate{};
    const auto may = may_replace_plan(tx, subscription);
    if (!may) return failure(may);
    if (!*may)
        return conflict("subscription.change_pending",
                        "the customer has planned another change, which stands");
    return std::monostate{};
}

/// What of a step is to be asked of its subscription; nullopt: nothing, it is there already, or
/// has ended.
struct AskedOfStep {
    Subscription subscription;
    std::optional<Wish> wish;
    Instant takes_effect_at;
};
Result<AskedOfStep> ask_of_step(sql::Transaction& tx, const BillingContext& billing,
                                const MigrationStep& step, MigrationTiming timing,
                                const Authority& authority) {
    auto subscription = load_subscription(tx, step.subscription);
    if (!subscription) return failure(subscription);
    const Instant at = timing == MigrationTiming::AtPeriodEnd
                           ? subscription->period.end
                           : customer_time(tx, subscription->customer, billing.clock.now());
    if (subscription->ended_at || subscription->price == step.to_price)
        return AskedOfStep{*std::move(subscription), {}, at};
    const auto untouched = check_untouched(tx, *subscription, step, timing);
    if (!untouched) return failure(untouched);
    Wish wish = new_wish(step.subscription, CommandKind::Change, authority);
    wish.command.price = *step.to_price;
    wish.command.quantity = step.quantity;
    wish.when = timing == MigrationTiming::AtPeriodEnd ? ChangeWhen::AtPeriodEnd : ChangeWhen::Now;
    return AskedOfStep{*std::move(subscription), std::move(wish), at};
}

Result<PreviewedStep> preview_step(sql::Transaction& tx, BillingContexts& billing,
                                   MigrationStep step, MigrationTiming timing) {
    auto subscription = load_subscription(tx, step.subscription);
    if (!subscription) return failure(subscription);
    const auto from = load_price(tx, step.from_price);
    if (!from) return failure(from);
    PreviewedStep shown{.step = step,
                        .subscription = *subscription,
                        .from = *from,
                        .takes_effect_at = subscription->period.end};
    if (step.to_price) {
        const auto to = load_price(tx, *step.to_price);
        if (!to) return failure(to);
        shown.to = *to;
    }
    const auto context = billing.of(step.provider);
    if (!context) {
        shown.refusal = context.error();
        return shown;
    }
    auto asked = ask_of_step(tx, **context, step, timing, {});
    if (!asked) {
        shown.refusal = asked.error();
        return shown;
    }
    shown.takes_effect_at = asked->takes_effect_at;
    if (!asked->wish) {
        shown.is_so_already = true;
        return shown;
    }
    const auto considered = consider_on_running(tx, **context, *std::move(asked->wish));
    if (!considered)
        shown.refusal = considered.error();
    else
        shown.is_so_already = !considered->wish;
    return shown;
}

/// The first run of a step, in the transaction that writes its command down.
std::optional<Requested> begin_item(sql::Transaction& tx, BillingContext& billing,
                                    MigrationItem item) {
    if (!is_still_in_turn(tx, item)) return std::nullopt;
    mark_migration(tx, item.migration, billing.clock.now());
    const auto migration = load_migration(tx, item.migration).value();
    const Authority authority{migration.authority.actor, migration.authority.request_id};
    const auto refuse = [&](const Error& error) {
        if (error.reason.text() == "subscription.busy")
            return postpone_item(tx, item, billing.clock.now() + kBusyFor);
        item.state = MigrationItemState::Refused;
        item.error_reason = error.reason.text();
        save_item(tx, item, MigrationItemState::Pending);
    };
    auto asked = ask_of_step(tx, billing, item.step, migration.timing, authority);
    if (!asked) {
        refuse(asked.error());
        return std::nullopt;
    }
    item.takes_effect_at = asked->takes_effect_at;
    std::optional<Demanded> demanded;
    if (asked->wish) {
        auto written = request_on_running(tx, billing, *std::move(asked->wish));
        if (!written) {
            refuse(written.error());
            return std::nullopt;
        }
        demanded = *std::move(written);
    }
    if (!demanded || !demanded->command) {
        item.state = MigrationItemState::Unchanged;
        save_item(tx, item, MigrationItemState::Pending);
        return std::nullopt;
    }
    item.state = MigrationItemState::Begun;
    item.command = demanded->command->id;
    save_item(tx, item, MigrationItemState::Pending);
    // Nobody waits for the answer, so what the provider cannot do now is done later.
    return Requested{std::move(demanded->subscription), *demanded->command, Attempt::Again};
}

std::vector<MigrationItem> items_due(sql::Transaction& tx, const BillingContext& billing) {
    const Instant now = billing.clock.now();
    auto items = items_to_begin(tx, billing.provider.name(), now, kMigrationBatch);
    for (auto& item : items_to_take_back(tx, billing.provider.name(), now, kMigrationBatch))
        items.push_back(std::move(item));
    return items;
}

std::optional<Requested> begin_turn(sql::Transaction& tx, BillingContext& billing,
                                    const MigrationItem& item) {
    if (item.state == MigrationItemState::TakingBack) return begin_taking_back(tx, billing, item);
    return begin_item(tx, billing, item);
}

void record_migration(sql::Transaction& tx, const PlanMigration& migration, std::string_view what,
                      Json detail, IdSource& ids) {
    const bool is_end = migration.finished_at.has_value();
    record(tx,
           {.at = migration.finished_at.value_or(migration.created_at),
            .actor = is_end ? "job:billing" : migration.authority.actor,
            .action = "plan_migration." + std::string(what),
            .object_id = migration.id.text(),
            .customer = "",
            .request_id = migration.authority.request_id,
            .detail = std::move(detail)},
           ids);
}

std::vector<std::string> unbilled_providers(sql::Transaction& tx, BillingContexts& billing) {
    auto providers = providers_of_pending(tx);
    std::erase_if(providers, [&](const auto& one) { return billing.find(one) != nullptr; });
    return providers;
}

void refuse_unbilled_by(sql::Transaction& tx, const std::string& provider) {
    refuse_items_of(tx, provider, "billing.provider_not_configured");
}

/// A page of each migration that has not all of its items.
asio::awaitable<void> list_migrations_further(BillingContext& billing) {
    const auto unlisted = co_await billing.db.read(migrations_to_list);
    for (const auto& migration : unlisted) {
        auto list = [&](sql::Transaction& tx) {
            list_migration_page(tx, migration, billing.clock.now());
            return true;
        };
        co_await billing.db.write(std::move(list));
    }
}

/// False while too many of the provider's answers are missing.
asio::awaitable<bool> settle(BillingContext& billing) {
    co_return co_await billing.db.write([&](sql::Transaction& tx) {
        settle_items(tx);
        queue_taking_back(tx, billing.clock.now());
        for (const auto& migration : finish_migrations(tx, billing.clock.now())) {
            const auto p = load_progress(tx, migration.id);
            Json counts{{"done", p.done},         {"unchanged", p.unchanged},
                        {"refused", p.refused},   {"failed", p.failed},
                        {"canceled", p.canceled}, {"taken_back", p.taken_back}};
            record_migration(tx, migration, "finished", std::move(counts), billing.ids);
        }
        return count_waiting_items(tx, billing.provider.name()) < kWaitingMax;
    });
}

}  // namespace

Result<MigrationTerms> migration_terms(sql::Transaction& tx, const MigrationRequest& request) {
    auto source = find_plan(tx, request.plan);
    if (!source) return failure(source);
    auto target = find_plan(tx, request.to_plan.value_or(request.plan));
    if (!target) return failure(target);
    if (request.to_version && *request.to_version != target->id) {
        auto version = load_plan_version(tx, *request.to_version);
        if (!version) return failure(version);
        if (version->plan != target->plan)
            return failure(wrong_target("the version is not one of plan '" + target->key + "'"));
        target = std::move(version);
    }
    const auto good = check_target(*source, *target);
    if (!good) return failure(good);
    return MigrationTerms{*std::move(source), *std::move(target), request.timing, request.filter};
}

Result<std::vector<PreviewedStep>> preview_migration(sql::Transaction& tx, BillingContexts& billing,
                                                     const MigrationTerms& terms,
                                                     const std::string& after, int limit) {
    std::vector<PreviewedStep> page;
    for (auto& step : migration_steps(tx, terms.scope(), after, limit)) {
        auto shown = preview_step(tx, billing, std::move(step), terms.timing);
        if (!shown) return failure(shown);
        page.push_back(*std::move(shown));
    }
    return page;
}

Result<PlanMigration> begin_migration(sql::Transaction& tx, BillingContexts& billing,
                                      const MigrationTerms& terms, const Authority& authority) {
    const Instant now = billing.clock.now();
    const PlanMigration migration{.id = billing.ids.make<PlanMigrationId>(now),
                                  .plan = terms.source.plan,
                                  .target = terms.target.id,
                                  .timing = terms.timing,
                                  .filter = terms.filter,
                                  .authority = authority,
                                  .created_at = now};
    if (!insert_migration(tx, migration)) {
        Error running{.code = ErrorCode::Conflict,
                      .reason = "plan_migration.running",
                      .message = "a migration of this plan is running; wait for its end"};
        if (const auto other = find_unfinished_migration(tx, terms.source.plan))
            running.details.emplace_back("migration", other->id.text());
        return std::unexpected(std::move(running));
    }
    list_migration_page(tx, migration, now);
    for (const auto& provider : unbilled_providers(tx, billing)) refuse_unbilled_by(tx, provider);
    Json detail{{"plan", terms.source.plan.text()},
                {"target_version", terms.target.id.text()},
                {"when", to_text(terms.timing)},
                {"filter", write_filter(terms.filter)}};
    record_migration(tx, migration, "started", std::move(detail), billing.ids);
    return load_migration(tx, migration.id);
}

asio::awaitable<std::int64_t> refuse_unbilled(BillingContexts& billing) {
    auto look = [&](sql::Transaction& tx) { return unbilled_providers(tx, billing); };
    const auto providers = co_await billing.db.read(std::move(look));
    for (const auto& provider : providers) {
        auto refuse = [&](sql::Transaction& tx) {
            refuse_unbilled_by(tx, provider);
            return true;
        };
        co_await billing.db.write(std::move(refuse));
    }
    co_return std::ssize(providers);
}

asio::awaitable<std::int64_t> go_on_with_migrations(BillingContext& billing) {
    const bool any = co_await billing.db.read(has_unfinished_migrations);
    if (!any) co_return 0;
    co_await list_migrations_further(billing);
    bool may_begin = co_await settle(billing);
    const auto items =
        co_await billing.db.read([&](sql::Transaction& tx) { return items_due(tx, billing); });
    std::int64_t begun = 0;
    for (const auto& item : items) {
        if (!may_begin) break;
        auto requested = co_await billing.db.write(
            [&](sql::Transaction& tx) { return begin_turn(tx, billing, item); });
        ++begun;
        if (!requested) continue;
        const auto changed = co_await carry_out(billing, *std::move(requested));
        if (!changed)
            spdlog::warn("event=plan_migration.step_failed migration={} subscription={} reason={}",
                         item.migration.text(), item.step.subscription.text(),
                         changed.error().reason.text());
        if (!changed) may_begin = co_await settle(billing);
    }
    co_await settle(billing);
    co_return begun;
}

}  // namespace turnpike
