#pragma once

#include <memory>

#include <boost/asio/awaitable.hpp>

#include "billing/provider/context.h"

namespace turnpike {

/// Makes the cache what the ledger sells at this moment, and forgets what depends on it: default
/// plans and upgrade hints. For who has changed a plan.
asio::awaitable<void> publish_catalog(BillingContext& billing);

/// What the ledger sells at this moment, published. Another node may have
/// changed it a moment ago: who buys, or is told what it would cost, gets the price that stands.
/// One read of the ledger. Everything else looks at the cache.
asio::awaitable<std::shared_ptr<const Catalog>> catalog_on_sale(BillingContext& billing);

}  // namespace turnpike
