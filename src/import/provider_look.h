#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>

#include "billing/provider/contexts.h"
#include "import/foreign_customer.h"
#include "payments/provider.h"

namespace turnpike {

/// A subscription that is to be taken over, as its provider shows it.
struct FoundSubscription {
    BillingContext* at = nullptr;
    const ForeignSubscription* said = nullptr;
    ProviderSubscription theirs{};
    ProviderPrice price{};
    std::optional<std::int64_t> ticket{};  ///< absent where nothing is written
};

/// Asks the providers for what a source names, and holds the one against the other. Of one import.
class ProviderLook {
public:
    enum class Tickets : bool { None, Taken };
    ProviderLook(BillingContexts& billing, Tickets tickets)
        : billing_(billing), tickets_(tickets) {}

    /// \return nullopt: there is nothing to take over. Either `customer` is refused now, or the
    ///         subscription has ended, which a remark says.
    /// Errors: those of PaymentProvider, but that there is no such object.
    asio::awaitable<Result<std::optional<FoundSubscription>>> look(ForeignCustomer& customer,
                                                                   const ForeignSubscription& said);

private:
    asio::awaitable<Result<std::optional<ProviderPrice>>> price_of(BillingContext& at,
                                                                   const std::string& id);
    void compare(ForeignCustomer& customer, const FoundSubscription& found);

    BillingContexts& billing_;
    const Tickets tickets_;
    /// By provider and its id; nullopt: there is none.
    std::map<std::pair<std::string, std::string>, std::optional<ProviderPrice>> prices_;
    /// Whose a provider's customer is, in this source.
    std::map<std::pair<std::string, std::string>, std::string> owners_;
};

}  // namespace turnpike
