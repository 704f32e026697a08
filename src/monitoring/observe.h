#pragma once

#include <array>
#include <chrono>
#include <span>
#include <string_view>
#include <vector>

#include "monitoring/due_actions.h"
#include "monitoring/finding.h"
#include "sql/sql.h"

namespace turnpike {

/// From when on something is worth a finding.
struct MonitorRule {
    std::chrono::days ahead{7};  ///< ends and trials
    /// Until the next charge, for cards that will not be good any more.
    std::chrono::days card_ahead{35};
    std::chrono::seconds webhook_waits{600};  ///< the oldest event that is not applied
    std::chrono::seconds late_after{900};     ///< of due actions
};

/// The reason of a FindingKind::CardExpiring whose card is not good any more.
inline constexpr std::string_view kCardExpired = "card_expired";

/// What observe() looks for: every kind but drift, which reconciliation finds.
inline constexpr auto kObservedKinds = std::to_array<FindingKind>(
    {FindingKind::Expiring, FindingKind::TrialEnding, FindingKind::CardExpiring,
     FindingKind::PaymentFailing, FindingKind::WebhookBacklog, FindingKind::LateAction});

/// All that is so at `now`. Only reads.
/// \param lags  as measured a moment ago
std::vector<Observation> observe(sql::Transaction& tx, const MonitorRule& rule,
                                 std::span<const ActionLag> lags, Instant now);

}  // namespace turnpike
