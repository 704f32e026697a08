#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/time.h"
#include "sandbox/razorpay/context.h"
#include "sandbox/razorpay/invoices.h"
#include "sandbox/razorpay/payments.h"
#include "sandbox/razorpay/subscription_state.h"
#include "subscriptions/billing_period.h"

/// What happens to a subscription. Private members: _instrument (how it is paid), _anchor (when its
/// cycles begin to count), _index (of the running cycle from there), _cycles (begun in all),
/// _invoice (that is being collected), _payment (the last one that was tried), _cancels (at the
/// cycle's end), _scheduled (an update).
namespace turnpike::twin::razorpay {

/// Addons of one subscription over its life.
inline constexpr std::int64_t kAddonsMax = 100;
inline constexpr std::int64_t kQuantityMax = 100'000;
/// A subscription lasts for a hundred years at most; a cycle is never shorter than a week.
inline constexpr std::int64_t kCyclesMax = 5'200;

/// More cycles of this plan than a hundred years have.
Refusal too_many_cycles(const Json& plan, const std::string& field);

State state_of(const Json& subscription);
/// Sets the status; the move must be one of the machine's. Not stored.
void move_to_next_state(Json& subscription, Trigger trigger);

/// Stores it, and when the engine must look at it again.
void save_subscription(Context& ctx, const Json& subscription);

/// Sets end_at, remaining_count and, when the first cycle lies ahead, charge_at.
void set_outlook(Json& subscription, const Json& plan);

/// The engine's step at the time that save_subscription has set. Raises events.
void step_subscription(Context& ctx, Json subscription);

/// A person's authorisation of a created subscription; or, of a pending or halted one, of another
/// instrument. A pending one's open invoice is collected with it at once; those that a halted one
/// has missed are not. Returns the payment, which may have failed: then nothing has changed but
/// that it was tried. Not for other states.
Json authorise(Context& ctx, Json subscription, const Instrument& instrument,
               const std::string& email);

/// What authorise() would take at once.
struct DueNow {
    std::vector<InvoiceLine> lines{};
    std::int64_t amount = 0;
    bool is_given_back = false;  ///< it only proves the instrument; there are no lines
};
/// Of a created, pending or halted subscription.
DueNow due_now(Context& ctx, const Json& subscription);

/// A person's payment of one open invoice of a pending or halted subscription.
Json pay_open_invoice(Context& ctx, Json subscription, Json invoice, const Instrument& instrument);

/// Ends it now: cancelled, completed or expired.
void end_subscription(Context& ctx, Json& subscription, Trigger trigger);

/// Its plan; always there, as plans cannot be deleted.
Json plan_of(Context& ctx, const Json& subscription);
/// The running cycle. Only while current_start is set.
Period current_cycle(const Json& subscription);

std::span<const Route> subscription_routes();
std::span<const Route> subscription_change_routes();
std::span<const Route> addon_routes();

}  // namespace turnpike::twin::razorpay
