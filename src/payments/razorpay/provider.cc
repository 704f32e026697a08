#include "payments/razorpay/provider.h"

#include <utility>

#include "base/encoding.h"
#include "crypto/crypto.h"
#include "json/value.h"
#include "payments/currencies.h"
#include "payments/razorpay/drafts.h"
#include "payments/razorpay/exchange.h"
#include "payments/razorpay/intervals.h"
#include "payments/razorpay/notes.h"
#include "payments/razorpay/refusal.h"
#include "payments/razorpay/translate.h"

namespace turnpike::razorpay {
namespace {

/// Razorpay's limit, in characters.
constexpr std::size_t kCustomerNameMax = 50;

std::string details_text(const std::optional<std::string>& name,
                         const std::optional<std::string>& email) {
    return to_text(Json{{"name", shortened(name.value_or(""), kCustomerNameMax)},
                        {"email", email.value_or("")}});
}

}  // namespace

Result<std::unique_ptr<Provider>> Provider::create(const ClientConfig& config, http::Client& http,
                                                   IntentWorld world, ClientMetrics metrics) {
    const auto checked = check_config(config);
    if (!checked) return failure(checked);
    auto exchange = std::make_unique<RazorpayExchange>(config, http, world, std::move(metrics));
    return std::unique_ptr<Provider>(new Provider(std::move(exchange)));
}

Provider::Provider(std::unique_ptr<RazorpayExchange> exchange) : exchange_(std::move(exchange)) {}
Provider::~Provider() = default;

BillingTraits Provider::traits() const {
    return {.consent = BillingTraits::Consent::AuthorizationPage,
            .overage = BillingTraits::Overage::NextBill,
            .line_amount = BillingTraits::LineAmount::OneUnitAndMore,
            .invoice_lines_max = kLinesMax};
}

asio::awaitable<Result<std::string>> Provider::create_customer(NewCustomer request) {
    if (request.test_clock) co_return std::unexpected(no_test_clocks());
    const std::string obligation = "customer:" + request.customer.text();
    Json body = Json::object();
    if (request.name) body["name"] = shortened(*request.name, kCustomerNameMax);
    if (request.email) body["email"] = *request.email;
    body["notes"] = notes_of(obligation, {{"turnpike_customer", request.customer.text()},
                                          {"turnpike_external_id", request.external_id}});
    // A person may change their name between two tries; who is meant stays the same.
    Write write{.obligation = obligation,
                .path = std::string(kCustomers),
                .parameters = to_text(body),
                .content = IntentContent::FirstWins,
                .repeat = Repeat::NeverTwice};
    const auto written = co_await exchange_->write(std::move(write));
    if (!written) co_return failure(written);
    co_return read_id(written->object);
}

asio::awaitable<Result<std::monostate>> Provider::update_customer(CustomerDetails request) {
    const auto who = path_segment(request.customer, no_such("customer"));
    if (!who) co_return failure(who);
    const std::string body = details_text(request.name, request.email);
    // A restored ledger may count to the same revision with another name: not the same obligation.
    Write write{.obligation = request.obligation + ":" + to_hex(sha256(body)).substr(0, 16),
                .path = std::string(kCustomers) + "/" + *who,
                .parameters = body,
                .method = http::Method::Put};
    const auto written = co_await exchange_->write(std::move(write));
    if (!written) co_return failure(written);
    co_return std::monostate{};
}

asio::awaitable<Result<std::string>> Provider::create_price(NewPrice request) {
    const auto amount = wire_amount(request.amount);
    if (!amount) co_return failure(amount);
    const auto rhythm = rhythm_of(request.interval, request.interval_count);
    if (!rhythm) co_return failure(rhythm);
    const std::string obligation = "price:" + request.price.text();
    const Json body{
        {"period", rhythm->period},
        {"interval", rhythm->interval},
        {"item",
         {{"name", shortened(request.plan_name, kItemNameMax)},
          {"amount", *amount},
          {"currency", upper_code(request.amount.currency())}}},
        {"notes", notes_of(obligation, {{"turnpike_price", request.price.text()},
                                        {"turnpike_plan", request.plan_key},
                                        {"turnpike_plan_version", request.plan_version.text()}})}};
    Write write{.obligation = obligation,
                .path = std::string(kPlans),
                .parameters = to_text(body),
                .repeat = Repeat::NeverTwice};
    const auto written = co_await exchange_->write(std::move(write));
    if (!written) co_return failure(written);
    co_return read_id(written->object);
}

asio::awaitable<Result<SettledIntents>> Provider::settle_unknown(int limit) {
    co_return co_await exchange_->settle_unknown(limit);
}

ClientHealth Provider::client_health() const { return exchange_->client_health(); }

asio::awaitable<ProviderHealth> Provider::health() {
    const auto unknown = co_await exchange_->count_unknown();
    co_return ProviderHealth{exchange_->client_health(), unknown};
}

asio::awaitable<Result<std::monostate>> Provider::probe() {
    const auto plans = co_await exchange_->get(std::string(kPlans), "count=1");
    if (!plans) co_return failure(plans);
    co_return std::monostate{};
}

}  // namespace turnpike::razorpay
