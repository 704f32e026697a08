#pragma once

#include <map>
#include <string>
#include <string_view>

#include "sql/sql.h"

namespace turnpike {

/// What a provider calls the prices of a catalog's plans that are sold, in their newest versions:
/// its ids by ours. Those that it has not yet are left out. One query, as find_provider_price is
/// for one price.
std::map<std::string, std::string> sold_price_links(sql::Transaction& tx, std::string_view provider,
                                                    std::string_view catalog_key);

}  // namespace turnpike
