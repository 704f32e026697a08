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

void CatalogCache::publish(Catalog catalog) {
    auto next = std::make_shared<const Catalog>(std::move(catalog));
    const std::lock_guard lock(mutex_);
    current_ = std::move(next);
    // A version never changes, but its plan's name, rank and default do.
    older_.clear();
}

void CatalogCache::reload(sql::Database& database) {
    publish(database.read_blocking([](sql::Transaction& tx) { return load_catalog(tx); }));
}

boost::asio::awaitable<bool> CatalogCache::catch_up(sql::Database& database) {
    Catalog stored = co_await database.read([](sql::Transaction& tx) { return load_catalog(tx); });
    if (stored == *get()) co_return false;
    publish(std::move(stored));
    co_return true;
}

Result<std::shared_ptr<const PlanVersion>> CatalogCache::plan_version(sql::Transaction& tx,
                                                                      const PlanVersionId& id) {
    {
        const std::lock_guard lock(mutex_);
        const auto sold = std::ranges::find(current_->plans, id, &PlanVersion::id);
        if (sold != current_->plans.end())
            return std::shared_ptr<const PlanVersion>(current_, &*sold);
        if (const auto known = older_.find(id); known != older_.end()) return known->second;
    }
    auto loaded = load_plan_version(tx, id);
    if (!loaded) return failure(loaded);
    auto shared = std::make_shared<const PlanVersion>(*std::move(loaded));
    const std::lock_guard lock(mutex_);
    if (older_.size() >= kOlderMax) older_.clear();
    return older_.insert_or_assign(id, std::move(shared)).first->second;
}

std::shared_ptr<const PlanVersion> default_plan_of(std::shared_ptr<const Catalog> catalog,
                                                   std::string_view catalog_key) {
    const PlanVersion* plan = &catalog->default_plan(catalog_key);
    return {std::move(catalog), plan};
}

}  // namespace turnpike
