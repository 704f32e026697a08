#include "billing/testing/two_providers_testing.h"

#include <algorithm>
#include <stdexcept>

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/encoding.h"
#include "billing/life/provider_move.h"
#include "billing/life/reconcile.h"
#include "billing/worker.h"
#include "catalog/service.h"
#include "customers/service.h"
#include "entitlements/consume.h"
#include "entitlements/usage_summary.h"
#include "invoicing/service.h"
#include "json/value.h"
#include "metering/sql/sql_usage.h"
#include "subscriptions/service.h"

namespace turnpike {
namespace {

constexpr const char* kStripeKey = "sk_test_twoproviders";
constexpr const char* kRazorpayKey = "rzp_test_twoproviders";
constexpr const char* kRazorpaySecret = "secretOfBoth";

std::unique_ptr<Sandbox> both_twins(const sql::TempFolder& folder, const Clock& clock,
                                    IdSource& ids) {
    SandboxConfig config;
    config.data_dir = folder.path();
    config.worker.look_every = std::chrono::milliseconds(10);
    config.razorpay = SandboxConfig::Address{};
    auto started = Sandbox::start(config, clock, ids);
    if (!started) throw std::runtime_error(started.error().message);
    return *std::move(started);
}

asio::awaitable<std::monostate> pause_for(std::chrono::milliseconds length) {
    asio::steady_timer timer(co_await asio::this_coro::executor, length);
    co_await timer.async_wait(asio::use_awaitable);
    co_return std::monostate{};
}

}  // namespace

void CuttableLedger::submit(Kind kind, sql::Job job, sql::Done done) {
    if (left_ && --*left_ < 0)
        return done(std::make_exception_ptr(std::runtime_error("the process is dead")));
    inner_->submit(kind, std::move(job), std::move(done));
}

bool CuttableLedger::mend() {
    const bool was_cut = left_.value_or(0) < 0;
    left_.reset();
    return was_cut;
}

TwoProvidersTest::TwoProvidersTest()
    : sandbox(both_twins(folder, clock, ids)), usage(std::make_unique<SqlUsage>(*ledger, ids)) {
    stripe::ClientConfig at_stripe;
    at_stripe.secret_key = kStripeKey;
    at_stripe.base_url = sandbox->url();
    stripe_provider = stripe::Provider::create(at_stripe, http, {*ledger, clock, ids}, {}).value();
    razorpay::ClientConfig at_razorpay;
    at_razorpay.key_id = kRazorpayKey;
    at_razorpay.key_secret = kRazorpaySecret;
    at_razorpay.base_url = sandbox->razorpay_url();
    at_razorpay.retry.first_wait = std::chrono::milliseconds(2);
    at_razorpay.retry.total = std::chrono::milliseconds(500);
    razorpay_provider =
        razorpay::Provider::create(at_razorpay, http, {*ledger, clock, ids}, {}).value();
    catalog.reload(*ledger);
    contexts = std::make_unique<BillingContexts>(std::vector<BillingContext>{
        {*ledger, *usage, clock, ids, *stripe_provider, catalog, standings},
        {*ledger, *usage, clock, ids, *razorpay_provider, catalog, standings}});
}

CustomerId TwoProvidersTest::customer(const std::string& external_id) {
    CustomerDraft draft;
    draft.external_id = external_id;
    draft.email = external_id + "@example.org";
    const auto made = ledger->write_blocking(
        [&](sql::Transaction& tx) { return create_customer(tx, draft, tester, clock.now(), ids); });
    if (!made) throw std::runtime_error(made.error().message);
    return made->id;
}

StartRequest TwoProvidersTest::start_request(const CustomerId& customer, const std::string& plan,
                                             const std::optional<std::string>& method) {
    const auto snapshot = catalog.get();
    const auto* version = snapshot->plan(plan);
    return {customer, version->id, version->prices.front().id, method, tester};
}

Subscription TwoProvidersTest::started(BillingContext& billing, const StartRequest& request) {
    auto subscription = run(start_subscription(billing, request));
    if (!subscription) throw std::runtime_error(subscription.error().message);
    return *std::move(subscription);
}

Subscription TwoProvidersTest::load(const SubscriptionId& id) {
    return ledger->read_blocking([&](sql::Transaction& tx) { return load_subscription(tx, id); })
        .value();
}

void TwoProvidersTest::use(const CustomerId& customer, std::int64_t calls, const std::string& id) {
    const ConsumeRequest request{.customer = customer.text(),
                                 .meter_key = "api_calls",
                                 .quantity = Quantity::whole(calls),
                                 .source = "test",
                                 .id = id,
                                 .latency_us = std::nullopt,
                                 .time = std::nullopt};
    const auto consumed = run(consume({*usage, catalog}, standings, request, clock.now()));
    if (!consumed) throw std::runtime_error(consumed.error().message);
    if (consumed->usage.verdict == Verdict::Rejected) throw std::runtime_error("usage was denied");
}

std::int64_t TwoProvidersTest::used(const CustomerId& customer) {
    const auto summary = ledger->read_blocking([&](sql::Transaction& tx) {
        return load_usage_summary(tx, {*usage, catalog}, customer.text(), clock.now());
    });
    return std::stoll(summary.value().meters.front().now.used.text());
}

std::vector<Invoice> TwoProvidersTest::invoices(const CustomerId& customer,
                                                const std::string& provider) {
    auto all = ledger->read_blocking([&](sql::Transaction& tx) {
        auto listed = list_invoices(tx, customer, PageQuery{});
        for (auto& invoice : listed) invoice = load_invoice(tx, invoice.id).value();
        return listed;
    });
    std::erase_if(all, [&](const Invoice& invoice) { return invoice.provider != provider; });
    std::ranges::reverse(all);
    return all;
}

std::vector<std::int64_t> TwoProvidersTest::totals(const CustomerId& customer,
                                                   const std::string& provider) {
    std::vector<std::int64_t> found;
    for (const auto& invoice : invoices(customer, provider)) found.push_back(invoice.total.minor());
    return found;
}

Json TwoProvidersTest::ask(const http::Call& call) {
    const auto reply = http.send_blocking(call);
    if (!reply || reply->status >= 400)
        throw std::runtime_error(call.url + ": " + (reply ? reply->body : reply.error().message));
    return parse_json(reply->body).value_or(Json());
}

Json TwoProvidersTest::ask_stripe(const std::string& path) {
    return ask({.url = sandbox->url() + path,
                .headers = {{"Authorization", std::string("Bearer ") + kStripeKey}}});
}

Json TwoProvidersTest::ask_razorpay(http::Method method, const std::string& path,
                                    const std::string& body, const std::string& type) {
    const std::string keys = std::string(kRazorpayKey) + ":" + kRazorpaySecret;
    return ask({.method = method,
                .url = sandbox->razorpay_url() + path,
                .headers = {{"Authorization", "Basic " + to_base64(keys)}, {"Content-Type", type}},
                .body = body});
}

Json TwoProvidersTest::post_to_stripe(const std::string& path, const std::string& form) {
    return ask({.method = http::Method::Post,
                .url = sandbox->url() + path,
                .headers = {{"Authorization", std::string("Bearer ") + kStripeKey},
                            {"Content-Type", "application/x-www-form-urlencoded"}},
                .body = form});
}

void TwoProvidersTest::authorise(const std::string& subscription, const std::string& email) {
    ask_razorpay(http::Method::Post, "/p/subscription/" + subscription,
                 email.empty() ? "action=authorise" : "action=authorise&email=" + email,
                 "application/x-www-form-urlencoded");
}

/// Whether something that the twins do by themselves is due and not done.
bool TwoProvidersTest::is_busy() {
    const auto now = unix_seconds(clock.now());
    const auto is_due = [&](const Json& object, const char* when) {
        const auto at = object.find(when);
        return at != object.end() && at->is_number() && at->get<std::int64_t>() <= now;
    };
    const auto subscriptions = ask_stripe("/v1/subscriptions");
    for (const auto& each : subscriptions.at("data"))
        if (is_due(each.at("items").at("data").at(0), "current_period_end")) return true;
    const auto drafts = ask_stripe("/v1/invoices?status=draft");
    for (const auto& each : drafts.at("data"))
        if (is_due(each, "automatically_finalizes_at")) return true;
    const auto all = ask_razorpay(http::Method::Get, "/v1/subscriptions");
    for (const auto& each : all.at("items")) {
        const auto status = each.at("status").get<std::string>();
        const bool runs = status == "active" || status == "authenticated" || status == "pending";
        if (runs && is_due(each, "charge_at")) return true;
        if (status == "created" && is_due(each, "expire_by")) return true;
    }
    return false;
}

void TwoProvidersTest::pass_to(Instant moment) {
    clock.advance(moment - clock.now());
    standings.clear();
    const auto patience = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (is_busy()) {
        if (std::chrono::steady_clock::now() > patience)
            throw std::runtime_error("the twins have not done what was due");
        run(pause_for(std::chrono::milliseconds(10)));
    }
}

void TwoProvidersTest::work() {
    for (auto& context : *contexts) {
        run(run_billing_pass(context, clock.now() + std::chrono::seconds(1), clock.now()));
        go_on_with_moves_to(context, clock.now() + std::chrono::seconds(1));
        const auto report =
            run(reconcile(context, {.mode = ReconcileMode::Repair, .authority = tester}));
        if (!report) throw std::runtime_error(report.error().message);
        go_on_with_moves_to(context, clock.now() + std::chrono::seconds(1));
    }
}

void TwoProvidersTest::go_on_with_moves_to(BillingContext& context, Instant before) {
    FailureLog failures;
    PassLog log(context, failures);
    run(go_on_with_moves(*contexts, context, before, log));
}

}  // namespace turnpike
