#include "monitoring/finding.h"

#include <gtest/gtest.h>

namespace turnpike {
namespace {

Observation seen(FindingKind kind, const std::string& object, const std::string& period,
                 const std::string& facts = "{}") {
    Observation what;
    what.kind = kind;
    what.object = object;
    what.period = period;
    what.facts = facts;
    return what;
}
Finding written(const std::string& id, Observation what) {
    return {FindingId::trusted(id), std::move(what), Instant{}};
}

TEST(Settlement, OpensClosesAndChangesWhatDiffers) {
    using enum FindingKind;
    const std::vector<Finding> open = {
        written("fnd_stays", seen(Expiring, "sub_1", "2026-03-09")),
        written("fnd_over", seen(Expiring, "sub_2", "2026-03-09")),
        written("fnd_owes_more", seen(PaymentFailing, "sub_1", "2026-03-01", R"({"due":1})")),
        written("fnd_of_march", seen(CardExpiring, "sub_3", "2026-03-20")),
        written("fnd_incident", seen(WebhookBacklog, "stripe", "2026-03-02T00:00:00Z")),
    };
    const auto settlement = settle(
        {
            seen(Expiring, "sub_1", "2026-03-09"),
            seen(PaymentFailing, "sub_1", "2026-03-01", R"({"due":2})"),
            seen(CardExpiring, "sub_3", "2026-04-20"),
            seen(WebhookBacklog, "stripe", ""),
            seen(WebhookBacklog, "razorpay", ""),
        },
        open);

    std::vector<std::string> over;
    for (const auto& finding : settlement.over) over.push_back(finding.id.text());
    // Another period is another finding, and the one before is over.
    EXPECT_EQ(over, (std::vector<std::string>{"fnd_over", "fnd_of_march"}));
    ASSERT_EQ(settlement.changed.size(), 1);
    EXPECT_EQ(settlement.changed[0].id.text(), "fnd_owes_more");
    EXPECT_EQ(settlement.changed[0].what.facts, R"({"due":2})");
    ASSERT_EQ(settlement.fresh.size(), 2);
    EXPECT_EQ(settlement.fresh[0].period, "2026-04-20");
    EXPECT_EQ(settlement.fresh[1].object, "razorpay");
    EXPECT_TRUE(settle({seen(WebhookBacklog, "stripe", "")}, {open.back()}).is_empty());
}

TEST(FindingKinds, AreReadAsTheyAreWritten) {
    for (const auto kind : kFindingKinds) EXPECT_EQ(parse_finding_kind(to_text(kind)), kind);
    EXPECT_EQ(parse_finding_kind("expired"), std::nullopt);
}

}  // namespace
}  // namespace turnpike
