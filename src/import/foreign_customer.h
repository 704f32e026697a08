#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/money.h"
#include "base/time.h"

namespace turnpike {

/// What is to be said of one row. What is refused takes its whole customer along; a note does not.
struct Remark {
    enum class Kind : std::uint8_t { Note, Refused };
    Kind kind = Kind::Note;
    std::string code;   ///< docs/import.md has all of them
    std::string place;  ///< as TextTable::Row has it
    std::string detail{};
    friend bool operator==(const Remark&, const Remark&) = default;
};
/// Fit to be printed, whatever the source has written.
Remark make_remark(Remark::Kind kind, std::string_view code, std::string_view place,
                   std::string_view detail);

/// One row's word about a subscription. Its provider knows better.
struct ForeignSubscription {
    std::string place;
    std::string provider;
    std::string provider_id;
    std::optional<std::string> provider_customer{};
    std::optional<std::string> plan{};  ///< key of one of ours
    std::optional<std::string> status{};
    bool has_ended = false;  ///< as `status` says
    std::optional<Period> period{};
    std::optional<std::int64_t> quantity{};
    std::optional<Money> amount{};  ///< the price of one
};

/// What was counted in one period.
struct ForeignUsage {
    std::string place;
    std::string meter;
    std::int64_t used = 0;
    Period period;
};

/// A plan that a row names without saying who bills it: right for the default plan only.
struct UnbilledPlan {
    std::string place;
    std::string plan;
};

struct ForeignCustomer {
    std::string external_id;
    std::string place;  ///< of the first row that names it
    std::string catalog{};
    std::optional<std::string> email{}, name{};
    std::optional<Instant> created_at{};
    std::vector<ForeignSubscription> subscriptions{};
    std::vector<UnbilledPlan> unbilled{};
    std::vector<ForeignUsage> usage{};
    std::vector<Remark> remarks{};
    bool is_refused = false;
    /// What was refused when it was read, and is in neither list above.
    std::int64_t unread_subscriptions = 0, unread_usage = 0;

    /// Said once where it was the last thing said.
    void note(std::string_view code, std::string_view where, std::string_view detail = {});
    void refuse(std::string_view code, std::string_view where, std::string_view detail = {});
    /// With the subscription that its row would have been.
    void refuse_subscription(std::string_view code, std::string_view where,
                             std::string_view detail = {});
};

/// All of a source, by customer, in the order in which they are named first.
struct ForeignLedger {
    std::vector<ForeignCustomer> customers;
    std::vector<Remark> remarks;  ///< about no customer: tables and columns that nobody reads
    std::size_t rows = 0;
};

}  // namespace turnpike
