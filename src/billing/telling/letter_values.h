#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/id.h"
#include "catalog/service.h"
#include "invoicing/invoice.h"
#include "notices/letter.h"
#include "sql/sql.h"
#include "subscriptions/subscription.h"

namespace turnpike {

// What letters to customers say of contracts, in the same words everywhere.

/// What letters are told about: "subscription:sub_...".
std::string letters_about(const Subscription& subscription);
/// And which fact about it: "subscription:sub_...:trial_end:1776211200000000" is of one of its
/// ends.
inline constexpr std::string_view kAccessEnded = "access_ended", kTrialEnd = "trial_end";
std::string obligation_at(const Subscription& subscription, std::string_view fact, Instant at);

/// Its open invoices without their lines, the newest first; of more than a page, that page.
std::vector<Invoice> open_invoices(sql::Transaction& tx, const Subscription& subscription);
/// What is still to be paid of it.
Money owed_of(const Invoice& invoice);
/// "invoice A-2 of 99.00 USD, invoice A-1 of 29.00 USD".
std::string owed_in_words(const std::vector<Invoice>& open);

std::string plan_name(sql::Transaction& tx, const PlanVersionId& id);
/// Usage beyond what it includes costs something.
bool bills_usage(sql::Transaction& tx, const PlanVersionId& id);

/// What so many of it cost, and how often: "198.00 USD per month", "87.00 USD every 3 months".
std::string cost_in_words(const PriceInPlan& price, std::int64_t quantity);
std::string cost_in_words(sql::Transaction& tx, const PriceId& id, std::int64_t quantity);
/// Makes a letter that names a price say that a discount is taken off it, where one is then.
void put_discount(sql::Transaction& tx, const SubscriptionId& subscription, Instant then,
                  LetterValues& values);

}  // namespace turnpike
