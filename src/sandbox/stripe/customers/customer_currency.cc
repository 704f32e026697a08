#include "sandbox/stripe/customers/customer_currency.h"

#include <optional>
#include <utility>

#include "sandbox/stripe/wire/billing_document.h"

namespace turnpike::twin {
namespace {

/// The account's: of what nobody has said otherwise.
constexpr std::string_view kAccountCurrency = "usd";

std::string last_currency(Context& ctx, const std::string& customer) {
    const auto found = ctx.look("customer", customer);
    std::string last = found ? text_of(*found, "currency") : "";
    return last.empty() ? std::string(kAccountCurrency) : last;
}

/// A subscription of the customer that has not ended, most often the newest.
std::optional<Json> running_subscription(Context& ctx, const std::string& customer) {
    Context::Slice slice{.limit = 4};
    for (;;) {
        auto some = ctx.slice("subscription", {.customer = customer}, slice);
        for (auto& [sequence, subscription] : some)
            if (!is_ended(subscription)) return std::move(subscription);
        if (some.empty()) return std::nullopt;
        slice.cursor = some.back().sequence;
    }
}

/// "" when nothing binds the customer to a currency.
std::string bound_currency(Context& ctx, const std::string& customer) {
    if (const auto running = running_subscription(ctx, customer))
        return text_of(*running, "currency");
    const auto waiting = ctx.list("invoiceitem", {.parent = pending_parent(customer)});
    if (!waiting.empty()) return text_of(waiting.front(), "currency");
    const auto found = ctx.look("customer", customer);
    const bool owes = found && integer_of(*found, "balance") != 0;
    return owes ? last_currency(ctx, customer) : "";
}

}  // namespace

std::optional<StripeError> check_customer_currency(Context& ctx, const std::string& customer,
                                                   const std::string& currency) {
    const std::string bound = bound_currency(ctx, customer);
    if (bound.empty() || bound == currency) return std::nullopt;
    StripeError error;
    error.message =
        "You cannot combine currencies on a single customer. This customer has an active "
        "subscription, subscription schedule, discount, quote, or invoice item with currency " +
        bound + ".";
    return error;
}

std::string default_currency(Context& ctx, const std::string& customer) {
    if (const std::string bound = bound_currency(ctx, customer); !bound.empty()) return bound;
    return last_currency(ctx, customer);
}

std::string pending_parent(const std::string& customer) { return "pending:" + customer; }

}  // namespace turnpike::twin
