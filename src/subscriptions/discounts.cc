#include "subscriptions/discounts.h"

#include "base/check.h"
#include "json/write.h"
#include "sql/known_word.h"

namespace turnpike {
namespace {

constexpr std::string_view kLoadStanding = R"sql(
    SELECT provider_discount_id, coupon, duration, percent_scaled, amount_minor, currency,
           starts_at, ends_at
      FROM subscription_discounts
     WHERE subscription_id = $1 AND to_number IS NULL
     ORDER BY position
)sql";

constexpr std::string_view kLoadOfNumber = R"sql(
    SELECT provider_discount_id, coupon, duration, percent_scaled, amount_minor, currency,
           starts_at, ends_at
      FROM subscription_discounts
     WHERE subscription_id = $1 AND from_number <= $2 AND (to_number IS NULL OR to_number > $2)
     ORDER BY position
)sql";

constexpr std::string_view kClose = R"sql(
    UPDATE subscription_discounts SET to_number = $2
     WHERE subscription_id = $1 AND to_number IS NULL
)sql";

constexpr std::string_view kOpen = R"sql(
    INSERT INTO subscription_discounts (subscription_id, provider_discount_id, from_number,
           position, coupon, duration, percent_scaled, amount_minor, currency, starts_at, ends_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
)sql";

constexpr std::string_view kChangedWith = R"sql(
    SELECT COUNT(*) FROM subscription_discounts
     WHERE subscription_id = $1 AND (from_number = $2 OR to_number = $2)
)sql";

constexpr std::string_view kChangedAt = R"sql(
    SELECT MAX(e.recorded_at)
      FROM subscription_discounts d
      JOIN subscription_events e ON e.subscription_id = d.subscription_id
                                AND e.number IN (d.from_number, d.to_number)
     WHERE d.subscription_id = $1
)sql";

std::optional<DiscountPercent> percent_from(const sql::Row& row, std::size_t at) {
    if (row.is_null(at)) return std::nullopt;
    return DiscountPercent::from_scaled(row.integer(at));
}

std::optional<Money> amount_from(const sql::Row& row, std::size_t at) {
    if (row.is_null(at)) return std::nullopt;
    return Money(row.integer(at), known_word(parse_currency(row.text(at + 1))));
}

std::vector<Discount> discounts_from(const std::vector<sql::Row>& rows) {
    std::vector<Discount> discounts;
    discounts.reserve(rows.size());
    for (const auto& row : rows)
        discounts.push_back({.provider_id = row.text(0),
                             .coupon = row.maybe_text(1),
                             .duration = known_word(parse_discount_duration(row.text(2))),
                             .percent = percent_from(row, 3),
                             .amount = amount_from(row, 4),
                             .starts_at = row.maybe_instant(6),
                             .ends_at = row.maybe_instant(7)});
    return discounts;
}

}  // namespace

std::vector<Discount> load_discounts(sql::Transaction& tx, const SubscriptionId& subscription) {
    return discounts_from(tx.all(kLoadStanding, {subscription}));
}

std::vector<Discount> load_discounts_of(sql::Transaction& tx, const SubscriptionId& subscription,
                                        std::int64_t number) {
    return discounts_from(tx.all(kLoadOfNumber, {subscription, number}));
}

void replace_discounts(sql::Transaction& tx, const SubscriptionId& subscription,
                       std::int64_t number, const std::vector<Discount>& discounts) {
    tx.run(kClose, {subscription, number});
    std::int64_t position = 0;
    for (const Discount& d : discounts) {
        std::optional<std::int64_t> percent;
        if (d.percent) percent = d.percent->scaled();
        std::optional<std::int64_t> minor;
        std::optional<std::string_view> currency;
        if (d.amount) {
            minor = d.amount->minor();
            currency = to_text(d.amount->currency());
        }
        tx.run(kOpen, {subscription, d.provider_id, number, position++, d.coupon,
                       to_text(d.duration), percent, minor, currency, d.starts_at, d.ends_at});
    }
}

bool discounts_changed_with(sql::Transaction& tx, const SubscriptionId& subscription,
                            std::int64_t number) {
    const auto row = tx.one(kChangedWith, {subscription, number});
    check(row.has_value(), "a count is one row");
    return row->integer(0) > 0;
}

std::optional<Instant> discounts_changed_at(sql::Transaction& tx,
                                            const SubscriptionId& subscription) {
    const auto row = tx.one(kChangedAt, {subscription});
    check(row.has_value(), "a maximum is one row");
    return row->maybe_instant(0);
}

Json write_discounts(const std::vector<Discount>& discounts, Instant at) {
    Json json = Json::array();
    for (const Discount& d : discounts)
        json.push_back(Json{{"id", d.provider_id},
                            {"coupon", write_optional(d.coupon)},
                            {"duration", to_text(d.duration)},
                            {"percent_off", d.percent ? Json(d.percent->text()) : Json()},
                            {"amount_off", d.amount ? write_money(*d.amount) : Json()},
                            {"start", write_instant(d.starts_at)},
                            {"end", write_instant(d.ends_at)},
                            {"active", runs_at(d, at)}});
    return json;
}

}  // namespace turnpike
