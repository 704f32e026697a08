#pragma once

#include <string>

namespace turnpike {

/// Where a running `turnpike up` answers, and with which tokens.
struct SmokeTarget {
    std::string server_url;
    std::string admin_token;
    std::string jwt_secret;  ///< to mint tokens for customers of its own
};

/// Does the whole main job against a running server, printing each step and its result: subscribe,
/// meter, overage, close of the period, invoice, limits, declines, cancel, reconciliation.
/// \return true when every step was right
bool run_smoke(const SmokeTarget& target);

}  // namespace turnpike
