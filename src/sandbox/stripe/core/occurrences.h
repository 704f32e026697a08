#pragma once

#include <string_view>

/// What happens to an object, told to the features that listen (EventListener::types) with the
/// object as stored, and before the events that Stripe raises for it. They are no events: only
/// features hear of them.
namespace turnpike::twin {

/// A PaymentIntent was confirmed or canceled by a client, not to collect an invoice.
inline constexpr std::string_view kPaymentIntentChanged = "sandbox.payment_intent.changed";
/// The bank has answered a debit: the PaymentIntent succeeded, or requires another payment method.
inline constexpr std::string_view kDebitAnswered = "sandbox.payment_intent.debit_answered";
/// A subscription's renewal is to be announced.
inline constexpr std::string_view kRenewalNears = "sandbox.subscription.renewal_nears";
/// A request set the discounts of a subscription or of its items, or took them away; told when its
/// events are raised.
inline constexpr std::string_view kDiscountsSet = "sandbox.subscription.discounts_set";

/// Its payment is a debit on its way to the bank.
inline constexpr std::string_view kInvoiceProcessing = "sandbox.invoice.processing";
inline constexpr std::string_view kInvoicePaid = "sandbox.invoice.paid";
/// A payment failed or waits for the cardholder, or nobody tries to collect. Listeners hear of
/// kCollectionFailed too.
inline constexpr std::string_view kInvoiceUnpaid = "sandbox.invoice.unpaid";
/// The same, of a payment that was tried without being asked for.
inline constexpr std::string_view kCollectionFailed = "sandbox.invoice.unpaid.collection_failed";
/// Its due date has passed.
inline constexpr std::string_view kInvoicePastDue = "sandbox.invoice.past_due";
/// Voided or marked uncollectible.
inline constexpr std::string_view kInvoiceClosed = "sandbox.invoice.closed";
/// Marked uncollectible by a request.
inline constexpr std::string_view kInvoiceWrittenOff = "sandbox.invoice.written_off";

}  // namespace turnpike::twin
