#pragma once

#include <boost/asio/awaitable.hpp>

#include "access/principal.h"
#include "base/error.h"
#include "http/message.h"

namespace turnpike {

class App;

/// Routes about the process itself.
using OperationsAnswer = boost::asio::awaitable<Result<http::Response>>;

/// GET /: what this is and where to go on.
OperationsAnswer get_index(App& app, const Principal& caller, const http::Request& request);
/// GET /healthz: the process answers.
OperationsAnswer get_healthz(App& app, const Principal& caller, const http::Request& request);
/// GET /readyz: the ledger answers and takes writes, usage can be recorded, the jobs run, and no
/// due action is late; 503 with what is missing otherwise.
OperationsAnswer get_readyz(App& app, const Principal& caller, const http::Request& request);
/// GET /health: database and provider, for people and dashboards.
OperationsAnswer get_health(App& app, const Principal& caller, const http::Request& request);
/// GET /metrics: Prometheus text.
OperationsAnswer get_metrics(App& app, const Principal& caller, const http::Request& request);
/// GET /openapi.json
OperationsAnswer get_openapi(App& app, const Principal& caller, const http::Request& request);

}  // namespace turnpike
