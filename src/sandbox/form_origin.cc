#include "sandbox/form_origin.h"

#include <string>

namespace turnpike::twin {

bool comes_from_elsewhere(const http::Request& request) {
    if (request.method == http::Method::Get || request.method == http::Method::Head) return false;
    const auto* origin = request.header("Origin");
    if (origin == nullptr) return false;
    const auto* host = request.header("Host");
    return host == nullptr || (*origin != "http://" + *host && *origin != "https://" + *host);
}

}  // namespace turnpike::twin
