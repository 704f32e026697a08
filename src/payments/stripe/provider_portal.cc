#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "base/encoding.h"
#include "crypto/crypto.h"
#include "payments/errors.h"
#include "payments/stripe/exchange.h"
#include "payments/stripe/provider.h"
#include "payments/stripe/translate.h"

namespace turnpike::stripe {
namespace {

/// Stripe's limit of one configuration; a catalog with more plans offers the lower ones.
constexpr std::size_t kProductsMax = 10;

/// What the page can do besides changing the plan. Names and addresses are changed at ours.
Form fixed_features() {
    Form form;
    form.add("features[customer_update][enabled]", "false")
        .add("features[invoice_history][enabled]", "true")
        .add("features[payment_method_update][enabled]", "true")
        .add("features[subscription_cancel][enabled]", "true")
        .add("features[subscription_cancel][mode]", "at_period_end");
    return form;
}

struct OfferedProduct {
    std::string id;
    std::vector<std::string> prices;
};

void add_update_feature(Form& form, const std::vector<OfferedProduct>& products) {
    const std::string feature = "features[subscription_update]";
    form.add(feature + "[enabled]", products.empty() ? "false" : "true");
    if (products.empty()) return;
    form.add(feature + "[default_allowed_updates][0]", "price")
        .add(feature + "[proration_behavior]", "always_invoice");
    for (std::size_t i = 0; i < products.size(); ++i) {
        const std::string product = fmt::format("{}[products][{}]", feature, i);
        form.add(product + "[product]", products[i].id);
        for (std::size_t j = 0; j < products[i].prices.size(); ++j)
            form.add(fmt::format("{}[prices][{}]", product, j), products[i].prices[j]);
    }
}

asio::awaitable<Result<std::vector<OfferedProduct>>> products_of(Provider& provider,
                                                                 std::vector<std::string> prices) {
    std::vector<OfferedProduct> products;
    for (const std::string& price : prices) {
        const auto found = co_await provider.get_price(price);
        if (!found) co_return failure(found);
        auto product = std::ranges::find(products, found->product, &OfferedProduct::id);
        if (product == products.end() && products.size() == kProductsMax) continue;
        if (product == products.end())
            product = products.insert(products.end(), {found->product, {}});
        product->prices.push_back(price);
    }
    co_return products;
}

/// The same for the same prices and features, whoever asks: one configuration for all customers.
std::string obligation_of(const std::vector<std::string>& prices) {
    std::string what = fixed_features().text();
    for (const std::string& price : prices) what += "\n" + price;
    return "portal_configuration:" + to_hex(sha256(what)).substr(0, 32);
}

}  // namespace

asio::awaitable<Result<std::optional<std::string>>> Provider::portal_configuration(
    std::vector<std::string> prices) {
    const std::string obligation = obligation_of(prices);
    const auto known = co_await exchange_->world().db.read(
        [&](sql::Transaction& tx) { return find_intent(tx, kProviderName, obligation); });
    if (known && known->state == IntentState::Refused) co_return std::nullopt;

    // What is made already is told from our row, whatever the content would be now.
    const bool made = known && known->state == IntentState::Succeeded;
    const auto products =
        co_await products_of(*this, made ? std::vector<std::string>{} : std::move(prices));
    if (!products) co_return failure(products);
    Form form = fixed_features();
    add_update_feature(form, *products);
    form.add_metadata({{std::string(kObligationKey), obligation}});
    Write write{.obligation = obligation,
                .path = std::string(kPortalConfigurations),
                .parameters = form.text(),
                .content = IntentContent::FirstWins};
    const auto written = co_await exchange_->write(std::move(write));
    if (!written) {
        if (may_succeed_later(written.error())) co_return failure(written);
        spdlog::warn("event=stripe.portal_configuration_refused message=\"{}\"",
                     written.error().message);
        co_return std::nullopt;
    }
    auto id = read_id(written->object);
    if (!id) co_return failure(id);
    co_return *std::move(id);
}

asio::awaitable<Result<std::string>> Provider::open_portal(PortalVisit visit) {
    const auto configuration = co_await portal_configuration(std::move(visit.prices));
    if (!configuration) co_return failure(configuration);
    Form form;
    form.add("customer", visit.customer).add("return_url", visit.return_url);
    if (*configuration) form.add("configuration", **configuration);
    const auto session =
        co_await exchange_->post_unowed("/v1/billing_portal/sessions", form.text());
    if (!session) co_return failure(session);
    co_return read_url(*session);
}

}  // namespace turnpike::stripe
