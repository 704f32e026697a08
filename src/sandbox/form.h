#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "json/json.h"

namespace turnpike::http {
struct Request;
}

namespace turnpike::twin {

/// The query's parameters and the form's, which are one set, as Stripe has it; a page's form posts
/// to the address of the page, so that its query is still there. For decode_form().
std::string parameters_of(const http::Request& request);

/// Decodes "a[b][c]=v&items[0][price]=p&expand[]=x" into a tree: objects, arrays, and text leaves.
/// "a[0]" stays an object with the key "0", because "metadata[0]" is one: whoever reads
/// the tree knows where it wants an array.
/// Errors: InvalidArgument "sandbox.bad_form" for bad escapes or UTF-8, depth over 8, over 1,000
/// pairs, or contradicting shapes.
Result<Json> decode_form(std::string_view text);

}  // namespace turnpike::twin
