#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "sandbox/chaos/misfortune.h"
#include "sandbox/deliveries.h"
#include "sql/sql.h"

namespace turnpike::twin {

/// A webhook that leaves now, and what befalls it on its way.
struct Sending {
    Delivery delivery;
    std::optional<ChaosRule> misfortune{};
};

/// Where webhooks go, and what only their provider can read.
struct Mailbox {
    std::string endpoint;
    std::string url;                                      ///< "" when it is not known
    std::function<std::string(const Delivery&)> type_of;  ///< "invoice.paid"
};

/// What leaves for one endpoint at `now`, side by side; mostly one. Empty: nothing is due, or what
/// is due is held back for a while. What is dropped is given up here. Each decision is a row.
std::vector<Sending> next_sendings(sql::Transaction& tx, const ChaosPlan& plan,
                                   const Mailbox& mailbox, Instant now);

}  // namespace turnpike::twin
