#include <algorithm>
#include <functional>
#include <set>
#include <utility>

#include "base/encoding.h"
#include "json/value.h"
#include "payments/razorpay/drafts.h"
#include "payments/razorpay/exchange.h"
#include "payments/razorpay/invoice_reads.h"
#include "payments/razorpay/notes.h"
#include "payments/razorpay/planned_end.h"
#include "payments/razorpay/provider.h"
#include "payments/razorpay/subscription_writes.h"
#include "payments/razorpay/translate.h"
#include "payments/reply_reader.h"

namespace turnpike::razorpay {
namespace {

void skip(std::string_view kind, const Json& object, const Error& error) {
    skip_unreadable(kProviderName, kind, object, error);
}

/// By its state at Razorpay; a planned end is not seen there.
bool has_bills_to_come(const Json& subscription) {
    const auto status = text_member(subscription, "status");
    return status == "active" || status == "authenticated" || status == "pending";
}

/// Newest first. Razorpay can be asked for the subscriptions of a plan, not of our customer.
asio::awaitable<Result<std::vector<Json>>> subscriptions_of(RazorpayExchange& exchange,
                                                            std::string customer) {
    std::vector<Json> theirs;
    VisitPage keep = [&](std::vector<Json>& items) {
        for (Json& object : items) {
            const auto subscription = read_subscription(object);
            if (subscription && subscription->customer == customer)
                theirs.push_back(std::move(object));
        }
        return told(Walk::On);
    };
    const auto walked = co_await exchange.walk(std::string(kSubscriptions), "", std::move(keep));
    if (!walked) co_return failure(walked);
    co_return theirs;
}

/// All in one page: those made for the customer, and those of each subscription, which Razorpay
/// bills to the one that it made of the payer.
asio::awaitable<Result<ListPage>> invoices_of(RazorpayExchange& exchange, std::string customer) {
    const auto who = path_segment(customer, no_such("customer"));
    if (!who) co_return failure(who);
    const auto subscriptions = co_await subscriptions_of(exchange, *who);
    if (!subscriptions) co_return failure(subscriptions);
    std::vector<std::string> queries = {"customer_id=" + *who};
    for (const Json& subscription : *subscriptions)
        queries.push_back("subscription_id=" + percent_encode(text_member(subscription, "id")));
    ListPage page;
    std::set<std::string> seen;
    for (const std::string& query : queries) {
        auto invoices = co_await exchange.get_all(std::string(kInvoices), query);
        if (!invoices) co_return failure(invoices);
        for (Json& invoice : *invoices)
            if (seen.insert(text_member(invoice, "id")).second)
                page.items.push_back(std::move(invoice));
    }
    std::ranges::sort(page.items, std::greater(), [](const Json& invoice) {
        const auto created = ReplyReader(invoice, "invoice").maybe_integer("created_at");
        return std::pair(created.value_or(0), text_member(invoice, "id"));
    });
    co_return page;
}

}  // namespace

asio::awaitable<Result<std::string>> InvoiceCustomers::customer_of(const Json& invoice) {
    auto named = note_in(invoice, kCustomerNote);
    if (!named.empty()) co_return named;
    const auto id = text_member(invoice, "subscription_id");
    if (id.empty()) co_return text_member(invoice, "customer_id");
    if (const auto known = known_.find(id); known != known_.end()) co_return known->second;
    const auto segment = path_segment(id, no_such("subscription"));
    if (!segment) co_return failure(segment);
    const auto object = co_await exchange_.get(std::string(kSubscriptions) + "/" + *segment);
    if (!object) co_return failure(object);
    auto subscription = read_subscription(*object);
    if (!subscription) co_return failure(subscription);
    known_.emplace(id, subscription->customer);
    co_return std::move(subscription->customer);
}

asio::awaitable<Result<ProviderInvoice>> complete_invoice(RazorpayExchange& exchange,
                                                          InvoiceCustomers& customers,
                                                          Json object) {
    auto customer = co_await customers.customer_of(object);
    if (!customer) co_return failure(customer);
    auto invoice = read_invoice(object, *std::move(customer));
    const auto draft_of = note_in(object, kDraftNote);
    if (!invoice || !is_draft_id(draft_of)) co_return invoice;
    const auto draft = co_await load_draft(exchange, draft_of);
    if (draft) restore_lines(*draft, *invoice);
    co_return invoice;
}

asio::awaitable<Result<ProviderInvoice>> complete_invoice(RazorpayExchange& exchange, Json object) {
    InvoiceCustomers customers(exchange);
    co_return co_await complete_invoice(exchange, customers, std::move(object));
}

namespace {

/// The first of a page that goes on after this cycle, into `running`.
asio::awaitable<Walk> look_for_running(RazorpayExchange& exchange, const std::string& customer,
                                       const std::vector<Json>& page,
                                       std::optional<std::string>& running) {
    std::vector<ProviderSubscription> theirs;
    for (const Json& object : page) {
        auto subscription = read_subscription(object);
        if (subscription && subscription->customer == customer && has_bills_to_come(object))
            theirs.push_back(*std::move(subscription));
    }
    co_await mark_planned_ends(exchange, theirs);
    const auto goes_on =
        std::ranges::find(theirs, false, &ProviderSubscription::cancel_at_period_end);
    if (goes_on == theirs.end()) co_return Walk::On;
    running = goes_on->id;
    co_return Walk::Enough;
}

}  // namespace

asio::awaitable<Result<std::optional<std::string>>> running_subscription(RazorpayExchange& exchange,
                                                                         std::string customer) {
    std::optional<std::string> running;
    VisitPage look = [&](std::vector<Json>& page) {
        return look_for_running(exchange, customer, page, running);
    };
    const auto walked = co_await exchange.walk(std::string(kSubscriptions), "", std::move(look));
    if (!walked) co_return failure(walked);
    co_return running;
}

asio::awaitable<Result<ProviderPrice>> Provider::get_price(std::string id) {
    const auto segment = path_segment(id, no_such("price"));
    if (!segment) co_return failure(segment);
    const auto object = co_await exchange_->get(std::string(kPlans) + "/" + *segment);
    if (!object) co_return failure(object);
    co_return read_price(*object);
}

asio::awaitable<Result<std::vector<PaymentMethodOnFile>>> Provider::list_payment_methods(
    std::string customer) {
    const auto theirs = co_await subscriptions_of(*exchange_, customer);
    if (!theirs) co_return failure(theirs);
    std::vector<PaymentMethodOnFile> methods;
    for (const Json& object : *theirs) {
        const auto method = text_member(object, "payment_method");
        if (method.empty() || is_ended(object)) continue;
        methods.push_back({.id = text_member(object, "id"), .brand = method, .last4 = ""});
    }
    if (methods.size() == 1) methods.front().is_default = true;
    co_return methods;
}

asio::awaitable<Result<ProviderSubscription>> Provider::get_subscription(std::string id) {
    const auto segment = path_segment(id, no_such("subscription"));
    if (!segment) co_return failure(segment);
    const auto object = co_await exchange_->get(std::string(kSubscriptions) + "/" + *segment);
    if (!object) co_return failure(object);
    auto subscription = read_subscription(*object);
    if (!subscription) co_return failure(subscription);
    auto running = co_await with_planned_end(*exchange_, *std::move(subscription));
    co_return co_await with_planned_change(*exchange_, std::move(running));
}

asio::awaitable<Result<ProviderPage<ProviderSubscription>>> Provider::list_subscriptions(
    std::optional<std::string> customer, std::optional<std::string> after) {
    auto listing = co_await exchange_->get_page(std::string(kSubscriptions), "", std::move(after));
    if (!listing) co_return failure(listing);
    ProviderPage<ProviderSubscription> page{.items = {}, .next = std::move(listing->next)};
    for (const Json& entry : listing->items) {
        auto subscription = read_subscription(entry);
        if (!subscription)
            skip("subscription", entry, subscription.error());
        else if (!customer || subscription->customer == *customer)
            page.items.push_back(*std::move(subscription));
    }
    co_await mark_planned_ends(*exchange_, page.items);
    co_return page;
}

asio::awaitable<Result<ProviderPage<ProviderInvoice>>> Provider::list_invoices(
    std::optional<std::string> customer, std::optional<std::string> after) {
    auto listing = customer ? co_await invoices_of(*exchange_, *customer)
                            : co_await exchange_->get_page(std::string(kInvoices), "", after);
    if (!listing) co_return failure(listing);
    ProviderPage<ProviderInvoice> page{.items = {}, .next = std::move(listing->next)};
    InvoiceCustomers customers(*exchange_);
    for (const Json& entry : listing->items) {
        auto invoice = co_await complete_invoice(*exchange_, customers, entry);
        if (!invoice && invoice.error().reason != kUnexpectedReply) co_return failure(invoice);
        if (!invoice)
            skip("invoice", entry, invoice.error());
        else if (!customer || invoice->customer == *customer)
            page.items.push_back(*std::move(invoice));
    }
    co_return page;
}

}  // namespace turnpike::razorpay
