#include "payments/stripe/provider.h"

#include <utility>

#include "base/encoding.h"
#include "crypto/crypto.h"
#include "payments/currencies.h"
#include "payments/errors.h"
#include "payments/stripe/exchange.h"
#include "payments/stripe/known_product.h"
#include "payments/stripe/translate.h"

namespace turnpike::stripe {

namespace {

/// The obligation, and more names of ours, for an object that is being made.
std::map<std::string, std::string> tags(const std::string& obligation,
                                        std::map<std::string, std::string> more = {}) {
    more.insert_or_assign(std::string(kObligationKey), obligation);
    return more;
}

}  // namespace

Result<std::unique_ptr<Provider>> Provider::create(ClientConfig config, http::Client& http,
                                                   IntentWorld world, ClientMetrics metrics) {
    const auto checked = check_config(config);
    if (!checked) return failure(checked);
    auto exchange = std::make_unique<StripeExchange>(config, http, world, std::move(metrics));
    return std::unique_ptr<Provider>(new Provider(std::move(exchange)));
}

Provider::Provider(std::unique_ptr<StripeExchange> exchange) : exchange_(std::move(exchange)) {}
Provider::~Provider() = default;

bool Provider::live() const { return exchange_->live(); }

asio::awaitable<Result<std::string>> Provider::create_customer(NewCustomer request) {
    const std::string obligation = "customer:" + request.customer.text();
    Form form;
    if (request.email) form.add("email", *request.email);
    if (request.name) form.add("name", *request.name);
    if (request.test_clock) form.add("test_clock", *request.test_clock);
    form.add_metadata(tags(obligation, {{"turnpike_customer", request.customer.text()},
                                        {"turnpike_external_id", request.external_id}}));
    // A person may change their name between two tries; who is meant stays the same.
    Write write{.obligation = obligation,
                .path = "/v1/customers",
                .parameters = form.text(),
                .content = IntentContent::FirstWins};
    const auto written = co_await exchange_->write(std::move(write));
    if (!written) co_return failure(written);
    co_return read_id(written->object);
}

asio::awaitable<Result<std::monostate>> Provider::update_customer(CustomerDetails request) {
    const auto who = path_segment(request.customer, no_such("customer"));
    if (!who) co_return failure(who);
    Form form;
    form.add("email", request.email.value_or("")).add("name", request.name.value_or(""));
    // A restored ledger may count to the same revision with another name: not the same obligation.
    const std::string obligation =
        request.obligation + ":" + to_hex(sha256(form.text())).substr(0, 16);
    form.add_metadata({{std::string(kLastChangeKey), obligation}});
    Write write{
        .obligation = obligation, .path = "/v1/customers/" + *who, .parameters = form.text()};
    const auto written = co_await exchange_->write(std::move(write));
    if (!written) co_return failure(written);
    co_return std::monostate{};
}

asio::awaitable<Result<std::string>> Provider::create_product(const NewPrice& request) {
    const std::string obligation = product_obligation(request.plan_version);
    Form form;
    form.add("name", request.plan_name);
    form.add_metadata(tags(obligation, {{"turnpike_plan", request.plan_key},
                                        {"turnpike_plan_version", request.plan_version.text()}}));
    Write write{.obligation = obligation,
                .path = "/v1/products",
                .parameters = form.text(),
                .content = IntentContent::FirstWins};
    const auto written = co_await exchange_->write(std::move(write));
    if (!written) co_return failure(written);
    co_return read_id(written->object);
}

asio::awaitable<Result<std::string>> Provider::create_price(NewPrice request) {
    const auto amount = wire_amount(request.amount);
    if (!amount) co_return failure(amount);
    const auto product = co_await create_product(request);
    if (!product) co_return failure(product);

    const std::string obligation = "price:" + request.price.text();
    Form form;
    form.add("product", *product)
        .add("currency", to_text(request.amount.currency()))
        .add("unit_amount", *amount)
        .add("recurring[interval]", request.interval)
        .add("recurring[interval_count]", request.interval_count)
        .add_metadata(tags(obligation, {{"turnpike_price", request.price.text()}}));
    Write write{.obligation = obligation, .path = "/v1/prices", .parameters = form.text()};
    const auto written = co_await exchange_->write(std::move(write));
    if (!written) co_return failure(written);
    co_return read_id(written->object);
}

asio::awaitable<Result<PaymentMethodOnFile>> Provider::attach_payment_method(
    std::string obligation, std::string customer, std::string payment_method) {
    const auto method = path_segment(payment_method, unknown_method());
    if (!method) co_return failure(method);
    Form form;
    form.add("customer", customer);
    Write write{.obligation = std::move(obligation),
                .path = "/v1/payment_methods/" + *method + "/attach",
                .parameters = form.text(),
                .subject = RefusedSubject::PaymentMethod};
    const auto written = co_await exchange_->write(std::move(write));
    if (!written) co_return failure(written);
    co_return read_payment_method(written->object, std::nullopt);
}

asio::awaitable<Result<PaymentMethodOnFile>> Provider::set_default_payment_method(
    std::string obligation, std::string customer, std::string payment_method) {
    const auto method = path_segment(payment_method, unknown_method());
    if (!method) co_return failure(method);
    const auto who = path_segment(customer, no_such("customer"));
    if (!who) co_return failure(who);
    Form form;
    form.add("invoice_settings[default_payment_method]", *method);
    Write write{.obligation = std::move(obligation),
                .path = "/v1/customers/" + *who,
                .parameters = form.text(),
                .subject = RefusedSubject::PaymentMethod};
    const auto written = co_await exchange_->write(std::move(write));
    if (!written) co_return failure(written);
    const auto object = co_await exchange_->get("/v1/payment_methods/" + *method);
    if (!object) co_return failure(object);
    co_return read_payment_method(*object, *method);
}

asio::awaitable<Result<PaymentMethodOnFile>> Provider::detach_payment_method(
    std::string obligation, std::string payment_method) {
    const auto method = path_segment(payment_method, unknown_method());
    if (!method) co_return failure(method);
    Write write{.obligation = std::move(obligation),
                .path = "/v1/payment_methods/" + *method + "/detach",
                .parameters = {},
                .subject = RefusedSubject::PaymentMethod};
    const auto written = co_await exchange_->write(std::move(write));
    if (!written) co_return failure(written);
    co_return read_payment_method(written->object, std::nullopt);
}

asio::awaitable<Result<std::string>> Provider::add_invoice_item(NewInvoiceItem request) {
    const auto amount = wire_amount(request.amount);
    if (!amount) co_return failure(amount);
    Form form;
    form.add("customer", request.customer);
    if (request.invoice) form.add("invoice", *request.invoice);
    form.add("amount", *amount)
        .add("currency", to_text(request.amount.currency()))
        .add("description", request.description)
        .add("period[start]", unix_seconds(request.period.start))
        .add("period[end]", unix_seconds(request.period.end))
        .add_metadata(tags(request.obligation, std::move(request.metadata)));
    Write write{.obligation = std::move(request.obligation),
                .path = "/v1/invoiceitems",
                .parameters = form.text()};
    const auto written = co_await exchange_->write(std::move(write));
    if (!written) co_return failure(written);
    co_return read_id(written->object);
}

asio::awaitable<Result<std::monostate>> Provider::remove_invoice_item(std::string obligation,
                                                                      std::string item) {
    const auto id = path_segment(item, no_such("invoice item"));
    if (!id) co_return failure(id);
    Write write{.obligation = std::move(obligation),
                .path = "/v1/invoiceitems/" + *id,
                .parameters = "",
                .method = http::Method::Delete};
    const auto written = co_await exchange_->write(std::move(write));
    // DELETE knows no idempotency key: a repeat finds nothing, and that is success.
    if (!written && written.error().code != ErrorCode::NotFound) co_return failure(written);
    co_return std::monostate{};
}

asio::awaitable<Result<ProviderTestClock>> Provider::create_test_clock(std::string obligation,
                                                                       std::string clock_name,
                                                                       Instant frozen_time) {
    Form form;
    form.add("frozen_time", unix_seconds(frozen_time)).add("name", clock_name);
    Write write{.obligation = std::move(obligation),
                .path = "/v1/test_helpers/test_clocks",
                .parameters = form.text()};
    const auto written = co_await exchange_->write(std::move(write));
    if (!written) co_return failure(written);
    co_return read_test_clock(written->object);
}

asio::awaitable<Result<ProviderTestClock>> Provider::advance_test_clock(std::string obligation,
                                                                        std::string clock,
                                                                        Instant frozen_time) {
    const auto id = path_segment(clock, no_such("test clock"));
    if (!id) co_return failure(id);
    Form form;
    form.add("frozen_time", unix_seconds(frozen_time));
    Write write{.obligation = std::move(obligation),
                .path = "/v1/test_helpers/test_clocks/" + *id + "/advance",
                .parameters = form.text()};
    const auto written = co_await exchange_->write(std::move(write));
    if (!written) co_return failure(written);
    co_return read_test_clock(written->object);
}

asio::awaitable<Result<std::optional<std::string>>> Provider::find_by_obligation(Intent intent) {
    co_return co_await exchange_->find_outcome(std::move(intent));
}

asio::awaitable<Result<SettledIntents>> Provider::settle_unknown(int limit) {
    co_return co_await exchange_->settle_unknown(limit);
}

asio::awaitable<ProviderHealth> Provider::health() {
    const auto unknown = co_await exchange_->count_unknown();
    co_return ProviderHealth{exchange_->client_health(), unknown};
}

ClientHealth Provider::client_health() const { return exchange_->client_health(); }

asio::awaitable<Result<std::monostate>> Provider::probe() {
    const auto events = co_await exchange_->get("/v1/events", "limit=1");
    if (!events) co_return failure(events);
    co_return std::monostate{};
}

}  // namespace turnpike::stripe
