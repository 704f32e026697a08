#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sandbox/html.h"
#include "sandbox/stripe/core/context.h"

namespace turnpike::twin {

/// A page for people (the hosted customer portal): reached by a link that holds the id of an
/// object, without an API key. Inside one transaction, like an Operation.
struct PageRequest {
    Context& ctx;  ///< of the account that owns the object
    Json object;   ///< the object whose id is in the path
    Params form;   ///< query and, for POST, form
    std::string path;
};

using PageHandler = PageAnswer (*)(PageRequest&);

/// {"GET", "/p/session/{id}", "billing_portal.session", show_portal}. The pattern has exactly one
/// {part}: the id of an object of `kind`; without such an object the answer is 404.
struct PageRoute {
    std::string_view method;
    std::string_view pattern;
    std::string_view kind;
    PageHandler handler;
};

}  // namespace turnpike::twin
