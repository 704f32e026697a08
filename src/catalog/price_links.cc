#include "catalog/price_links.h"

namespace turnpike {
namespace {

// The first row of a price is the one that is sold.
constexpr std::string_view kSoldLinks = R"sql(
    SELECT l.price_id, l.provider_price_id
      FROM provider_prices l
      JOIN prices r ON r.id = l.price_id
      JOIN plan_versions v ON v.id = r.plan_version_id
      JOIN plans p ON p.id = v.plan_id
     WHERE l.provider = $1 AND p.catalog = $2 AND p.archived_at IS NULL
       AND v.number = (SELECT MAX(x.number) FROM plan_versions x WHERE x.plan_id = p.id)
     ORDER BY l.price_id, l.linked_at DESC, l.provider_price_id
)sql";

}  // namespace

std::map<std::string, std::string> sold_price_links(sql::Transaction& tx, std::string_view provider,
                                                    std::string_view catalog_key) {
    std::map<std::string, std::string> links;
    for (const auto& row : tx.all(kSoldLinks, {provider, catalog_key}))
        links.emplace(row.text(0), row.text(1));
    return links;
}

}  // namespace turnpike
