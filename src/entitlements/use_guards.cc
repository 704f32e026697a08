#include "entitlements/use_guards.h"

#include <string>
#include <utility>

#include "catalog/stored_guards.h"

namespace turnpike {
namespace {

/// Some megabytes.
constexpr std::size_t kBucketsMax = 65'536;

}  // namespace

UseGuards::UseGuards()
    : current_(std::make_shared<const Guards>()), key_(random_sip_key()), buckets_(kBucketsMax) {}

std::shared_ptr<const Guards> UseGuards::get() const {
    const std::lock_guard lock(mutex_);
    return current_;
}

void UseGuards::publish(Guards guards) {
    auto next = std::make_shared<const Guards>(std::move(guards));
    const std::lock_guard lock(mutex_);
    current_ = std::move(next);
}

void UseGuards::reload(sql::Database& database) {
    publish(database.read_blocking([](sql::Transaction& tx) { return load_guards(tx); }));
}

asio::awaitable<void> UseGuards::catch_up(sql::Database& database) {
    publish(co_await database.read([](sql::Transaction& tx) { return load_guards(tx); }));
}

RateVerdict UseGuards::take(const CustomerId& customer, std::string_view what, const UseRate& rate,
                            Instant now) {
    std::string name = customer.text();
    name += '\n';
    name += what;
    const RateRule rule{what, rate.count, rate.window};
    return buckets_.update(siphash128(key_, name), RateBucket{},
                           [&](RateBucket& bucket) { return take_token(bucket, rule, now); });
}

}  // namespace turnpike
