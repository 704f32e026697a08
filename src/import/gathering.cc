#include "import/gathering.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

#include "base/card_number.h"
#include "base/csv.h"
#include "base/free_text.h"
#include "base/letter_case.h"
#include "base/utf8.h"
#include "customers/customer.h"
#include "import/foreign_text.h"
#include "subscriptions/subscription.h"

namespace turnpike {
namespace {

constexpr std::array<std::string_view, 12> kRunningWords{
    "active",  "trialing", "past_due",      "unpaid", "paused", "incomplete",
    "created", "pending",  "authenticated", "halted", "free",   "none"};
constexpr std::array<std::string_view, 6> kEndedWords{
    "canceled", "cancelled", "expired", "completed", "inactive", "incomplete_expired"};

/// What two addresses share that people would call the same: letters of either size, and what
/// follows a '+' or is a dot before the '@'.
std::string look_of(std::string_view email) {
    const auto at = email.find('@');
    std::string look;
    for (const char c : email.substr(0, std::min(email.find('+'), at)))
        if (c != '.') look += c;
    return lower_case(look + std::string(email.substr(at)));
}

constexpr std::size_t kProviderIdBytesMax = 255;
constexpr std::size_t kNameMax = 200;  // code points, as the API takes them

/// Letters and digits of any kind, and what providers put between them.
bool is_provider_id(std::string_view id) {
    const auto is_graphic = [](char c) { return c > ' ' && c < '\x7F'; };
    return id.size() <= kProviderIdBytesMax && std::ranges::all_of(id, is_graphic);
}

bool is_text(const std::optional<std::string>& cell) {
    return !cell || (is_utf8(*cell) && !cell->contains('\0'));
}

}  // namespace

std::optional<bool> says_ended(std::string_view status) {
    const std::string word = lower_case(status);
    if (std::ranges::find(kEndedWords, word) != kEndedWords.end()) return true;
    if (std::ranges::find(kRunningWords, word) != kRunningWords.end()) return false;
    return std::nullopt;
}

ForeignCustomer& Gathering::customer(const TextTable& table, const TextTable::Row& row,
                                     std::string_view column) {
    ++ledger_.rows;
    const auto name = table.text(row, column);
    // Rows without a name are one by one nobody's.
    const std::string key = name ? *name : "\n" + row.place;
    const auto [known, is_new] = by_name_.try_emplace(key, ledger_.customers.size());
    if (is_new) ledger_.customers.emplace_back();
    auto& customer = ledger_.customers[known->second];
    if (is_new) {
        customer.external_id = name.value_or("");
        customer.place = row.place;
        const auto good = check_external_id(name.value_or("."));
        if (!name)
            customer.refuse("no_customer", row.place, "column " + std::string(column));
        else if (!good)
            customer.refuse("bad_customer", row.place, good.error().message);
    }
    // A ledger on PostgreSQL takes no other text, not even to look for it.
    const auto bad = std::ranges::find_if_not(row.cells, is_text);
    if (bad != row.cells.end())
        customer.refuse("bad_text", row.place,
                        table.columns[static_cast<std::size_t>(bad - row.cells.begin())]);
    return customer;
}

void Gathering::take_facts(ForeignCustomer& customer, const TextTable& table,
                           const TextTable::Row& row) {
    if (const auto email = table.text(row, "email"); email && customer.email != email) {
        if (customer.email)
            customer.note("other_email", row.place, "the first one stays");
        else if (!check_email(*email))
            customer.refuse("bad_email", row.place, *email);
        else if (looks_like_formula(*email))
            customer.refuse("formula", row.place, *email);
        else
            customer.email = email;
    }
    if (const auto name = table.text(row, "name"); name && !customer.name) {
        const auto kept = read_free_text(*name, {.length_max = kNameMax});
        if (!kept)
            customer.refuse("bad_name", row.place, *name);
        else if (looks_like_formula(*name))
            customer.refuse("formula", row.place, *name);
        else if (holds_card_number(*kept))
            customer.refuse("card_number", row.place, "the name holds what looks like one");
        else
            customer.name = *kept;
    }
    const auto text = table.text(row, "created_at");
    if (!text) return;
    const auto created = parse_foreign_time(*text);
    if (!created || !is_plausible(*created) || *created > now_)
        customer.refuse("absurd_created_at", row.place, *text);
    else
        customer.created_at = std::min(customer.created_at.value_or(*created), *created);
}

void Gathering::take_state(ForeignCustomer& customer, ForeignSubscription& subscription,
                           const TextTable& table, const TextTable::Row& row) {
    subscription.status = table.text(row, "status");
    if (subscription.status) {
        const auto ended = says_ended(*subscription.status);
        if (!ended) customer.note("unknown_status", row.place, *subscription.status);
        subscription.has_ended = ended.value_or(false);
    }
    if (const auto text = table.text(row, "quantity")) {
        subscription.quantity = parse_count(*text);
        if (!subscription.quantity || *subscription.quantity < 1 ||
            *subscription.quantity > kQuantityMax)
            customer.refuse("bad_quantity", row.place, *text);
    }
    const auto start = table.text(row, "current_period_start");
    const auto end = table.text(row, "current_period_end");
    if (!start && !end) return;
    const auto from = parse_foreign_time(start.value_or(""));
    const auto to = parse_foreign_time(end.value_or(""));
    const bool is_sane = from && to && *from < *to && is_plausible(*from) && is_plausible(*to);
    if (is_sane)
        subscription.period = Period{*from, *to};
    else
        customer.note("absurd_period", row.place,
                      start.value_or("nothing") + " to " + end.value_or("nothing"));
}

void Gathering::take_subscription(ForeignCustomer& customer, ForeignSubscription subscription) {
    if (!is_provider_id(subscription.provider_id))
        return customer.refuse_subscription("bad_provider_id", subscription.place,
                                            subscription.provider_id);
    const auto self = static_cast<std::size_t>(&customer - ledger_.customers.data());
    const auto [claim, is_first] =
        claims_.try_emplace({subscription.provider, subscription.provider_id}, self);
    if (is_first) {
        customer.subscriptions.push_back(std::move(subscription));
    } else if (claim->second == self) {
        customer.note("repeated_row", subscription.place, subscription.provider_id);
    } else {
        auto& other = ledger_.customers[claim->second];
        customer.refuse_subscription("claimed_twice", subscription.place,
                                     subscription.provider_id + " is also of " + other.external_id);
        other.refuse("claimed_twice", subscription.place,
                     subscription.provider_id + " is also of " + customer.external_id);
    }
}

void Gathering::remark(Remark::Kind kind, std::string_view code, std::string_view place,
                       std::string_view detail) {
    ledger_.remarks.push_back(make_remark(kind, code, place, detail));
}

void Gathering::compare_addresses() {
    std::map<std::string, const ForeignCustomer*> same, alike;
    for (auto& customer : ledger_.customers) {
        if (!customer.email) continue;
        const auto [owner, is_free] = same.try_emplace(lower_case(*customer.email), &customer);
        const auto [first, is_first] = alike.try_emplace(look_of(*customer.email), &customer);
        if (!is_free)
            customer.note("same_email", customer.place,
                          *customer.email + " is the address of " + owner->second->external_id);
        else if (!is_first)
            customer.note("email_alike", customer.place,
                          *customer.email + " looks like that of " + first->second->external_id);
    }
}

ForeignLedger Gathering::finish() {
    compare_addresses();
    return std::move(ledger_);
}

}  // namespace turnpike
