#include "access/rate_limit_wire.h"

#include <utility>

#include "json/value.h"

namespace turnpike {
namespace {

constexpr const char* kQuotaExceeded =
    "https://iana.org/assignments/http-problem-types#quota-exceeded";

}  // namespace

http::Response write_rate_limited(const RateRule& rule, const RateVerdict& verdict,
                                  const http::Request& request) {
    const Error error = rate_limited(rule, verdict);
    Json members;
    members["type"] = kQuotaExceeded;
    members["violated-policies"] = Json::array({rule.name});
    auto response = http::problem(error, request, members);
    for (auto& header : rate_headers(rule, verdict)) response.headers.push_back(std::move(header));
    return response;
}

}  // namespace turnpike
