#include "payments/stripe/known_product.h"

#include "json/json.h"
#include "payments/exchange.h"
#include "payments/intents.h"
#include "payments/stripe/provider.h"

namespace turnpike::stripe {
namespace {

std::optional<std::string> product_made(const Intent& intent) {
    if (intent.state != IntentState::Succeeded || !intent.reply) return std::nullopt;
    const auto object = parse_json(*intent.reply);
    if (!object) return std::nullopt;
    const auto id = read_id(*object);
    if (!id) return std::nullopt;
    return *id;
}

}  // namespace

std::optional<std::string> known_product(sql::Transaction& tx, const PlanVersionId& version) {
    const auto intent = find_intent(tx, kProviderName, product_obligation(version));
    return intent ? product_made(*intent) : std::nullopt;
}

std::map<std::string, std::string> known_products(sql::Transaction& tx,
                                                  const std::vector<PlanVersionId>& versions) {
    std::map<std::string, std::string> by_obligation;
    std::vector<std::string> obligations;
    for (const PlanVersionId& version : versions)
        by_obligation[obligations.emplace_back(product_obligation(version))] = version.text();
    std::map<std::string, std::string> products;
    for (const Intent& intent : find_intents(tx, kProviderName, obligations))
        if (auto product = product_made(intent))
            products[by_obligation[intent.obligation]] = *std::move(product);
    return products;
}

std::string product_obligation(const PlanVersionId& version) { return "product:" + version.text(); }

}  // namespace turnpike::stripe
