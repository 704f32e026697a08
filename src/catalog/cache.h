#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string_view>

#include <boost/asio/awaitable.hpp>

#include "base/error.h"
#include "catalog/catalog.h"
#include "sql/database.h"

namespace turnpike {

/// The catalog as every request sees it: an immutable snapshot that is replaced as a whole, and
/// older plan versions as subscribers still have them. Thread-safe.
class CatalogCache {
public:
    CatalogCache() : current_(std::make_shared<const Catalog>()) {}

    /// Never null; empty until the first reload. Costs one short lock.
    [[nodiscard]] std::shared_ptr<const Catalog> get() const;
    /// Loads and publishes. Blocks; never from an io_context thread.
    void reload(sql::Database& database);
    /// Publishes what somebody else has applied since; true when that was anything.
    boost::asio::awaitable<bool> catch_up(sql::Database& database);

    /// A version of any plan: from the snapshot, from memory, or from the ledger.
    /// Errors: NotFound "catalog.no_such_plan_version".
    Result<std::shared_ptr<const PlanVersion>> plan_version(sql::Transaction& tx,
                                                            const PlanVersionId& id);

private:
    std::uint64_t begin_look();
    /// False: a look that began later has been published already.
    bool publish(Catalog catalog, std::uint64_t look);

    mutable std::mutex mutex_;
    // guarded by mutex_
    std::shared_ptr<const Catalog> current_;
    std::uint64_t last_look_ = 0, published_look_ = 0;  ///< count the looks at what is stored
    std::map<PlanVersionId, std::shared_ptr<const PlanVersion>> older_;
};

/// The default plan of a snapshot's catalog, "" for the primary one; it keeps the whole snapshot
/// alive.
std::shared_ptr<const PlanVersion> default_plan_of(std::shared_ptr<const Catalog> catalog,
                                                   std::string_view catalog_key = {});

}  // namespace turnpike
