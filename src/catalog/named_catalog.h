#pragma once

#include <string>

#include "base/error.h"
#include "catalog/catalog.h"
#include "http/message.h"

namespace turnpike {

/// The catalog that a listing or a sum is narrowed to, ?catalog=; "" where none is named.
/// Errors: InvalidArgument "catalog.no_such_catalog".
Result<std::string> catalog_asked(const Catalog& catalog, const http::Request& request);

}  // namespace turnpike
