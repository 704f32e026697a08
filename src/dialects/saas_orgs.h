#pragma once

#include <boost/asio/awaitable.hpp>

#include "access/principal.h"
#include "base/error.h"
#include "base/time.h"
#include "catalog/cache.h"
#include "http/message.h"
#include "people/seats.h"
#include "sql/database.h"

namespace turnpike {

namespace asio = boost::asio;

/// What members see in the published interface of organizations: `/api/usage/organization/*`. Paths
/// and shapes only.
struct SaasOrgs {
    using Answer = asio::awaitable<Result<http::Response>>;

    sql::Database& db;
    const Clock& clock;
    CatalogCache& catalog;

    /// GET /api/usage/organization/{org_id}/summary
    Answer get_summary(const Principal& caller, const http::Request& request);
    /// GET /api/usage/organization/{org_id}/users/limit
    Answer get_users_limit(const Principal& caller, const http::Request& request);
    /// GET /api/usage/organization/{org_id}/projects/limit
    Answer get_projects_limit(const Principal& caller, const http::Request& request);

private:
    Answer limit_of(const Principal& caller, const http::Request& request, Seats seats);
};

}  // namespace turnpike
