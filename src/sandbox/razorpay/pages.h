#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sandbox/html.h"
#include "sandbox/razorpay/context.h"

namespace turnpike::twin::razorpay {

/// A page for people, reached by a link that holds the id of an object, without a key.
struct PageRequest {
    Context& ctx;  ///< of the account that owns the object
    Json object;   ///< the object whose id is in the path
    Params form;   ///< query and, for POST, form
    std::string path;
};
using PageHandler = PageAnswer (*)(PageRequest&);

/// {"GET", "/p/subscription/{id}", "subscription", show_subscription}
struct PageRoute {
    std::string_view method;
    std::string_view pattern;
    std::string_view kind;
    PageHandler handler;
};

/// Where a person authorises a subscription, or pays an order or an open invoice.
std::vector<PageRoute> page_routes();

}  // namespace turnpike::twin::razorpay
