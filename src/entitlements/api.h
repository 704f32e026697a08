#pragma once

#include <string>

#include <boost/asio/awaitable.hpp>

#include "access/principal.h"
#include "catalog/cache.h"
#include "entitlements/consume.h"
#include "entitlements/standing_cache.h"
#include "entitlements/use_guards.h"
#include "entitlements/wire.h"
#include "http/message.h"
#include "sql/database.h"

namespace turnpike {

namespace asio = boost::asio;

/// Questions about what a customer may use, and the one step that uses it. The policy table has let
/// the caller in already; whose standing it is, is decided here.
struct EntitlementsApi {
    sql::Database& db;
    UsageStore& usage;
    const Clock& clock;
    IdSource& ids;
    CatalogCache& catalog;
    StandingCache& standings;
    std::string upgrade_url;  ///< where customers change their plan; "": nowhere to send them
    UseGuards guards{};

    /// POST /v1/entitlements/check {customer, feature|meter, requested}. Consumes nothing; asks no
    /// database when the standing is cached, except for how many a capacity counts.
    asio::awaitable<Result<http::Response>> post_check(const Principal& caller,
                                                       const http::Request& request);
    /// POST /v1/usage/consume {customer, meter, quantity, source, id, latency_ms}. Decided in the
    /// store of usage; 402 and no trace when denied; the same (source, id) again is answered again
    /// and counted once. Of a feature that is no meter, {customer, feature}: refuse_feature().
    asio::awaitable<Result<http::Response>> post_consume(const Principal& caller,
                                                         const http::Request& request);
    /// GET /v1/usage?customer=&meter=
    asio::awaitable<Result<http::Response>> get_usage(const Principal& caller,
                                                      const http::Request& request);

    /// The caller's or the named customer's snapshot, from memory when it is fresh.
    asio::awaitable<Result<StandingCache::Snapshot>> snapshot_of(const Principal& caller,
                                                                 std::string ref);
    /// consume(), and the cache told.
    asio::awaitable<Result<ConsumeOutcome>> consume_now(const Principal& caller,
                                                        const ConsumeRequest& request);

private:
    /// One use of a feature that is no meter.
    asio::awaitable<Result<http::Response>> use_feature(const Principal& caller,
                                                        const ConsumeBody& body,
                                                        const http::Request& request);
};

}  // namespace turnpike
