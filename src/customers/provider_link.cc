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
    INSERT INTO provider_customers (customer_id, provider, provider_customer_id)
    VALUES ($1, $2, $3)
        ON CONFLICT DO NOTHING
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

}  // namespace turnpike
