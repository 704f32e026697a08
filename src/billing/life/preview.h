#pragma once

#include <optional>
#include <string>
#include <vector>

#include "audit/audit.h"
#include "base/error.h"
#include "billing/provider/context.h"
#include "payments/preview.h"
#include "subscriptions/command.h"
#include "subscriptions/subscription.h"

namespace turnpike {

using PreviewId = Id<"prv">;

/// Open: nobody has relied on it. Used: a command changes, or has changed, the subscription so.
/// Kept and Broken: what the provider billed then was what was shown, or was not.
enum class PreviewState : std::uint8_t { Open, Used, Kept, Broken };
std::string_view to_text(PreviewState state);

/// What somebody was shown before a change, and which change that was.
struct Preview {
    PreviewId id;
    SubscriptionId subscription;
    PriceId price;
    std::int64_t quantity = 1;
    bool invoices_now = true;
    Instant proration_date;
    std::string facts;  ///< amounts, quantities and periods of the lines: billing_facts
    std::optional<std::string> invoice_before{};  ///< provider's id of the latest one
    std::optional<CommandId> command{};
    PreviewState state = PreviewState::Open;
    Instant expires_at;
    Instant created_at;
};

/// What is compared between what was shown and what is billed: everything about money, and nothing
/// that is words. The order of lines is no fact.
std::string billing_facts(const ProviderInvoice& invoice);

/// A change at once.
struct PreviewedChange {
    SubscriptionId subscription;
    PriceId price;
    std::optional<std::int64_t> quantity{};  ///< absent: as it is
};

struct ShownPreview {
    Preview preview;
    ProviderInvoice invoice;
};
/// What a change to this price would be billed as now. Whoever then changes with its id pays
/// exactly that, or nothing happens.
///
/// Errors: what the change would be refused with (commands.h); those of PaymentProvider.
asio::awaitable<Result<ShownPreview>> preview_change(BillingContext& billing,
                                                     PreviewedChange change);

/// The first invoice of a subscription that the customer has not got. Nothing is kept.
struct NewSubscriptionPreview {
    CustomerId customer;
    PriceId price;
    std::int64_t quantity = 1;
    std::int64_t trial_days = 0;
};
asio::awaitable<Result<ProviderInvoice>> preview_subscription(BillingContext& billing,
                                                              NewSubscriptionPreview request);

/// Whether the change that was shown would still be billed so.
/// Errors: Conflict "subscription.preview_outdated": not so, expired, used, or of another change.
asio::awaitable<Result<std::monostate>> check_preview(BillingContext& billing, PreviewId id,
                                                      PreviewedChange change);

/// The command relies on it, in the transaction that writes the command down.
/// Errors: Conflict "subscription.preview_outdated": also for another command than that change.
Result<std::monostate> use_preview(sql::Transaction& tx, const PreviewId& id,
                                   const SubscriptionCommand& command, Instant now);
std::optional<Preview> find_preview_of_command(sql::Transaction& tx, const CommandId& command);

/// The change has been made: compares what is billed with what was shown. What differs is on
/// record as "preview.broken", and in the log, for people to mend.
asio::awaitable<void> compare_with_preview(BillingContext& billing,
                                           const SubscriptionCommand& command,
                                           const ProviderSubscription& changed);

}  // namespace turnpike
