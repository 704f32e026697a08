#include "billing/life/preview.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include <spdlog/spdlog.h>

#include "billing/life/stored_preview.h"
#include "billing/life/wish.h"
#include "billing/provider/customer_time.h"
#include "billing/provider/provider_objects.h"
#include "catalog/service.h"
#include "json/value.h"
#include "subscriptions/service.h"

namespace turnpike {
namespace {

/// Long enough to read and decide.
constexpr auto kPreviewLife = std::chrono::minutes(30);

/// What a preview is made from.
struct Planned {
    Subscription subscription;
    std::int64_t quantity = 1;
    bool invoices_now = true;
    Instant now;  ///< the customer's
};

Result<Planned> plan_preview(sql::Transaction& tx, const BillingContext& billing,
                             const PreviewedChange& change) {
    auto wish = new_wish(change.subscription, CommandKind::Change, {});
    wish.command.price = change.price;
    wish.command.quantity = change.quantity;
    const auto considered = consider_on_running(tx, billing, std::move(wish));
    if (!considered) return failure(considered);
    const Subscription& subscription = considered->subscription;
    if (!subscription.provider_subscription_id || !subscription.provider_item_id)
        return std::unexpected(busy_subscription());
    const std::int64_t quantity = change.quantity.value_or(subscription.quantity);
    const auto direction = direction_of_change(tx, subscription, change.price, quantity);
    if (!direction) return failure(direction);
    return Planned{subscription, quantity, *direction == Direction::Up,
                   customer_time(tx, subscription.customer, billing.clock.now())};
}

asio::awaitable<Result<ProviderInvoice>> ask_provider(BillingContext& billing,
                                                      const Subscription& subscription,
                                                      const Preview& preview) {
    const auto price = co_await ensure_provider_price(billing, preview.price);
    if (!price) co_return failure(price);
    ChangePreview wanted{.subscription = *subscription.provider_subscription_id,
                         .item = *subscription.provider_item_id,
                         .price = *price,
                         .quantity = preview.quantity,
                         .invoices_now = preview.invoices_now,
                         .proration_date = preview.proration_date};
    co_return co_await billing.provider.preview_change(std::move(wanted));
}

/// The invoice that bills the change: the one it has made, or the next one.
asio::awaitable<Result<ProviderInvoice>> billed_for(BillingContext& billing, const Preview& preview,
                                                    const ProviderSubscription& changed) {
    if (changed.latest_invoice != preview.invoice_before && changed.latest_invoice)
        co_return co_await billing.provider.get_invoice(*changed.latest_invoice);
    co_return co_await billing.provider.preview_next_invoice(changed.id);
}

void record_comparison(sql::Transaction& tx, BillingContext& billing, const Preview& preview,
                       const SubscriptionCommand& command, const std::string& billed) {
    const bool kept = billed == preview.facts;
    const auto outcome = kept ? PreviewState::Kept : PreviewState::Broken;
    if (!mark_preview_compared(tx, preview.id, outcome)) return;
    const auto subscription = load_subscription(tx, preview.subscription);
    record(tx,
           {.at = billing.clock.now(),
            .actor = command.actor,
            .action = "preview." + std::string(to_text(outcome)),
            .object_id = preview.subscription.text(),
            .customer = subscription ? subscription->customer.text() : "",
            .request_id = command.request_id,
            .detail =
                Json{{"preview", preview.id.text()}, {"shown", preview.facts}, {"billed", billed}}},
           billing.ids);
}

}  // namespace

std::string billing_facts(const ProviderInvoice& invoice) {
    std::vector<std::string> lines;
    for (const auto& line : invoice.lines)
        lines.push_back(
            to_text(Json{line.amount.minor(), line.quantity, line.proration,
                         unix_seconds(line.period.start), unix_seconds(line.period.end)}));
    std::ranges::sort(lines);
    return to_text(Json{{"currency", to_text(invoice.total.currency())},
                        {"total", invoice.total.minor()},
                        {"lines", lines}});
}

asio::awaitable<Result<ShownPreview>> preview_change(BillingContext& billing,
                                                     PreviewedChange change) {
    const Instant now = billing.clock.now();
    const auto planned = co_await billing.db.read(
        [&](sql::Transaction& tx) { return plan_preview(tx, billing, change); });
    if (!planned) co_return failure(planned);
    const Instant prorated_at = std::max(planned->now, planned->subscription.period.start);
    Preview preview{.id = billing.ids.make<PreviewId>(now),
                    .subscription = change.subscription,
                    .price = change.price,
                    .quantity = planned->quantity,
                    .invoices_now = planned->invoices_now,
                    .proration_date = from_unix_seconds(unix_seconds(prorated_at)),
                    .facts = "",
                    .expires_at = now + kPreviewLife,
                    .created_at = now};
    auto invoice = co_await ask_provider(billing, planned->subscription, preview);
    if (!invoice) co_return failure(invoice);
    preview.facts = billing_facts(*invoice);
    co_await billing.db.write([&](sql::Transaction& tx) {
        insert_preview(tx, preview);
        return true;
    });
    co_return ShownPreview{std::move(preview), *std::move(invoice)};
}

asio::awaitable<Result<ProviderInvoice>> preview_subscription(BillingContext& billing,
                                                              NewSubscriptionPreview request) {
    const auto customer = co_await ensure_provider_customer(billing, request.customer);
    if (!customer) co_return failure(customer);
    const auto price = co_await ensure_provider_price(billing, request.price);
    if (!price) co_return failure(price);
    StartPreview wanted{*customer, *price, request.quantity, request.trial_days};
    co_return co_await billing.provider.preview_start(std::move(wanted));
}

asio::awaitable<Result<std::monostate>> check_preview(BillingContext& billing, PreviewId id,
                                                      PreviewedChange change) {
    const Instant now = billing.clock.now();
    const auto preview =
        co_await billing.db.read([&](sql::Transaction& tx) { return load_preview(tx, id); });
    if (!preview) co_return failure(preview);
    if (preview->subscription != change.subscription || preview->price != change.price)
        co_return preview_outdated("the preview is of another change");
    if (preview->state != PreviewState::Open || preview->expires_at <= now)
        co_return preview_outdated("the preview was used or has expired");
    const auto planned = co_await billing.db.read(
        [&](sql::Transaction& tx) { return plan_preview(tx, billing, change); });
    if (!planned) co_return failure(planned);
    const auto theirs =
        co_await billing.provider.get_subscription(*planned->subscription.provider_subscription_id);
    if (!theirs) co_return failure(theirs);
    const auto fresh = co_await ask_provider(billing, planned->subscription, *preview);
    // What cannot be shown any more, such as a proration in a period that is over, is outdated.
    const bool gone = !fresh && fresh.error().reason.text() == "payment.refused";
    if (!fresh && !gone) co_return failure(fresh);
    if (gone || planned->quantity != preview->quantity ||
        planned->invoices_now != preview->invoices_now || billing_facts(*fresh) != preview->facts)
        co_return preview_outdated("the change would be billed otherwise now");
    co_await billing.db.write([&](sql::Transaction& tx) {
        note_invoice_before(tx, id, theirs->latest_invoice);
        return true;
    });
    co_return std::monostate{};
}

Result<std::monostate> use_preview(sql::Transaction& tx, const PreviewId& id,
                                   const SubscriptionCommand& command, Instant now) {
    if (command.kind != CommandKind::Change)
        return preview_outdated("the preview is of a change at once");
    if (!mark_preview_used(tx, id, command.id, now))
        return preview_outdated("the preview was used or has expired");
    return std::monostate{};
}

asio::awaitable<void> compare_with_preview(BillingContext& billing,
                                           const SubscriptionCommand& command,
                                           const ProviderSubscription& changed) {
    const auto preview = co_await billing.db.read(
        [&](sql::Transaction& tx) { return find_preview_of_command(tx, command.id); });
    if (!preview || preview->state != PreviewState::Used) co_return;
    const auto invoice = co_await billed_for(billing, *preview, changed);
    if (!invoice) {
        spdlog::warn("event=preview.not_compared preview={} reason={} message=\"{}\"",
                     preview->id.text(), invoice.error().reason.text(), invoice.error().message);
        co_return;
    }
    const std::string billed = billing_facts(*invoice);
    if (billed != preview->facts)
        spdlog::error("event=preview.broken preview={} subscription={} shown={} billed={}",
                      preview->id.text(), preview->subscription.text(), preview->facts, billed);
    co_await billing.db.write([&](sql::Transaction& tx) {
        record_comparison(tx, billing, *preview, command, billed);
        return true;
    });
}

}  // namespace turnpike
