#include "entitlements/feature_answer.h"

#include "base/check.h"
#include "entitlements/features.h"
#include "entitlements/upgrade_hint.h"

namespace turnpike {
namespace {

bool allows(const FeatureValue& value, const FeatureQuestion& question) {
    const auto* capacity = std::get_if<Capacity>(&value);
    if (capacity == nullptr) return is_on(value);
    return !capacity->limit || question.current_count + question.requested <= *capacity->limit;
}

/// The lowest plan above this one that would allow what is asked.
std::optional<UpgradeHint> upgrade_that_allows(const Standing& standing, const Catalog& catalog,
                                               const FeatureQuestion& question) {
    const PlanVersion* next = catalog.next_above(*standing.plan);
    for (; next != nullptr; next = catalog.next_above(*next)) {
        const FeatureValue* value = next->feature(question.feature.key);
        if (value == nullptr || !allows(*value, question)) continue;
        return hint_of(*next, standing.currency);
    }
    return std::nullopt;
}

}  // namespace

std::string_view to_text(FeatureAnswer::Reason reason) {
    switch (reason) {
        case FeatureAnswer::Reason::Included: return "included";
        case FeatureAnswer::Reason::NotInPlan: return "not_in_plan";
        case FeatureAnswer::Reason::LimitExceeded: return "limit_exceeded";
    }
    check(false, "every reason has a text");
    return {};
}

FeatureAnswer answer_feature(const Standing& standing, const Catalog& catalog,
                             const FeatureQuestion& question) {
    FeatureAnswer answer;
    answer.value = feature_value(standing, question.feature, question.now);
    answer.current_count = question.current_count;
    if (const auto* own = override_of(standing, question.feature.key, question.now)) {
        answer.is_overridden = true;
        answer.expires_at = own->expires_at;
    }
    answer.allowed = allows(answer.value, question);
    using enum FeatureAnswer::Reason;
    if (answer.allowed)
        answer.reason = Included;
    else
        answer.reason = is_on(answer.value) ? LimitExceeded : NotInPlan;
    if (!answer.allowed) answer.upgrade = upgrade_that_allows(standing, catalog, question);
    return answer;
}

}  // namespace turnpike
