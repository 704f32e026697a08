#include "monitoring/card_letter.h"

#include <chrono>
#include <string>

#include "base/time_in_words.h"
#include "monitoring/observe.h"
#include "notices/letter.h"
#include "notices/notice.h"

namespace turnpike {
namespace {

constexpr std::string_view kCardOf = R"sql(
    SELECT s.customer_id, d.provider_method_id, d.last4, d.expires_at, s.period_end, p.name
      FROM subscriptions s
      JOIN plan_versions v ON v.id = s.plan_version_id
      JOIN plans p ON p.id = v.plan_id
      JOIN default_cards d ON d.customer_id = s.customer_id AND d.provider = s.provider
     WHERE s.id = $1 AND d.expires_at <= s.period_end
)sql";

}  // namespace

void write_card_letter(sql::Transaction& tx, const Observation& what, Instant now, IdSource& ids) {
    if (what.kind != FindingKind::CardExpiring) return;
    const auto row = tx.one(kCardOf, {what.subscription});
    if (!row) return;
    // The month of its expiry is over then.
    const Instant over = row->instant(3);
    LetterValues values{
        {"last4", row->text(2)}, {"day", day_in_words(row->instant(4))}, {"plan", row->text(5)}};
    if (what.reason == kCardExpired)
        values["not_good_since"] = day_in_words(over);
    else
        values["good_until"] = day_in_words(over - std::chrono::days(1));
    post_notice(
        tx,
        {.kind = "card_expiring",
         .obligation = "card:" + row->text(1) + ":expires:" + std::to_string(unix_micros(over)),
         .customer = row->id<CustomerId>(0),
         .values = std::move(values)},
        now, ids);
}

}  // namespace turnpike
