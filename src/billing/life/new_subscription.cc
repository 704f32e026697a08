#include "billing/life/new_subscription.h"

#include <algorithm>
#include <utility>

#include "payments/card_refusals.h"

namespace turnpike {

asio::awaitable<Result<BroughtCard>> attach_brought_card(BillingContext& billing, BringCard bring) {
    using Consent = BillingTraits::Consent;
    const auto& named = bring.method;
    const bool is_authorized_there =
        billing.provider.traits().consent == Consent::AuthorizationPage;
    if (is_authorized_there && !named) co_return BroughtCard{};
    // What is on file says something at the first run only. A later one may find the card that the
    // first has attached, or miss the card that the first was charged to.
    bool was_on_file = true;
    if (bring.attempt == Attempt::First && !is_authorized_there) {
        const auto before = co_await billing.provider.list_payment_methods(bring.customer);
        if (!before) co_return failure(before);
        const bool must_pay = bring.needed == BringCard::Needed::Now;
        if (must_pay && !named && std::ranges::none_of(*before, &PaymentMethodOnFile::is_default))
            co_return invalid_argument(kMethodRequired,
                                       "there is no card to charge; make one the default first, "
                                       "or name it");
        was_on_file =
            named && std::ranges::find(*before, *named, &PaymentMethodOnFile::id) != before->end();
    }
    if (!named) co_return BroughtCard{};
    const auto attached = co_await billing.provider.attach_payment_method(
        std::move(bring.obligation), bring.customer, *named);
    if (!attached) co_return failure(attached);
    co_return BroughtCard{attached->id, was_on_file};
}

bool may_be_open(const Error& error) {
    return error.code == ErrorCode::OutcomeUnknown || error.code == ErrorCode::Unavailable;
}

}  // namespace turnpike
