#include "entitlements/gateway_terms.h"

namespace turnpike {

Result<GatewayTerms> read_gateway_terms(const http::Request& request) {
    GatewayTerms terms;
    if (const std::string* mode = request.query_value("mode")) {
        if (*mode != "consume" && *mode != "check")
            return invalid_argument("gateway.bad_mode", "mode is consume or check");
        if (*mode == "check") terms.mode = GatewayTerms::Mode::Check;
    }
    if (const std::string* refusals = request.query_value("refusals")) {
        if (*refusals != "forbidden" && *refusals != "exact")
            return invalid_argument("gateway.bad_refusals", "refusals is forbidden or exact");
        if (*refusals == "exact") terms.refusals = Refusals::Exact;
    }
    if (const std::string* customer = request.query_value("customer")) terms.customer = *customer;
    return terms;
}

http::Response refuse(http::Response problem, Refusals refusals) {
    const int meant = problem.status;
    problem.headers.emplace_back("X-Turnpike-Status", std::to_string(meant));
    if (refusals == Refusals::Forbidden)
        problem.headers.emplace_back("X-Turnpike-Problem", problem.body);
    const bool as_meant =
        refusals == Refusals::Exact || (refusals == Refusals::ExactBelow500 && meant < 500);
    if (!as_meant) problem.status = 403;
    return problem;
}

}  // namespace turnpike
