#include "catalog/cache.h"

#include <algorithm>
#include <utility>

#include "catalog/service.h"

namespace turnpike {
namespace {

/// Versions that nobody sells any more but somebody still has; each is some hundred bytes.
constexpr std::size_t kOlderMax = 10'000;

}  // namespace

std::shared_ptr<const Catalog> CatalogCache::get() const {
    const std::lock_guard lock(mutex_);
    return current_;
}

std::uint64_t CatalogCache::begin_look() {
    const std::lock_guard lock(mutex_);
    return ++last_look_;
}

// Of two looks at once the one that began first may end last, with the older catalog.
bool CatalogCache::publish(Catalog catalog, std::uint64_t look) {
    const std::lock_guard lock(mutex_);
    if (look < published_look_) return false;
    published_look_ = look;
    if (catalog == *current_) return false;
    current_ = std::make_shared<const Catalog>(std::move(catalog));
    // A version never changes, but its plan's name, rank and default do.
    older_.clear();
    return true;
}

void CatalogCache::reload(sql::Database& database) {
    const auto look = begin_look();
    publish(database.read_blocking([](sql::Transaction& tx) { return load_catalog(tx); }), look);
}

boost::asio::awaitable<bool> CatalogCache::catch_up(sql::Database& database) {
    const auto look = begin_look();
    Catalog stored = co_await database.read([](sql::Transaction& tx) { return load_catalog(tx); });
    co_return publish(std::move(stored), look);
}

Result<std::shared_ptr<const PlanVersion>> CatalogCache::plan_version(sql::Transaction& tx,
                                                                      const PlanVersionId& id) {
    const auto current = get();
    const auto sold = std::ranges::find(current->plans, id, &PlanVersion::id);
    if (sold != current->plans.end()) return std::shared_ptr<const PlanVersion>(current, &*sold);
    {
        const std::lock_guard lock(mutex_);
        if (const auto known = older_.find(id); known != older_.end()) return known->second;
    }
    auto loaded = load_plan_version(tx, id);
    if (!loaded) return failure(loaded);
    auto shared = std::make_shared<const PlanVersion>(*std::move(loaded));
    const std::lock_guard lock(mutex_);
    if (current_ != current) return shared;  // It may have been read before that was applied.
    if (older_.size() >= kOlderMax) older_.clear();
    return older_.insert_or_assign(id, std::move(shared)).first->second;
}

std::shared_ptr<const PlanVersion> default_plan_of(std::shared_ptr<const Catalog> catalog,
                                                   std::string_view catalog_key) {
    const PlanVersion* plan = &catalog->default_plan(catalog_key);
    return {std::move(catalog), plan};
}

}  // namespace turnpike
