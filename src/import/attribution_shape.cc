#include "import/attribution_shape.h"

#include <algorithm>
#include <array>
#include <map>
#include <span>
#include <string>
#include <string_view>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/letter_case.h"
#include "import/foreign_text.h"
#include "import/gathering.h"

namespace turnpike {
namespace {

using Names = std::span<const std::string_view>;

/// What a customer is called, in the order in which they are looked for: clients of the interface
/// say "receipt".
constexpr std::array<std::string_view, 2> kOwner{"receipt", "customer_id"};
constexpr std::array<std::string_view, 3> kCustomer{"receipt", "customer_id", "id"};
constexpr std::array<std::string_view, 2> kProviderIds{"razorpay_subscription_id",
                                                       "stripe_subscription_id"};
constexpr std::array<std::string_view, 2> kTier{"tier", "plan"};
constexpr std::array<std::string_view, 3> kMeters{"attribution_runs", "models_used", "exports"};
constexpr std::array<std::string_view, 1> kPeriodStart{"period_start"};
constexpr std::array<std::string_view, 1> kPeriodEnd{"period_end"};

constexpr std::array<std::string_view, 18> kReadOfSubscriptions{"id",
                                                                "customer_id",
                                                                "receipt",
                                                                "email",
                                                                "name",
                                                                "tier",
                                                                "plan",
                                                                "status",
                                                                "provider",
                                                                "stripe_subscription_id",
                                                                "stripe_customer_id",
                                                                "razorpay_subscription_id",
                                                                "quantity",
                                                                "current_period_start",
                                                                "current_period_end",
                                                                "created_at",
                                                                "updated_at",
                                                                "currency"};
constexpr std::array<std::string_view, 11> kReadOfUsage{
    "id",           "customer_id", "receipt",  "attribution_runs", "models_used", "exports",
    "period_start", "period_end",  "reset_at", "created_at",       "updated_at"};
constexpr std::array<std::string_view, 7> kReadOfCustomers{
    "id", "customer_id", "receipt", "email", "name", "created_at", "updated_at"};

bool has_any(const TextTable& table, Names names) {
    return std::ranges::any_of(names, [&](std::string_view name) { return table.has(name); });
}

bool is_there(const TextTable& table) { return !table.columns.empty(); }

/// The column by which a row of customers is known to rows of other tables; "" for none.
std::string_view key_of_customers(const TextTable& customers, std::string_view owner) {
    if (customers.has(owner)) return owner;
    return owner == "customer_id" && customers.has("id") ? "id" : "";
}

/// The column that names the customer in every table; "" when they have none in common.
std::string_view owner_in(const AttributionTables& tables) {
    for (const auto name : kOwner) {
        const bool joins =
            !is_there(tables.customers) || !key_of_customers(tables.customers, name).empty();
        const bool is_used = !is_there(tables.usage) || tables.usage.has(name);
        if (tables.subscriptions.has(name) && is_used && joins) return name;
    }
    return "";
}

using Receipts = std::map<std::string, std::string, std::less<>>;

/// Where only the customers' own table has receipts: which is whose.
Receipts receipts_in(const TextTable& customers, std::string_view key) {
    Receipts receipts;
    if (key.empty() || key == "receipt") return receipts;
    for (const auto& row : customers.rows) {
        const auto id = customers.text(row, key), receipt = customers.text(row, "receipt");
        if (id && receipt) receipts.emplace(*id, *receipt);
    }
    return receipts;
}

void put_receipts(TextTable& table, std::string_view column, const Receipts& receipts) {
    const auto found = std::ranges::find(table.columns, column);
    if (found == table.columns.end()) return;
    const auto index = static_cast<std::size_t>(found - table.columns.begin());
    for (auto& row : table.rows) {
        const auto named = table.text(row, column);
        if (const auto one = named ? receipts.find(*named) : receipts.end(); one != receipts.end())
            row.cells[index] = one->second;
    }
}

void demand(std::string& missing, const TextTable& table, Names names) {
    if (has_any(table, names)) return;
    missing += fmt::format("{}{}.{}", missing.empty() ? "" : ", ", table.name,
                           fmt::join(names, fmt::format(" or {}.", table.name)));
}

void remark_columns(Gathering& gathering, const TextTable& table, Names read) {
    for (const auto& column : table.columns)
        if (std::ranges::find(read, column) == read.end())
            gathering.remark(Remark::Kind::Note, "unknown_column", table.name, column);
}

bool is_free(const std::optional<std::string>& tier) {
    return !tier || *tier == "free" || *tier == "none";
}

std::optional<std::string> tier_of(const TextTable& table, const TextTable::Row& row) {
    for (const auto column : kTier)
        if (const auto text = table.text(row, column)) return lower_case(*text);
    return std::nullopt;
}

void read_subscription(Gathering& gathering, const TextTable& table, const TextTable::Row& row,
                       std::string_view owner) {
    auto& customer = gathering.customer(table, row, owner);
    gathering.take_facts(customer, table, row);
    ForeignSubscription read{
        .place = row.place, .provider = "razorpay", .provider_id = {}, .plan = tier_of(table, row)};
    if (const auto named = table.text(row, "provider")) read.provider = lower_case(*named);
    if (read.provider != "stripe" && read.provider != "razorpay")
        return customer.refuse_subscription("unknown_provider", row.place, read.provider);
    gathering.take_state(customer, read, table, row);
    const auto id = table.text(row, read.provider + "_subscription_id");
    if (read.provider == "stripe") read.provider_customer = table.text(row, "stripe_customer_id");
    if (!id) {
        if (!read.has_ended && !is_free(read.plan))
            customer.unbilled.push_back({row.place, *read.plan});
        return;
    }
    read.provider_id = *id;
    gathering.take_subscription(customer, std::move(read));
}

void refuse_count(ForeignCustomer& customer, std::string_view code, const ForeignUsage& usage,
                  std::string_view detail) {
    customer.refuse(code, usage.place, detail);
    ++customer.unread_usage;
}

void read_counter(ForeignCustomer& customer, const ForeignUsage& of, const std::string& text) {
    const auto used = parse_count(text);
    if (!used)
        return refuse_count(customer, "bad_count", of,
                            fmt::format("{} is {}, not a whole number from 0", of.meter, text));
    if (*used == 0) return;
    ForeignUsage usage = of;
    usage.used = *used;
    const bool is_there = std::ranges::any_of(customer.usage, [&](const ForeignUsage& other) {
        return other.meter == usage.meter && other.period.start < usage.period.end &&
               usage.period.start < other.period.end;
    });
    if (is_there)
        return refuse_count(customer, "usage_overlaps", usage,
                            "another row counts " + usage.meter + " of the same days");
    customer.usage.push_back(std::move(usage));
}

/// Refuses all counts of a row; what is 0 is none.
void refuse_counts(ForeignCustomer& customer, std::string_view code, const TextTable& table,
                   const TextTable::Row& row, std::string_view detail) {
    customer.refuse(code, row.place, detail);
    for (const auto meter : kMeters)
        if (const auto text = table.text(row, meter); text && parse_count(*text) != 0)
            ++customer.unread_usage;
}

void read_usage(ForeignCustomer& customer, const TextTable& table, const TextTable::Row& row,
                Instant now) {
    const auto start = table.text(row, "period_start");
    const auto end = table.text(row, "period_end");
    const auto from = parse_foreign_time(start.value_or(""));
    const auto to = parse_foreign_time(end.value_or(""));
    const bool is_sane = from && to && *from < *to && is_plausible(*from) && is_plausible(*to);
    if (!is_sane)
        return refuse_counts(customer, "absurd_period", table, row,
                             start.value_or("nothing") + " to " + end.value_or("nothing"));
    if (*to <= now) return customer.note("usage_is_past", row.place, *end);
    if (*from > now) return refuse_counts(customer, "usage_lies_ahead", table, row, *start);
    for (const auto meter : kMeters)
        if (const auto text = table.text(row, meter))
            read_counter(customer, {row.place, std::string(meter), 0, {*from, *to}}, *text);
}

}  // namespace

Result<std::monostate> check_attribution_shape(const AttributionTables& tables) {
    std::string missing;
    demand(missing, tables.subscriptions, kOwner);
    demand(missing, tables.subscriptions, kProviderIds);
    if (is_there(tables.usage)) {
        demand(missing, tables.usage, kOwner);
        demand(missing, tables.usage, kMeters);
        demand(missing, tables.usage, kPeriodStart);
        demand(missing, tables.usage, kPeriodEnd);
    }
    if (is_there(tables.customers)) demand(missing, tables.customers, kCustomer);
    if (missing.empty() && owner_in(tables).empty())
        missing = "receipt or customer_id, the same one in all of them";
    if (missing.empty()) return std::monostate{};
    return invalid_argument("import.wrong_shape",
                            "this is no database of the attribution shape; missing: " + missing);
}

ForeignLedger read_attribution(AttributionTables tables, const std::string& catalog, Instant now) {
    auto& [subscriptions, usage, customers] = tables;
    const auto owner = owner_in(tables);
    const auto key = key_of_customers(customers, owner);
    const auto receipts = receipts_in(customers, key);
    put_receipts(subscriptions, owner, receipts);
    put_receipts(usage, owner, receipts);
    put_receipts(customers, key, receipts);

    Gathering gathering(now);
    remark_columns(gathering, subscriptions, kReadOfSubscriptions);
    remark_columns(gathering, usage, kReadOfUsage);
    remark_columns(gathering, customers, kReadOfCustomers);
    for (const auto& row : customers.rows)
        gathering.take_facts(gathering.customer(customers, row, key), customers, row);
    for (const auto& row : subscriptions.rows)
        read_subscription(gathering, subscriptions, row, owner);
    for (const auto& row : usage.rows)
        read_usage(gathering.customer(usage, row, owner), usage, row, now);
    auto ledger = gathering.finish();
    for (auto& customer : ledger.customers) customer.catalog = catalog;
    return ledger;
}

}  // namespace turnpike
