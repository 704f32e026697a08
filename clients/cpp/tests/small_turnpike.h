#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "misbehaving_server.h"

namespace turnpike::client {

/// As much of the server as the client's tests need: it counts every (source, id) once, corrects
/// what it counted, holds up to 100 units of one allowance, and has customers. The handler of a
/// MisbehavingServer.
class SmallTurnpike {
public:
    MisbehavingServer::Reply operator()(const MisbehavingServer::Request& request);

    /// Events and consumptions counted so far.
    [[nodiscard]] std::size_t counted() const { return counted_.size(); }
    /// Units of the allowance that open reservations hold, and that committed ones used.
    [[nodiscard]] int held() const;
    [[nodiscard]] int committed() const;
    /// Open reservations end as if nobody had come in time.
    void expire();

private:
    MisbehavingServer::Reply record(const std::string& body);
    /// accepted, duplicate, or the code of a refusal.
    std::string use(const nlohmann::json& event);
    std::string correct(const nlohmann::json& event);
    MisbehavingServer::Reply consume(const std::string& body);
    MisbehavingServer::Reply reserve(const std::string& body);
    MisbehavingServer::Reply end(const std::string& step, const std::string& body);
    MisbehavingServer::Reply create_customer(const std::string& body);

    struct Reserved {
        std::string id, status;
        std::string body;  ///< of the request that opened it
        int quantity = 0;  ///< what is held or, of a committed one, was used
    };

    /// The reservation as it is now, and the members of `with`.
    static std::string shown(const Reserved& reserved, std::string_view with);

    std::set<std::string> counted_;
    std::set<std::string> corrections_, voided_;
    std::map<std::string, Reserved> reserved_;      ///< by source and id
    std::map<std::string, std::string> customers_;  ///< by external id
};

/// The member `name` of each event that a request carries, or of the one.
std::vector<std::string> each_event(const MisbehavingServer::Request& request, const char* name);

/// application/problem+json with a code.
MisbehavingServer::Reply problem(int status, const std::string& code, std::string headers = {});

}  // namespace turnpike::client
