#include <string_view>
#include <utility>

#include "json/value.h"
#include "payments/currencies.h"
#include "payments/razorpay/exchange.h"
#include "payments/razorpay/notes.h"
#include "payments/razorpay/provider.h"
#include "payments/razorpay/translate.h"
#include "payments/reply_reader.h"

namespace turnpike::razorpay {
namespace {

constexpr std::string_view kPayments = "/v1/payments";
constexpr std::string_view kRefunds = "/v1/refunds";
constexpr std::string_view kDisputes = "/v1/disputes";

asio::awaitable<Result<Json>> get_object(RazorpayExchange& exchange, std::string_view collection,
                                         std::string id, std::string_view kind) {
    const auto segment = path_segment(id, no_such(kind));
    if (!segment) co_return failure(segment);
    co_return co_await exchange.get(std::string(collection) + "/" + *segment);
}

/// Who paid stands in the invoice: Razorpay makes a customer of its own of each payer.
asio::awaitable<Result<PaidFor>> paid_for(RazorpayExchange& exchange, std::string payment) {
    const auto paid = co_await get_object(exchange, kPayments, std::move(payment), "payment");
    if (!paid) co_return failure(paid);
    ReplyReader fields(*paid, "payment");
    PaidFor bought;
    bought.customer = fields.maybe_text("customer_id");
    bought.invoice = fields.maybe_text("invoice_id");
    co_return fields.finish(std::move(bought));
}

template <class T>
asio::awaitable<Result<T>> complete(RazorpayExchange& exchange, Json object,
                                    Result<T> (*read)(const Json&)) {
    auto translated = read(object);
    if (!translated) co_return translated;
    auto bought = co_await paid_for(exchange, translated->payment);
    if (!bought) co_return failure(bought);
    translated->paid_for = *std::move(bought);
    co_return translated;
}

Result<ProviderPayment> read_left_of(const Json& payment) {
    ReplyReader fields(payment, "payment");
    const auto refunded = fields.maybe_integer("amount_refunded").value_or(0);
    const auto left = read_amount(fields.integer("amount") - refunded, fields.text("currency"));
    if (!left) return failure(left);
    return fields.finish(ProviderPayment{fields.text("id"), *left});
}

}  // namespace

asio::awaitable<Result<ProviderRefund>> Provider::create_refund(NewRefund request) {
    const auto amount = wire_amount(request.amount);
    if (!amount) co_return failure(amount);
    const auto payment = path_segment(request.payment, no_such("payment"));
    if (!payment) co_return failure(payment);
    auto names = std::move(request.metadata);
    if (request.reason) names.insert_or_assign(std::string(kReasonNote), *request.reason);
    const Json body{
        {"amount", *amount}, {"speed", "normal"}, {"notes", notes_of(request.obligation, names)}};
    Write write{.obligation = std::move(request.obligation),
                .path = std::string(kPayments) + "/" + *payment + "/refund",
                .parameters = to_text(body),
                .repeat = Repeat::NeverTwice};
    const auto object = co_await exchange_->write_afresh(std::move(write), std::string(kRefunds));
    if (!object) co_return failure(object);
    co_return read_refund(*object);
}

asio::awaitable<Result<ProviderRefund>> Provider::get_refund(std::string id) {
    auto object = co_await get_object(*exchange_, kRefunds, std::move(id), "refund");
    if (!object) co_return failure(object);
    co_return co_await complete(*exchange_, *std::move(object), read_refund);
}

asio::awaitable<Result<ProviderDispute>> Provider::get_dispute(std::string id) {
    auto object = co_await get_object(*exchange_, kDisputes, std::move(id), "dispute");
    if (!object) co_return failure(object);
    co_return co_await complete(*exchange_, *std::move(object), read_dispute);
}

asio::awaitable<Result<ProviderPage<ProviderRefund>>> Provider::list_refunds(
    RefundQuery query, std::optional<std::string> after) {
    std::string path(kRefunds);
    if (query.payment) {
        const auto payment = path_segment(*query.payment, no_such("payment"));
        if (!payment) co_return failure(payment);
        path = std::string(kPayments) + "/" + *payment + "/refunds";
    }
    std::string parameters;
    if (query.since) parameters = "from=" + std::to_string(unix_seconds(*query.since));
    auto listing =
        co_await exchange_->get_page(std::move(path), std::move(parameters), std::move(after));
    if (!listing) co_return failure(listing);
    co_return read_listed(kProviderName, "refund", *std::move(listing), read_refund);
}

asio::awaitable<Result<std::vector<ProviderPayment>>> Provider::payments_of_invoice(
    std::string invoice) {
    const auto object = co_await get_object(*exchange_, kInvoices, std::move(invoice), "invoice");
    if (!object) co_return failure(object);
    std::vector<ProviderPayment> payments;
    const auto id = ReplyReader(*object, "invoice").maybe_text("payment_id");
    if (!id) co_return payments;
    const auto paid = co_await get_object(*exchange_, kPayments, *id, "payment");
    if (!paid) co_return failure(paid);
    auto payment = read_left_of(*paid);
    if (!payment) co_return failure(payment);
    payments.push_back(*std::move(payment));
    co_return payments;
}

}  // namespace turnpike::razorpay
