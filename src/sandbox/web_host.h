#pragma once

#include <string_view>

namespace turnpike::twin {

/// Whether a request could be sent there: http:// or https://, a host, a port that exists if one is
/// named, and no spaces or control characters anywhere. Whether somebody listens is another matter.
bool names_a_web_host(std::string_view url);

}  // namespace turnpike::twin
