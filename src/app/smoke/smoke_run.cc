#include "app/smoke/smoke_run.h"

#include <chrono>
#include <cstdio>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "access/jwt.h"
#include "base/time.h"

namespace turnpike {
namespace {

constexpr std::chrono::seconds kPatience{60};

/// What a browser sends from the page of the sandbox.
constexpr std::string_view kVisa =
    "action=card&email=buyer%40example.com&number=4242424242424242&exp=12%2F34&cvc=123"
    "&name=A+Buyer";

}  // namespace

std::string value_at(const Json& json, const std::string& pointer) {
    const Json::json_pointer where(pointer);
    if (!json.contains(where)) return "(missing)";
    const Json& value = json.at(where);
    return value.is_string() ? value.get<std::string>() : value.dump();
}

SmokeRun::SmokeRun(const SmokeTarget& target)
    : target_(target), client_({}), run_(ids_.body(SystemClock().now())) {}

SmokeRun::Answer SmokeRun::call(http::Call call) {
    call.timeout = kPatience;
    const auto reply = client_.send_blocking(call);
    if (!reply) return {0, Json{{"detail", reply.error().message}}};
    auto json = parse_json(reply->body);
    return {reply->status, json ? *std::move(json) : Json()};
}

SmokeRun::Answer SmokeRun::get(const std::string& path, const std::string& token) {
    http::Call asked{.method = http::Method::Get, .url = target_.server_url + path};
    if (!token.empty()) asked.headers.emplace_back("Authorization", "Bearer " + token);
    return call(std::move(asked));
}

SmokeRun::Answer SmokeRun::post(const std::string& path, const std::string& token, const Json& body,
                                const http::Headers& headers) {
    http::Call asked{.method = http::Method::Post,
                     .url = target_.server_url + path,
                     .headers = headers,
                     .body = body.dump()};
    asked.headers.emplace_back("Content-Type", "application/json");
    if (!token.empty()) asked.headers.emplace_back("Authorization", "Bearer " + token);
    return call(std::move(asked));
}

void SmokeRun::pay(const std::string& url) {
    http::Call paying{.method = http::Method::Post, .url = url, .body = std::string(kVisa)};
    paying.headers = {{"Content-Type", "application/x-www-form-urlencoded"}};
    const auto paid = client_.send_blocking(paying);
    const int status = paid ? paid->status : 0;
    report(status == 303, "the page is paid and leads back", fmt::format("HTTP {}", status),
           "HTTP 303");
}

void SmokeRun::step(const std::string& what) { fmt::print("\n{}\n", what); }

void SmokeRun::expect_status(const Answer& answer, int status, const std::string& what) {
    report(answer.status == status, what, fmt::format("HTTP {}", answer.status),
           fmt::format("HTTP {}", status));
    if (answer.status != status && !answer.body.is_null())
        fmt::print("         {}\n", answer.body.dump());
}

void SmokeRun::expect(const Answer& answer, const std::string& pointer, const std::string& wanted,
                      const std::string& what) {
    const auto found = value_at(answer.body, pointer);
    report(found == wanted, what, found, wanted);
}

void SmokeRun::report(bool right, const std::string& what, const std::string& found,
                      const std::string& wanted) {
    ++(right ? passed_ : failed_);
    if (right)
        fmt::print("  ok     {}: {}\n", what, found);
    else
        fmt::print("  WRONG  {}: {} instead of {}\n", what, found, wanted);
    std::fflush(stdout);
}

std::string SmokeRun::token_of(const std::string& user) const {
    const Instant now = SystemClock().now();
    JwtConfig config;
    config.hs256_secret = target_.jwt_secret;
    const auto token = mint_hs256(config, Claims{.subject = user,
                                                 .role = Role::User,
                                                 .email = user + "@example.com",
                                                 .issued_at = now,
                                                 .expires_at = now + std::chrono::hours(1)});
    return token ? *token : "";
}

bool SmokeRun::finish() const {
    fmt::print("\n{} steps right, {} wrong\n", passed_, failed_);
    return failed_ == 0;
}

}  // namespace turnpike
