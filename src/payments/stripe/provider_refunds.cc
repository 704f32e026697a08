#include <utility>

#include "payments/currencies.h"
#include "payments/reply_reader.h"
#include "payments/stripe/exchange.h"
#include "payments/stripe/provider.h"
#include "payments/stripe/translate.h"

namespace turnpike::stripe {
namespace {

constexpr std::string_view kInvoicePayments = "/v1/invoice_payments";
constexpr std::string_view kDisputes = "/v1/disputes";

/// The parameter that a payment goes by, and takes part in nothing else.
std::string_view parameter_of(const std::string& payment) {
    return payment.starts_with("ch_") || payment.starts_with("py_") ? "charge" : "payment_intent";
}

asio::awaitable<Result<Json>> get_object(StripeExchange& exchange, std::string collection,
                                         std::string id, std::string_view kind) {
    const auto segment = path_segment(id, no_such(kind));
    if (!segment) co_return failure(segment);
    co_return co_await exchange.get(std::move(collection) + "/" + *segment);
}

/// Charges and payment intents name no invoice: what links them is an object of its own.
asio::awaitable<Result<std::optional<std::string>>> invoice_paid_by(StripeExchange& exchange,
                                                                    std::string payment) {
    if (parameter_of(payment) == "charge") co_return std::optional<std::string>();
    Form query;
    query.add("payment[type]", "payment_intent").add("payment[payment_intent]", payment);
    const auto links = co_await exchange.get_all(std::string(kInvoicePayments), query);
    if (!links) co_return failure(links);
    if (links->empty()) co_return std::optional<std::string>();
    ReplyReader link(links->front(), "invoice_payment");
    co_return link.finish(std::optional(link.reference("invoice")));
}

/// What the charge of `object`, a refund or a dispute, was for.
asio::awaitable<Result<PaidFor>> paid_for(StripeExchange& exchange, Json object,
                                          std::string payment) {
    const auto charge = ReplyReader(object, "object").maybe_reference("charge");
    PaidFor bought;
    if (charge) {
        const auto paid = co_await get_object(exchange, "/v1/charges", *charge, "charge");
        if (!paid) co_return failure(paid);
        bought.customer = ReplyReader(*paid, "charge").maybe_reference("customer");
    }
    auto invoice = co_await invoice_paid_by(exchange, std::move(payment));
    if (!invoice) co_return failure(invoice);
    bought.invoice = *std::move(invoice);
    co_return bought;
}

/// A refund, or a dispute, with what was paid for.
template <class T>
asio::awaitable<Result<T>> complete(StripeExchange& exchange, Json object,
                                    Result<T> (*read)(const Json&)) {
    auto translated = read(object);
    if (!translated) co_return translated;
    auto bought = co_await paid_for(exchange, std::move(object), translated->payment);
    if (!bought) co_return failure(bought);
    translated->paid_for = *std::move(bought);
    co_return translated;
}

std::optional<ProviderPayment> read_charge(const Json& charge, std::string payment) {
    ReplyReader fields(charge, "charge");
    const auto captured = fields.maybe_integer("amount_captured").value_or(0);
    const auto refunded = fields.maybe_integer("amount_refunded").value_or(0);
    const auto left = read_amount(captured - refunded, fields.text("currency"));
    if (!left || fields.complained()) return std::nullopt;
    return ProviderPayment{std::move(payment), *left};
}

/// What of an invoice's payment can go back; nothing can of one that was made outside of Stripe.
asio::awaitable<Result<std::optional<ProviderPayment>>> payment_behind(StripeExchange& exchange,
                                                                       Json link) {
    using Behind = std::optional<ProviderPayment>;
    const Json* named = ReplyReader(link, "invoice_payment").object("payment");
    if (named == nullptr) co_return Behind();
    ReplyReader fields(*named, "invoice_payment.payment");
    auto charge = fields.maybe_reference("charge");
    auto payment = fields.maybe_reference("payment_intent");
    if (payment) {
        const auto intent =
            co_await get_object(exchange, "/v1/payment_intents", *payment, "payment");
        if (!intent) co_return failure(intent);
        charge = ReplyReader(*intent, "payment_intent").maybe_reference("latest_charge");
    }
    if (!charge) co_return Behind();
    const auto paid = co_await get_object(exchange, "/v1/charges", *charge, "charge");
    if (!paid) co_return failure(paid);
    co_return read_charge(*paid, payment.value_or(*charge));
}

}  // namespace

asio::awaitable<Result<ProviderRefund>> Provider::create_refund(NewRefund request) {
    const auto amount = wire_amount(request.amount);
    if (!amount) co_return failure(amount);
    auto metadata = std::move(request.metadata);
    metadata.insert_or_assign(std::string(kObligationKey), request.obligation);
    Form form;
    form.add(parameter_of(request.payment), request.payment).add("amount", *amount);
    if (request.reason) form.add("reason", *request.reason);
    form.add_metadata(metadata);
    Write write{.obligation = std::move(request.obligation),
                .path = std::string(kRefunds),
                .parameters = form.text()};
    const auto object = co_await exchange_->write_afresh(std::move(write), std::string(kRefunds));
    if (!object) co_return failure(object);
    co_return read_refund(*object);
}

asio::awaitable<Result<ProviderRefund>> Provider::get_refund(std::string id) {
    auto object = co_await get_object(*exchange_, std::string(kRefunds), std::move(id), "refund");
    if (!object) co_return failure(object);
    co_return co_await complete(*exchange_, *std::move(object), read_refund);
}

asio::awaitable<Result<ProviderDispute>> Provider::get_dispute(std::string id) {
    auto object = co_await get_object(*exchange_, std::string(kDisputes), std::move(id), "dispute");
    if (!object) co_return failure(object);
    co_return co_await complete(*exchange_, *std::move(object), read_dispute);
}

asio::awaitable<Result<ProviderPage<ProviderRefund>>> Provider::list_refunds(
    RefundQuery query, std::optional<std::string> after) {
    Form form;
    if (query.payment) form.add(parameter_of(*query.payment), *query.payment);
    if (query.since) form.add("created[gte]", unix_seconds(*query.since));
    auto listing =
        co_await exchange_->get_page(std::string(kRefunds), std::move(form), std::move(after));
    if (!listing) co_return failure(listing);
    co_return read_listed(kProviderName, "refund", *std::move(listing), read_refund);
}

asio::awaitable<Result<ProviderPage<ProviderDispute>>> Provider::list_disputes(
    Instant since, std::optional<std::string> after) {
    Form form;
    form.add("created[gte]", unix_seconds(since));
    auto listing =
        co_await exchange_->get_page(std::string(kDisputes), std::move(form), std::move(after));
    if (!listing) co_return failure(listing);
    co_return read_listed(kProviderName, "dispute", *std::move(listing), read_dispute);
}

asio::awaitable<Result<std::vector<ProviderPayment>>> Provider::payments_of_invoice(
    std::string invoice) {
    Form query;
    query.add("invoice", invoice).add("status", "paid");
    const auto links = co_await exchange_->get_all(std::string(kInvoicePayments), query);
    if (!links) co_return failure(links);
    std::vector<ProviderPayment> payments;
    for (const Json& link : *links) {
        auto payment = co_await payment_behind(*exchange_, link);
        if (!payment) co_return failure(payment);
        if (*payment) payments.push_back(**std::move(payment));
    }
    co_return payments;
}

}  // namespace turnpike::stripe
