#pragma once

#include "http/message.h"

namespace turnpike::twin {

/// "/": what this server is. "/healthz": 200 while it answers.
http::Response general_page(const http::Request& request);

}  // namespace turnpike::twin
