#include "catalog/named_catalog.h"

namespace turnpike {

Result<std::string> catalog_asked(const Catalog& catalog, const http::Request& request) {
    const std::string* named = request.query_value("catalog");
    if (named == nullptr) return std::string();
    if (named->empty() || !catalog.has(*named))
        return invalid_argument("catalog.no_such_catalog", "there is no catalog '" + *named + "'");
    return *named;
}

}  // namespace turnpike
