#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/id.h"
#include "base/time.h"

/// What a subscription can be asked for in its life, in the port's words (provider.h says what an
/// obligation is and which errors there are).
namespace turnpike {

/// As the provider has it; behaviours are Stripe's words.
struct ProviderPause {
    std::string behavior;  ///< "void"
    std::optional<Instant> resumes_at{};
};
/// What the provider will sell from `at` on.
struct ProviderPlannedChange {
    std::string price;
    std::int64_t quantity = 1;
    Instant at;
};

/// OrNothing: there is no subscription, or no change, unless it is paid at once. MayWait: what is
/// not paid at once can be paid on the invoice's page for 23 hours; until then a new subscription
/// is incomplete, and a change has no effect.
enum class FirstPayment : bool { OrNothing, MayWait };
struct NewSubscription {
    SubscriptionId subscription;
    std::string obligation;
    std::string customer, price, payment_method;  ///< provider's ids
    std::int64_t quantity = 1;
    /// A trial until then; with what becomes of it when there is nothing to charge.
    std::optional<Instant> trial_end{};
    std::string trial_end_behavior{};
    FirstPayment first_payment = FirstPayment::OrNothing;
    /// The first period begins then, and nothing is charged before; nullopt: at once. In whole
    /// seconds. Where the customer has to authorise it, no later than an hour before. Not with a
    /// trial.
    std::optional<Instant> begins_at{};
};

/// Now: an invoice for the proration at once, and no change unless it is paid (upgrades).
/// NextInvoice: the credit waits for the next invoice (downgrades).
enum class ProrationBilling : bool { Now, NextInvoice };
struct SubscriptionChange {
    std::string obligation;
    std::string subscription, item, price;  ///< provider's ids; the new price
    ProrationBilling billing = ProrationBilling::Now;
    std::int64_t quantity = 1;
    FirstPayment payment = FirstPayment::OrNothing;  ///< of ProrationBilling::Now
    std::optional<Instant> proration_date{};         ///< whole seconds; without: when it is made
};
/// From the end of the running period on, and nothing is prorated.
struct SubscriptionPlan {
    std::string obligation;
    std::string subscription, price;  ///< provider's ids
    std::int64_t quantity = 1;
};

/// Never: keep it after all.
enum class CancelWhen : std::uint8_t { Now, AtPeriodEnd, OnDate, Never };
struct SubscriptionCancel {
    std::string obligation;
    std::string subscription;
    CancelWhen when = CancelWhen::AtPeriodEnd;
    std::optional<Instant> at{};  ///< OnDate
    std::optional<std::string> comment{}, feedback{};
};

struct TrialEnd {
    std::string obligation;
    std::string subscription;
    std::optional<Instant> at{};  ///< absent: now, and what is due is paid or nothing happens
};

struct SubscriptionPause {
    std::string obligation;
    std::string subscription;
    ProviderPause pause;
};

/// What not every provider can do.
enum class Ability : std::uint8_t {
    TrialEndBehaviors,  ///< pause and create_invoice
    EndTrialNow,
    EndOnDate,
    TakeBackEnd,
    PauseWithInvoices,  ///< keep_as_draft and mark_uncollectible
    ResumeOnDate,
    ListDisputes,  ///< not only read those that are known
};

}  // namespace turnpike
