#include "monitoring/drift.h"

#include <algorithm>

#include "json/value.h"
#include "monitoring/finding_store.h"

namespace turnpike {
namespace {

// The subscription that the provider's id names, or whose invoice it is.
constexpr std::string_view kOwner = R"sql(
    SELECT s.id, c.id, c.catalog
      FROM subscriptions s JOIN customers c ON c.id = s.customer_id
     WHERE s.provider = $1 AND s.provider_subscription_id = $2
    UNION
    SELECT COALESCE(i.subscription_id, ''), c.id, c.catalog
      FROM invoices i JOIN customers c ON c.id = i.customer_id
     WHERE i.provider = $1 AND i.provider_invoice_id = $2
)sql";

std::string prefix_of(std::string_view provider) { return std::string(provider) + ":"; }

Observation observed(sql::Transaction& tx, std::string_view provider, const Drift& drift) {
    Observation what;
    what.kind = FindingKind::Drift;
    what.object = prefix_of(provider).append(drift.object).append(":").append(drift.field);
    what.reason = drift.field;
    what.facts = to_text(Json{{"provider", provider},
                              {"provider_object", drift.object},
                              {"field", drift.field},
                              {"in_ledger", drift.ledger},
                              {"at_provider", drift.provider},
                              {"repaired", drift.repaired}});
    const auto owner = tx.one(kOwner, {provider, drift.object});
    if (!owner) return what;
    what.subscription = owner->text(0);
    what.customer = owner->text(1);
    what.catalog = owner->text(2);
    return what;
}

}  // namespace

void record_drift(sql::Transaction& tx, std::string_view provider, const std::vector<Drift>& found,
                  Instant now, IdSource& ids) {
    std::vector<Finding> open = load_open_findings(tx, FindingKind::Drift);
    std::erase_if(open, [&](const Finding& finding) {
        return !finding.what.object.starts_with(prefix_of(provider));
    });
    const auto was_open = [&](const Observation& what) {
        return std::ranges::any_of(
            open, [&](const Finding& finding) { return finding.what.object == what.object; });
    };
    std::vector<Observation> seen;
    for (const Drift& drift : found) {
        const Observation what = observed(tx, provider, drift);
        if (!drift.repaired)
            seen.push_back(what);
        else if (!was_open(what))
            record_mended(tx, what, now, ids);
    }
    apply_settlement(tx, settle(seen, open), now, ids);
}

}  // namespace turnpike
