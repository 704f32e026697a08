#pragma once

#include <memory>

#include <boost/asio/awaitable.hpp>

#include "billing/provider/context.h"

namespace turnpike {

/// What the ledger sells at this moment, which the cache publishes then. Another node may have
/// changed it a moment ago: who buys, or is told what it would cost, gets the price that stands.
/// One read of the ledger. Everything else looks at the cache.
asio::awaitable<std::shared_ptr<const Catalog>> catalog_on_sale(BillingContext& billing);

}  // namespace turnpike
