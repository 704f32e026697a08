#include "payments/stripe/known_product.h"

#include "json/json.h"
#include "payments/exchange.h"
#include "payments/intents.h"
#include "payments/stripe/provider.h"

namespace turnpike::stripe {

std::optional<std::string> known_product(sql::Transaction& tx, const PlanVersionId& version) {
    const auto intent = find_intent(tx, kProviderName, product_obligation(version));
    if (!intent || intent->state != IntentState::Succeeded || !intent->reply) return std::nullopt;
    const auto object = parse_json(*intent->reply);
    if (!object) return std::nullopt;
    const auto id = read_id(*object);
    if (!id) return std::nullopt;
    return *id;
}

std::string product_obligation(const PlanVersionId& version) { return "product:" + version.text(); }

}  // namespace turnpike::stripe
