#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace turnpike {

/// What a route is asked with, and what it answers to whoever may. Requests are chosen so that a
/// route that would change much refuses them (400, 409, 422), and never for a right that lacks.
///
/// `{customer}` and the like stand for ids of the place that is asked about (route_matrix_test.cc).
struct RouteRequest {
    std::string query{}, body{};
    int status = 200;
    /// To whoever may, about what is not there, and about somebody else's.
    int absent = 404;
    /// To the seller, where he is answered otherwise than customers; 0: he is not.
    int to_seller = 0;
    int to_token = 0;  ///< to a host's token, where sessions are meant
    /// Customers mean themselves, whatever they name.
    bool means_himself = false;
    /// An organization's admins and owners see it too, as docs/people.md says.
    bool shown_to_admins = false;
    std::map<std::string, std::string> parts{};  ///< in place of the place's
    std::vector<std::pair<std::string, std::string>> headers{};
};

/// By "GET /v1/plans": every route of the policy table but those for members, which
/// member_routes_test.cc asks.
const std::map<std::string, RouteRequest>& route_requests();

}  // namespace turnpike
