#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "sql/sql.h"

namespace turnpike::twin {

struct InspectedAccount {
    std::string id;
    std::string key;  ///< what of its key may be shown: "sk_test_…abcd"; "" where that is unknown
};

struct InspectedEvent {
    std::int64_t sequence = 0;  ///< rises with each event
    std::string id;
    std::string type;
    Instant created;
};

/// A clock that people move.
struct InspectedClock {
    std::string id;
    std::string name;  ///< "" if it has none
    Instant now;
    std::string state;  ///< "ready", "advancing" (it is on its way), ...
};

/// What a provider's twin tells the inspector, which knows no provider: objects and deliveries it
/// reads itself. Called in a transaction, of which advance_clock() alone changes anything.
class Inspected {
public:
    virtual ~Inspected() = default;

    /// "Stripe"
    [[nodiscard]] virtual std::string provider() const = 0;
    /// How to reach the API, as HTML whose samples run as they are. `host` as the visitor wrote it:
    /// "localhost:12111".
    [[nodiscard]] virtual std::string introduction(const std::string& host) const = 0;

    /// Every account, oldest first.
    virtual std::vector<InspectedAccount> accounts(sql::Transaction& tx) = 0;
    /// Newest first; `before`: those of a lower sequence.
    virtual std::vector<InspectedEvent> events(sql::Transaction& tx, std::string_view account,
                                               std::optional<std::int64_t> before,
                                               std::int64_t limit) = 0;
    /// An event as JSON text.
    virtual std::optional<std::string> event_body(sql::Transaction& tx, std::string_view account,
                                                  std::string_view id) = 0;
    virtual std::vector<InspectedClock> clocks(sql::Transaction& tx, const std::string& account,
                                               Instant now) = 0;
    /// Starts to move a clock. Returns why not, for people; "" when it moves.
    virtual std::string advance_clock(sql::Transaction& tx, const std::string& account,
                                      const std::string& clock, Instant to, Instant now) = 0;
};

}  // namespace turnpike::twin
