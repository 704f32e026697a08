#pragma once

#include <string>
#include <utility>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <gtest/gtest.h>

#include "access/principal.h"
#include "base/check.h"
#include "http/message.h"
#include "json/value.h"

namespace turnpike::testing {

/// Runs a handler to its end on an io_context of its own.
template <class T>
T run(boost::asio::awaitable<T> task) {
    boost::asio::io_context io;
    auto future = boost::asio::co_spawn(io, std::move(task), boost::asio::use_future);
    io.run();
    return future.get();
}

inline http::Request request_with(std::string body) {
    http::Request request;
    request.headers.emplace_back("Content-Type", "application/json");
    request.body = std::move(body);
    request.request_id = "req_test";
    return request;
}

/// What the client gets to see: status and body.
struct Seen {
    int status = 0;
    Json body;
};
inline Seen seen(const Result<http::Response>& result) {
    const auto response = result ? *result : http::problem(result.error(), http::Request{});
    auto body = parse_json(response.body);
    check(body.has_value(), "every answer is JSON");
    return {response.status, *std::move(body)};
}
inline std::string code_of(const Result<http::Response>& result) {
    return result ? "ok" : std::string(result.error().reason.text());
}

inline Principal admin() {
    Principal principal;
    principal.kind = PrincipalKind::Admin;
    principal.name = "admin:root";
    return principal;
}
inline Principal user(const std::string& external_id) {
    Principal principal;
    principal.kind = PrincipalKind::Customer;
    principal.external_id = external_id;
    principal.name = "user:" + external_id;
    return principal;
}
inline Principal seller(std::vector<Scope> scopes) {
    Principal principal;
    principal.kind = PrincipalKind::Seller;
    principal.scopes = std::move(scopes);
    principal.name = "key:key_test";
    return principal;
}

}  // namespace turnpike::testing
