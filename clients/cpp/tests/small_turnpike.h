#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "misbehaving_server.h"

namespace turnpike::client {

/// As much of the server as the client's tests need: it counts every (source, id) once, and has
/// customers. The handler of a MisbehavingServer.
class SmallTurnpike {
public:
    MisbehavingServer::Reply operator()(const MisbehavingServer::Request& request);

    /// Events and consumptions counted so far.
    [[nodiscard]] std::size_t counted() const { return counted_.size(); }

private:
    MisbehavingServer::Reply record(const std::string& body);
    MisbehavingServer::Reply consume(const std::string& body);
    MisbehavingServer::Reply create_customer(const std::string& body);

    std::set<std::string> counted_;
    std::map<std::string, std::string> customers_;  ///< by external id
};

/// The member `name` of each event that a request carries, or of the one.
std::vector<std::string> each_event(const MisbehavingServer::Request& request, const char* name);

/// application/problem+json with a code.
MisbehavingServer::Reply problem(int status, const std::string& code, std::string headers = {});

}  // namespace turnpike::client
