#pragma once

#include <string>

namespace turnpike {

/// Where a running `turnpike up` answers, and with which tokens.
struct SmokeTarget {
    std::string server_url;
    std::string admin_token;
    std::string jwt_secret;  ///< to mint tokens for customers of its own
};

/// Does the main job of each published interface against a running server that serves them all,
/// printing each step and its result: subscribe, meter, overage, close of the period, invoice,
/// limits, declines, cancel, reconciliation; members, checkout pages, gates.
/// \return true when every step was right
bool run_smoke(const SmokeTarget& target);

}  // namespace turnpike
