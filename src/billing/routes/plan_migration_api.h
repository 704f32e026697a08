#pragma once

#include <boost/asio/awaitable.hpp>

#include "access/cursor.h"
#include "access/principal.h"
#include "base/error.h"
#include "billing/provider/contexts.h"
#include "http/message.h"

namespace turnpike {

/// Handlers of plan migrations. The policy table has let the caller in already. Thread-safe.
struct PlanMigrationApi {
    using Answer = asio::awaitable<Result<http::Response>>;

    BillingContexts& billing;
    const CursorCodec& cursors;

    /// POST /v1/plans/{plan}/migrate/preview: nothing is written
    Answer post_preview(const Principal& caller, const http::Request& request);
    /// POST /v1/plans/{plan}/migrate: 202, the worker does the rest
    Answer post_migrate(const Principal& caller, const http::Request& request);
    /// GET /v1/plan_migrations?plan=&status=&limit=&cursor=
    Answer get_migrations(const Principal& caller, const http::Request& request);
    /// POST /v1/plan_migrations/{plan_migration}/cancel
    Answer post_cancel(const Principal& caller, const http::Request& request);
    /// GET /v1/plan_migrations/{plan_migration}?status=&limit=&cursor=
    Answer get_migration(const Principal& caller, const http::Request& request);
};

}  // namespace turnpike
