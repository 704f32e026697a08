#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/id.h"
#include "base/time.h"

namespace turnpike {

using FindingId = Id<"fnd">;

enum class FindingKind : std::uint8_t {
    Expiring,
    TrialEnding,
    CardExpiring,
    PaymentFailing,
    WebhookBacklog,
    Drift,
    LateAction
};
inline constexpr auto kFindingKinds = std::to_array<FindingKind>(
    {FindingKind::Expiring, FindingKind::TrialEnding, FindingKind::CardExpiring,
     FindingKind::PaymentFailing, FindingKind::WebhookBacklog, FindingKind::Drift,
     FindingKind::LateAction});
std::string_view to_text(FindingKind kind);  ///< "card_expiring"
std::optional<FindingKind> parse_finding_kind(std::string_view text);

/// Something that is so now, and that somebody should look at.
struct Observation {
    FindingKind kind = FindingKind::Expiring;
    std::string object;  ///< our id of it, a provider's name, an action's: docs/monitoring.md
    /// What of the object: the date that it is about. "": it is an incident, from when it was first
    /// seen until it is over, and the next one is another.
    std::string period;
    std::string reason;                  ///< "cancel_at_period_end"
    std::string facts;                   ///< the numbers, as JSON text
    std::string subscription, customer;  ///< ids; "" where it is about none
    std::string catalog;                 ///< the customer's; "" where it is about none
    friend bool operator==(const Observation&, const Observation&) = default;
};

/// An observation that is written down: once for each kind, object and period.
struct Finding {
    FindingId id;
    Observation what;  ///< as it was seen last
    Instant opened_at;
    std::optional<Instant> closed_at{};
};

/// How many are open, of each kind that has any.
using OpenFindings = std::map<FindingKind, std::int64_t>;

/// What must be written so that what is open is what is seen.
struct Settlement {
    struct Change {
        FindingId id;
        Observation what;
    };
    std::vector<Finding> over;
    std::vector<Change> changed;  ///< other numbers, or another reason
    std::vector<Observation> fresh;

    [[nodiscard]] bool is_empty() const { return over.empty() && changed.empty() && fresh.empty(); }
};
/// \param seen  at most one of each kind and object
/// \param open  of the kinds and objects that were looked for
Settlement settle(const std::vector<Observation>& seen, const std::vector<Finding>& open);

}  // namespace turnpike
