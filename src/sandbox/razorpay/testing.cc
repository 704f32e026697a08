#include "sandbox/razorpay/testing.h"

#include <stdexcept>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>

#include "base/encoding.h"
#include "sandbox/documents.h"

namespace turnpike::twin::razorpay::testing {
namespace {

template <class T>
T wait_for(asio::awaitable<T> work) {
    asio::io_context io;
    auto future = asio::co_spawn(io, std::move(work), asio::use_future);
    io.run();
    return future.get();
}

constexpr std::string_view kEventsSoFar = R"sql(
    SELECT body FROM deliveries ORDER BY seq
)sql";

}  // namespace

std::string Reply::error(const std::string& member) const {
    return text_of(part_of(body, "error"), member);
}

TwinUnderTest::TwinUnderTest() : clock_(*parse_rfc3339("2027-01-10T06:30:00Z")) { restart(); }

void TwinUnderTest::restart() {
    twin_.reset();
    auto opened = Twin::open(folder_.path(), clock_, ids_);
    if (!opened) throw std::runtime_error(opened.error().message);
    twin_ = *std::move(opened);
}

Reply TwinUnderTest::call(http::Method method, std::string_view target, std::string_view body,
                          http::Headers headers) {
    http::Request request;
    request.method = method;
    request.target = target;
    request.path = target.substr(0, target.find('?'));
    request.headers = std::move(headers);
    request.headers.emplace_back("Authorization", "Basic " + to_base64(keys_));
    if (!body.empty() && request.header("Content-Type") == nullptr)
        request.headers.emplace_back("Content-Type", "application/json");
    request.body = body;
    const auto response = wait_for(twin_->handle(request));
    Reply reply{
        .status = response.status, .body = {}, .text = response.body, .headers = response.headers};
    if (auto json = parse_json(response.body)) reply.body = *std::move(json);
    return reply;
}

Reply TwinUnderTest::submit(std::string_view path, std::string_view form) {
    return call(http::Method::Post, path, form,
                {{"Content-Type", "application/x-www-form-urlencoded"}});
}

std::string TwinUnderTest::plan(std::string_view json) {
    return text_of(post("/v1/plans", json).body, "id");
}

std::string TwinUnderTest::subscription(const std::string& plan, const std::string& more) {
    const auto made = post("/v1/subscriptions",
                           R"({"plan_id": ")" + plan + R"(", "total_count": 12)" + more + "}");
    if (made.status != 200) throw std::runtime_error(made.text);
    return text_of(made.body, "id");
}

std::string TwinUnderTest::active_subscription(const std::string& plan, const std::string& more) {
    auto id = subscription(plan, more);
    submit("/p/subscription/" + id, "action=authorise");
    return id;
}

Json TwinUnderTest::look(const std::string& subscription) {
    return get("/v1/subscriptions/" + subscription).body;
}

void TwinUnderTest::advance(std::int64_t seconds) {
    const auto moved =
        post("/_sandbox/clock", R"({"advance_seconds": )" + std::to_string(seconds) + "}");
    if (moved.status != 200) throw std::runtime_error(moved.text);
}

void TwinUnderTest::let_charges(const std::string& subscription, const std::string& outcome) {
    const auto set = post("/_sandbox/subscriptions/" + subscription + "/instrument",
                          R"({"charges": ")" + outcome + R"("})");
    if (set.status != 200) throw std::runtime_error(set.text);
}

void TwinUnderTest::listen() {
    const auto made = post("/v1/webhooks", R"({"url": "http://127.0.0.1:9/", "secret": "s",
        "events": ["invoice.paid", "order.paid", "payment.authorized", "payment.captured",
        "payment.failed", "refund.created", "refund.processed", "subscription.activated",
        "subscription.authenticated", "subscription.cancelled", "subscription.charged",
        "subscription.completed", "subscription.halted", "subscription.paused",
        "subscription.pending", "subscription.resumed", "subscription.updated"]})");
    if (made.status != 200) throw std::runtime_error(made.text);
}

std::vector<std::string> TwinUnderTest::events() {
    auto read = [](sql::Transaction& tx) { return tx.all(kEventsSoFar); };
    std::vector<std::string> names;
    for (const auto& row : twin_->database().read_blocking(read))
        names.push_back(text_of(*parse_json(row.text(0)), "event"));
    return names;
}

Json TwinUnderTest::last_event() {
    auto read = [](sql::Transaction& tx) { return tx.all(kEventsSoFar); };
    return *parse_json(twin_->database().read_blocking(read).back().text(0));
}

void TwinUnderTest::run_due_work() { wait_for(twin_->run_due_work()); }

}  // namespace turnpike::twin::razorpay::testing
