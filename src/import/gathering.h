#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"
#include "import/foreign_customer.h"
#include "import/text_table.h"

namespace turnpike {

/// Puts the rows of a source together by customer, and says what is wrong with them. Pure.
class Gathering {
public:
    /// \param now  nobody was created later
    explicit Gathering(Instant now) : now_(now) {}

    /// The customer that the row names in this column: one of before, or a new one.
    ForeignCustomer& customer(const TextTable& table, const TextTable::Row& row,
                              std::string_view column);
    /// Takes "email", "name" and "created_at" over, where earlier rows did not have them.
    void take_facts(ForeignCustomer& customer, const TextTable& table, const TextTable::Row& row);
    /// Takes "quantity", the status and the period over.
    void take_state(ForeignCustomer& customer, ForeignSubscription& subscription,
                    const TextTable& table, const TextTable::Row& row);
    /// A subscription that another row has named already is a note; of another customer, nobody
    /// knows whose it is, and both are refused.
    void take_subscription(ForeignCustomer& customer, ForeignSubscription subscription);
    void remark(Remark::Kind kind, std::string_view code, std::string_view place,
                std::string_view detail);

    /// With what can only be seen when all rows are there: of customers with one address the first
    /// stays, and addresses that look alike are noted.
    ForeignLedger finish();

private:
    void compare_addresses();

    Instant now_;
    ForeignLedger ledger_;
    std::map<std::string, std::size_t, std::less<>> by_name_;            ///< index of a customer
    std::map<std::pair<std::string, std::string>, std::size_t> claims_;  ///< by provider and id
};

/// Whether a status says that a subscription is over; nullopt for a word that nobody knows. Knows
/// those of both providers, in either spelling of canceled.
std::optional<bool> says_ended(std::string_view status);

}  // namespace turnpike
