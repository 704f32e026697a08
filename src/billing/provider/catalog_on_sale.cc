#include "billing/provider/catalog_on_sale.h"

namespace turnpike {

asio::awaitable<void> publish_catalog(BillingContext& billing) {
    if (co_await billing.catalog.catch_up(billing.db)) billing.standings.clear();
}

asio::awaitable<std::shared_ptr<const Catalog>> catalog_on_sale(BillingContext& billing) {
    co_await publish_catalog(billing);
    co_return billing.catalog.get();
}

}  // namespace turnpike
