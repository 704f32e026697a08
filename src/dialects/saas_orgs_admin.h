#pragma once

#include <string>

#include <boost/asio/awaitable.hpp>

#include "access/cursor.h"
#include "access/principal.h"
#include "base/error.h"
#include "base/time.h"
#include "http/message.h"
#include "sql/database.h"

namespace turnpike {

/// `/api/admin` of the published interface of organizations: how the business is, for the seller's
/// staff. The policy table has let the caller in already. Thread-safe.
struct SaasOrgsAdmin {
    using Answer = boost::asio::awaitable<Result<http::Response>>;

    sql::Database& db;
    const Clock& clock;
    const CursorCodec& cursors;
    std::string catalog;  ///< key of the one that it sells from

    /// GET /api/admin/dashboard
    Answer get_dashboard(const Principal& caller, const http::Request& request);
    /// GET /api/admin/organizations, newest first
    Answer get_organizations(const Principal& caller, const http::Request& request);
    /// GET /api/admin/users/{user_id}/details, by id or e-mail
    Answer get_user_details(const Principal& caller, const http::Request& request);
    /// GET /api/admin/subscriptions/expiring?days=: what ends first comes first
    Answer get_expiring(const Principal& caller, const http::Request& request);
    /// GET /api/admin/subscriptions/failed-payments: what fails longest comes first
    Answer get_failed_payments(const Principal& caller, const http::Request& request);
};

}  // namespace turnpike
