#include "monitoring/finding.h"

#include <map>
#include <utility>

#include "base/check.h"

namespace turnpike {

std::string_view to_text(FindingKind kind) {
    switch (kind) {
        case FindingKind::Expiring: return "expiring";
        case FindingKind::TrialEnding: return "trial_ending";
        case FindingKind::CardExpiring: return "card_expiring";
        case FindingKind::PaymentFailing: return "payment_failing";
        case FindingKind::WebhookBacklog: return "webhook_backlog";
        case FindingKind::Drift: return "drift";
        case FindingKind::LateAction: return "late_action";
    }
    check(false, "an unknown kind of finding");
    return "";
}

std::optional<FindingKind> parse_finding_kind(std::string_view text) {
    for (const auto kind : kFindingKinds)
        if (to_text(kind) == text) return kind;
    return std::nullopt;
}

Settlement settle(const std::vector<Observation>& seen, const std::vector<Finding>& open) {
    std::map<std::pair<FindingKind, std::string_view>, const Finding*> left;
    for (const Finding& finding : open)
        left.emplace(std::pair(finding.what.kind, std::string_view(finding.what.object)), &finding);
    Settlement settlement;
    for (const Observation& what : seen) {
        const auto found = left.find({what.kind, what.object});
        const bool is_the_same = found != left.end() &&
                                 (what.period.empty() || what.period == found->second->what.period);
        if (!is_the_same) {
            settlement.fresh.push_back(what);
            continue;
        }
        const Finding& known = *found->second;
        left.erase(found);
        if (known.what.facts == what.facts && known.what.reason == what.reason) continue;
        settlement.changed.push_back({known.id, what});
        settlement.changed.back().what.period = known.what.period;
    }
    for (const auto& [key, finding] : left) settlement.over.push_back(*finding);
    return settlement;
}

}  // namespace turnpike
