#include "app/commands/demo.h"

#include <chrono>
#include <cstdio>

#include <fmt/format.h>

#include "http/client.h"
#include "json/value.h"

namespace turnpike {
namespace {

constexpr std::string_view kCustomer = "demo";

/// The server's answer to an administrator's call; 404 is an answer, everything else an error.
Result<std::optional<Json>> ask(LocalStack& stack, const std::string& token, http::Method method,
                                const std::string& path, const Json& body = Json()) {
    http::Client client({.threads = 1});
    http::Call call{.method = method, .url = stack.server_url() + path};
    call.timeout = std::chrono::seconds(60);
    call.headers = {{"Authorization", "Bearer " + token}, {"Content-Type", "application/json"}};
    if (!body.is_null()) call.body = to_text(body);
    const auto reply = client.send_blocking(call);
    if (!reply) return failure(reply);
    if (reply->status == 404) return std::optional<Json>();
    if (reply->status >= 300)
        return unavailable("up.demo_refused", "the server refused: " + reply->body);
    auto json = parse_json(reply->body);
    if (!json) return failure(json);
    return std::optional<Json>(*std::move(json));
}

Result<std::string> make_customer(LocalStack& stack, const std::string& token) {
    const auto clock =
        ask(stack, token, http::Method::Post, "/v1/test_clocks", Json{{"name", "demo"}});
    if (!clock) return failure(clock);
    const auto id = (**clock).at("id").get<std::string>();
    const auto made =
        ask(stack, token, http::Method::Post, "/v1/customers",
            Json{{"external_id", kCustomer}, {"email", "demo@example.com"}, {"test_clock", id}});
    if (!made) return failure(made);
    return id;
}

}  // namespace

Result<Demo> prepare_demo(LocalStack& stack) {
    Demo demo;
    demo.customer = kCustomer;
    demo.admin_token = stack.token("admin", Role::Admin);
    demo.customer_token = stack.token(demo.customer, Role::User);
    const auto found =
        ask(stack, demo.admin_token, http::Method::Get, "/v1/customers/ext:" + demo.customer);
    if (!found) return failure(found);
    if (*found) {
        demo.test_clock = (**found).at("test_clock").get<std::string>();
    } else {
        const auto made = make_customer(stack, demo.admin_token);
        if (!made) return failure(made);
        demo.test_clock = *made;
    }
    const auto clock =
        ask(stack, demo.admin_token, http::Method::Get, "/v1/test_clocks/" + demo.test_clock);
    if (!clock) return failure(clock);
    const auto text = (**clock).at("frozen_time").get<std::string>();
    demo.clock_time = parse_rfc3339(text).value_or(SystemClock().now());
    return demo;
}

void print_welcome(LocalStack& stack, const Demo& demo) {
    const auto& url = stack.server_url();
    const Instant next_month = demo.clock_time + std::chrono::days(31) + std::chrono::hours(2);
    const auto post = [&](const std::string& path, const std::string& token,
                          const std::string& body) {
        return fmt::format(
            "curl -s {}{} -H 'Authorization: Bearer {}' -H 'Content-Type: application/json' "
            "-d '{}'\n\n",
            url, path, token, body);
    };
    fmt::print(
        "Turnpike is up.\n\n"
        "  server    {}\n"
        "  sandbox   {}   (Stripe's API, offline; the server talks to it as to Stripe)\n"
        "            {}   (Razorpay's, likewise)\n\n"
        "Admin token:\n{}\n\nCustomer token:\n{}\n\n"
        "Paste these to sell a month of API calls:\n\n",
        url, stack.sandbox_url(), stack.razorpay_url(), demo.admin_token, demo.customer_token);
    fmt::print("1. A customer subscribes to PRO ($99.00, 10,000 calls included):\n{}",
               post("/billing/subscribe", demo.customer_token,
                    R"({"tier":"pro","payment_method_id":"pm_card_visa"})"));
    fmt::print("2. They make 12,345 calls, 2,345 more than included:\n{}",
               post("/v1/usage/consume", demo.admin_token,
                    fmt::format(R"({{"customer":"{}","meter":"api_calls","quantity":12345}})",
                                demo.customer)));
    fmt::print("3. The month ends; the invoice has $99.00 and one line of $46.90 overage:\n{}",
               post("/v1/test_clocks/" + demo.test_clock + "/advance", demo.admin_token,
                    fmt::format(R"({{"frozen_time":"{}"}})", format_rfc3339(next_month))));
    fmt::print("4. They cancel:\n{}Press Ctrl-C to stop.\n",
               post("/billing/cancel", demo.customer_token, R"({"immediate":true})"));
    std::fflush(stdout);
}

}  // namespace turnpike
