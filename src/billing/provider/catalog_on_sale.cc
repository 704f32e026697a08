#include "billing/provider/catalog_on_sale.h"

namespace turnpike {

asio::awaitable<std::shared_ptr<const Catalog>> catalog_on_sale(BillingContext& billing) {
    // Default plans and upgrade hints are others then, too.
    if (co_await billing.catalog.catch_up(billing.db)) billing.standings.clear();
    co_return billing.catalog.get();
}

}  // namespace turnpike
