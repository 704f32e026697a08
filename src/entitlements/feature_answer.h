#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "catalog/catalog.h"
#include "entitlements/decision.h"
#include "entitlements/standing.h"

namespace turnpike {

/// One answer to "may this customer use this feature?", of one that is no meter.
struct FeatureAnswer {
    enum class Reason : std::uint8_t {
        Included,
        NotInPlan,      ///< off, an empty text, or a capacity of 0
        LimitExceeded,  ///< so many more do not fit beside those that are there
    };
    bool allowed = false;
    Reason reason = Reason::NotInPlan;
    FeatureValue value;
    bool is_overridden = false;          ///< the value is the customer's own, not the plan's
    std::optional<Instant> expires_at;   ///< of the override; of the customer's time
    std::int64_t current_count = 0;      ///< of a capacity
    std::optional<UpgradeHint> upgrade;  ///< the lowest plan above that would allow it; when denied
};
std::string_view to_text(FeatureAnswer::Reason reason);  ///< "included"

/// What is asked of a feature. `requested` and `current_count` mean something for capacities only.
struct FeatureQuestion {
    const Feature& feature;
    std::int64_t requested = 1;
    std::int64_t current_count = 0;
    Instant now;  ///< of the customer: customer_now()
};

/// Pure.
FeatureAnswer answer_feature(const Standing& standing, const Catalog& catalog,
                             const FeatureQuestion& question);

}  // namespace turnpike
