#include "small_turnpike.h"

#include <nlohmann/json.hpp>

namespace turnpike::client {
namespace {

using Json = nlohmann::json;
using Reply = MisbehavingServer::Reply;

/// Events of these meters are not recorded: which list of the answer they are in.
const std::map<std::string, std::string> kRefused = {
    {"unknown_meter", "rejected"}, {"limit_exceeded", "rejected"}, {"conflict", "conflicts"}};

Json standing() {
    return {{"reason", "within_allowance"},
            {"limit", "100"},
            {"used", "7"},
            {"remaining", "93"},
            {"overage", "0"},
            {"overage_allowed", false},
            {"reset", "day"},
            {"resets_at", "2024-10-15T00:00:00Z"},
            {"plan", "free"}};
}

}  // namespace

std::vector<std::string> each_event(const MisbehavingServer::Request& request, const char* name) {
    const Json body = Json::parse(request.body);
    std::vector<std::string> values;
    for (const Json& event : body.is_array() ? body : Json::array({body}))
        values.push_back(event.at(name).get<std::string>());
    return values;
}

Reply problem(int status, const std::string& code, std::string headers) {
    const Json body{
        {"type", "https://turnpike.dev/problems/" + code},
        {"title", "A title"},
        {"status", status},
        {"detail", "what happened"},
        {"code", code},
        {"instance", "/v1"},
        {"request_id", "req_1"},
        {"errors", {{{"pointer", "/quantity"}, {"code", "malformed"}, {"detail", "no"}}}}};
    return {status, body.dump(), std::move(headers), "application/problem+json"};
}

Reply SmallTurnpike::record(const std::string& body) {
    Json report{
        {"verdicts", Json::array()}, {"rejected", Json::array()}, {"conflicts", Json::array()}};
    for (const Json& event : Json::parse(body)) {
        const auto meter = event.at("meter").get<std::string>();
        const auto key =
            event.at("source").get<std::string>() + "/" + event.at("id").get<std::string>();
        const std::size_t index = report["verdicts"].size();
        if (const auto refused = kRefused.find(meter); refused != kRefused.end()) {
            report["verdicts"].push_back(refused->second == "rejected" ? "rejected" : "conflict");
            report[refused->second].push_back(
                {{"index", index}, {"code", meter}, {"detail", "no"}});
        } else {
            report["verdicts"].push_back(counted_.insert(key).second ? "accepted" : "duplicate");
        }
    }
    return {200, report.dump(), {}};
}

Reply SmallTurnpike::consume(const std::string& body) {
    const Json request = Json::parse(body);
    if (request.at("meter") == "used_up") {
        Json denied = Json::parse(problem(402, "limit_exceeded").body);
        denied.update(
            {{"feature", "used_up"},
             {"limit", "100"},
             {"used", "100"},
             {"remaining", "0"},
             {"reset", "day"},
             {"resets_at", "2024-10-15T00:00:00Z"},
             {"plan", "free"},
             {"upgrade",
              {{"plan", "pro"}, {"name", "PRO"}, {"price", "99.00"}, {"currency", "USD"}}},
             {"upgrade_url", "https://example.com/upgrade"}});
        return {402, denied.dump(), {}, "application/problem+json"};
    }
    const auto key =
        request.at("source").get<std::string>() + "/" + request.at("id").get<std::string>();
    Json consumed = standing();
    consumed.update({{"allowed", true}, {"customer", "cus_1"}});
    consumed["duplicate"] = !counted_.insert(key).second;
    return {200, consumed.dump(), {}};
}

Reply SmallTurnpike::create_customer(const std::string& body) {
    const Json draft = Json::parse(body);
    const auto external = draft.at("external_id").get<std::string>();
    if (customers_.contains(external)) return problem(409, "customer.exists");
    Json customer{{"id", "cus_1"},
                  {"external_id", external},
                  {"email", nullptr},
                  {"name", nullptr},
                  {"metadata", {{"tier", "gold"}}},
                  {"created_at", "2024-09-15T00:00:00Z"}};
    customer.update(draft);
    return {201, customers_[external] = customer.dump(), {}};
}

Reply SmallTurnpike::operator()(const MisbehavingServer::Request& request) {
    const std::string customers = "/v1/customers/ext%3A";
    if (request.target == "/v1/events") return record(request.body);
    if (request.target == "/v1/usage/consume") return consume(request.body);
    if (request.target == "/v1/customers") return create_customer(request.body);
    if (request.target.starts_with(customers))
        return {200, customers_.at(request.target.substr(customers.size())), {}};
    if (request.target == "/v1/entitlements/check") {
        Json allowed = standing();
        allowed.update({{"allowed", true}, {"customer", "cus_1"}});
        return {200, allowed.dump(), {}};
    }
    if (request.target == "/v1/usage?customer=caf%C3%A9%20%26&meter=api_calls")
        return {200,
                R"({"customer":"cus_1","plan":"pro","period_start":"2024-09-15T00:00:00Z",
                    "period_end":"2024-10-15T00:00:00Z","meters":[{"meter":"api_calls",
                    "used":"12345","included":"10000","remaining":"0","usage_percentage":"123.4",
                    "overage":"2345","overage_allowed":true,"overage_amount":4690,
                    "currency":"USD"}]})",
                {}};
    return problem(404, "http.no_route");
}

}  // namespace turnpike::client
