#include "customers/provider_link.h"

namespace turnpike {
namespace {

constexpr std::string_view kProviderCustomer = R"sql(
    SELECT provider_customer_id FROM provider_customers WHERE customer_id = $1 AND provider = $2
)sql";

constexpr std::string_view kCustomerOfProvider = R"sql(
    SELECT customer_id FROM provider_customers WHERE provider = $1 AND provider_customer_id = $2
)sql";

constexpr std::string_view kLink = R"sql(
    INSERT INTO provider_customers (customer_id, provider, provider_customer_id, revision)
    VALUES ($1, $2, $3, 1)
        ON CONFLICT DO NOTHING
)sql";

constexpr std::string_view kMarkBehind = R"sql(
    UPDATE provider_customers
       SET revision = revision + 1, behind_since = COALESCE(behind_since, $2)
     WHERE customer_id = $1
)sql";

constexpr std::string_view kUntold = R"sql(
    SELECT provider_customer_id, revision
      FROM provider_customers
     WHERE customer_id = $1 AND provider = $2 AND behind_since IS NOT NULL
)sql";

constexpr std::string_view kCustomersBehind = R"sql(
    SELECT customer_id
      FROM provider_customers
     WHERE provider = $1 AND behind_since <= $2
     ORDER BY behind_since, customer_id
     LIMIT $3
)sql";

constexpr std::string_view kMarkTold = R"sql(
    UPDATE provider_customers
       SET behind_since = NULL
     WHERE customer_id = $1 AND provider = $2 AND revision = $3
)sql";

}  // namespace

std::optional<std::string> find_provider_customer(sql::Transaction& tx, const CustomerId& customer,
                                                  std::string_view provider) {
    const auto row = tx.one(kProviderCustomer, {customer, provider});
    if (!row) return std::nullopt;
    return row->text(0);
}

std::optional<CustomerId> find_customer_of_provider(sql::Transaction& tx, std::string_view provider,
                                                    std::string_view provider_customer) {
    const auto row = tx.one(kCustomerOfProvider, {provider, provider_customer});
    if (!row) return std::nullopt;
    return row->id<CustomerId>(0);
}

bool link_provider_customer(sql::Transaction& tx, const CustomerId& customer,
                            std::string_view provider, std::string_view provider_customer) {
    if (tx.run(kLink, {customer, provider, provider_customer}) == 1) return true;
    return find_provider_customer(tx, customer, provider) == provider_customer;
}

void mark_provider_copies_behind(sql::Transaction& tx, const CustomerId& customer, Instant now) {
    tx.run(kMarkBehind, {customer, now});
}

std::optional<UntoldDetails> find_untold_details(sql::Transaction& tx, const CustomerId& customer,
                                                 std::string_view provider) {
    const auto row = tx.one(kUntold, {customer, provider});
    if (!row) return std::nullopt;
    return UntoldDetails{row->text(0), row->integer(1)};
}

std::vector<CustomerId> customers_behind(sql::Transaction& tx, std::string_view provider,
                                         Instant until, int limit) {
    std::vector<CustomerId> customers;
    for (const auto& row : tx.all(kCustomersBehind, {provider, until, limit}))
        customers.push_back(row.id<CustomerId>(0));
    return customers;
}

void mark_details_told(sql::Transaction& tx, const CustomerId& customer, std::string_view provider,
                       std::int64_t revision, Instant now) {
    if (tx.run(kMarkTold, {customer, provider, revision}) == 1) return;
    mark_provider_copies_behind(tx, customer, now);
}

}  // namespace turnpike
