#include "import/csv_shape.h"

#include <algorithm>
#include <array>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/letter_case.h"
#include "import/foreign_text.h"
#include "import/gathering.h"

namespace turnpike {
namespace {

constexpr std::array<std::string_view, 5> kOfCustomers{"customer", "email", "name", "catalog",
                                                       "created_at"};
constexpr std::array<std::string_view, 12> kOfSubscriptions{"customer",
                                                            "catalog",
                                                            "plan",
                                                            "status",
                                                            "provider",
                                                            "provider_subscription_id",
                                                            "provider_customer_id",
                                                            "current_period_start",
                                                            "current_period_end",
                                                            "quantity",
                                                            "amount_minor",
                                                            "currency"};

Result<std::monostate> check_columns(const TextTable& file,
                                     std::span<const std::string_view> known) {
    const auto wrong = [&](const std::string& what) {
        return invalid_argument(
            "import.wrong_shape",
            fmt::format("{}: {}; the columns are: {}", file.name, what, fmt::join(known, ", ")));
    };
    if (file.columns.empty()) return std::monostate{};
    for (const auto& column : file.columns)
        if (std::ranges::find(known, column) == known.end())
            return wrong("there is a column '" + shown(column) + "'");
    if (!file.has("customer")) return wrong("there is no column 'customer'");
    return std::monostate{};
}

void take_catalog(ForeignCustomer& customer, const TextTable& file, const TextTable::Row& row) {
    const auto catalog = file.text(row, "catalog");
    const bool is_first = customer.place == row.place;
    if (is_first)
        customer.catalog = catalog.value_or("");
    else if (catalog && customer.catalog != *catalog)
        customer.refuse("two_catalogs", row.place, *catalog);
}

void take_amount(ForeignCustomer& customer, ForeignSubscription& subscription,
                 const TextTable& file, const TextTable::Row& row) {
    const auto amount = file.text(row, "amount_minor");
    const auto code = file.text(row, "currency");
    if (!amount && !code) return;
    const auto minor = parse_count(amount.value_or(""));
    const auto currency = parse_currency(code.value_or(""));
    if (minor && currency)
        subscription.amount = Money(*minor, *currency);
    else
        customer.refuse("bad_amount", row.place,
                        fmt::format("{} {}: give whole minor units, and a currency",
                                    amount.value_or("nothing"), code.value_or("nothing")));
}

void read_customer(Gathering& gathering, const TextTable& file, const TextTable::Row& row) {
    auto& customer = gathering.customer(file, row, "customer");
    if (customer.place != row.place)
        return customer.refuse("named_twice", row.place, "as on " + customer.place);
    take_catalog(customer, file, row);
    gathering.take_facts(customer, file, row);
}

void read_subscription_line(Gathering& gathering, const TextTable& file,
                            const TextTable::Row& row) {
    auto& customer = gathering.customer(file, row, "customer");
    take_catalog(customer, file, row);
    ForeignSubscription read{.place = row.place,
                             .provider = lower_case(file.text(row, "provider").value_or("")),
                             .provider_id = file.text(row, "provider_subscription_id").value_or(""),
                             .provider_customer = file.text(row, "provider_customer_id"),
                             .plan = file.text(row, "plan")};
    gathering.take_state(customer, read, file, row);
    take_amount(customer, read, file, row);
    if (read.provider.empty() && read.provider_id.empty()) {
        if (read.plan && !read.has_ended) customer.unbilled.push_back({row.place, *read.plan});
        return;
    }
    if (read.provider != "stripe" && read.provider != "razorpay")
        return customer.refuse_subscription("unknown_provider", row.place, read.provider);
    if (read.provider_id.empty())
        return customer.refuse_subscription(
            "no_provider_id", row.place, "provider_subscription_id is empty, and provider is not");
    gathering.take_subscription(customer, std::move(read));
}

}  // namespace

Result<ForeignLedger> read_customer_files(const CustomerFiles& files, Instant now) {
    if (const auto good = check_columns(files.customers, kOfCustomers); !good) return failure(good);
    if (const auto good = check_columns(files.subscriptions, kOfSubscriptions); !good)
        return failure(good);
    Gathering gathering(now);
    for (const auto& row : files.customers.rows) read_customer(gathering, files.customers, row);
    for (const auto& row : files.subscriptions.rows)
        read_subscription_line(gathering, files.subscriptions, row);
    return gathering.finish();
}

}  // namespace turnpike
