#include "small_turnpike.h"

#include <algorithm>
#include <string_view>

#include <nlohmann/json.hpp>

namespace turnpike::client {
namespace {

using Json = nlohmann::json;
using Reply = MisbehavingServer::Reply;

/// Events of these meters are not recorded; the meter is the code that says why.
const std::set<std::string> kRefused = {"unknown_meter", "limit_exceeded", "conflict"};

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

constexpr int kAllowance = 100;

std::string key_of(const Json& named) {
    return named.at("source").get<std::string>() + "/" + named.at("id").get<std::string>();
}

/// A denial with all that it tells.
Reply used_up() {
    Json denied = Json::parse(problem(402, "limit_exceeded").body);
    denied.update(
        {{"feature", "used_up"},
         {"limit", "100"},
         {"used", "100"},
         {"remaining", "0"},
         {"reset", "day"},
         {"resets_at", "2024-10-15T00:00:00Z"},
         {"plan", "free"},
         {"upgrade", {{"plan", "pro"}, {"name", "PRO"}, {"price", "99.00"}, {"currency", "USD"}}},
         {"upgrade_url", "https://example.com/upgrade"}});
    return {402, denied.dump(), {}, "application/problem+json"};
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

std::string SmallTurnpike::use(const Json& event) {
    const auto meter = event.at("meter").get<std::string>();
    if (kRefused.contains(meter)) return meter;
    return counted_.insert(key_of(event)).second ? "accepted" : "duplicate";
}

std::string SmallTurnpike::correct(const Json& event) {
    const bool is_void = event.contains("void");
    const auto target = key_of(event.at(is_void ? "void" : "amend"));
    if (corrections_.contains(key_of(event))) return "duplicate";
    if (!counted_.contains(target)) return "unknown_event";
    if (voided_.contains(target)) return "already_voided";
    if (is_void) voided_.insert(target);
    corrections_.insert(key_of(event));
    return "accepted";
}

Reply SmallTurnpike::record(const std::string& body) {
    Json report{
        {"verdicts", Json::array()}, {"rejected", Json::array()}, {"conflicts", Json::array()}};
    for (const Json& event : Json::parse(body)) {
        const std::size_t index = report["verdicts"].size();
        const std::string code = event.contains("meter") ? use(event) : correct(event);
        const bool is_refused = code != "accepted" && code != "duplicate";
        report["verdicts"].push_back(is_refused && code != "conflict" ? "rejected" : code);
        if (is_refused)
            report[code == "conflict" ? "conflicts" : "rejected"].push_back(
                {{"index", index}, {"code", code}, {"detail", "no"}});
    }
    return {200, report.dump(), {}};
}

Reply SmallTurnpike::consume(const std::string& body) {
    const Json request = Json::parse(body);
    if (request.at("meter") == "used_up") return used_up();
    Json consumed = standing();
    consumed.update({{"allowed", true}, {"customer", "cus_1"}});
    consumed["duplicate"] = !counted_.insert(key_of(request)).second;
    return {200, consumed.dump(), {}};
}

int SmallTurnpike::held() const {
    int sum = 0;
    for (const auto& [key, reserved] : reserved_)
        if (reserved.status == "open") sum += reserved.quantity;
    return sum;
}

int SmallTurnpike::committed() const {
    int sum = 0;
    for (const auto& [key, reserved] : reserved_)
        if (reserved.status == "committed") sum += reserved.quantity;
    return sum;
}

void SmallTurnpike::expire() {
    for (auto& [key, reserved] : reserved_)
        if (reserved.status == "open") reserved.status = "expired";
}

std::string SmallTurnpike::shown(const Reserved& reserved, std::string_view with) {
    const Json request = Json::parse(reserved.body);
    Json shown = Json::parse(with);
    shown.update({{"object", "reservation"},
                  {"id", reserved.id},
                  {"status", reserved.status},
                  {"customer", "cus_1"},
                  {"meter", request.at("meter")},
                  {"source", request.at("source")},
                  {"event_id", request.at("id")},
                  {"reserved", request.at("quantity")},
                  {"expires_at", "2024-09-15T00:05:00Z"}});
    if (reserved.status != "open") shown["ended_at"] = "2024-09-15T00:01:00Z";
    if (reserved.status == "committed") shown["quantity"] = std::to_string(reserved.quantity);
    return shown.dump();
}

Reply SmallTurnpike::reserve(const std::string& body) {
    const Json request = Json::parse(body);
    const auto key = key_of(request);
    const int quantity = std::stoi(request.at("quantity").get<std::string>());
    auto known = reserved_.find(key);
    const bool is_new = known == reserved_.end();
    if (!is_new && known->second.body != body) return problem(409, "reservation.conflict");
    if (is_new && request.at("meter") == "not_in_plan") return problem(402, "not_in_plan");
    if (is_new && held() + committed() + quantity > kAllowance) return used_up();
    if (is_new) {
        const std::string id = "rsv_" + std::to_string(reserved_.size() + 1);
        known = reserved_.emplace(key, Reserved{id, "open", body, quantity}).first;
    }
    return {is_new ? 201 : 200, shown(known->second, standing().dump()), {}};
}

Reply SmallTurnpike::end(const std::string& step, const std::string& body) {
    const auto slash = step.find('/');
    const auto found = std::ranges::find(reserved_, step.substr(0, slash),
                                         [](const auto& entry) { return entry.second.id; });
    if (found == reserved_.end()) return problem(404, "reservation.not_found");
    Reserved& reserved = found->second;
    const bool is_commit = step.substr(slash) == "/commit";
    const int quantity =
        is_commit ? std::stoi(Json::parse(body).at("quantity").get<std::string>()) : 0;
    if (reserved.status == "committed" && !(is_commit && reserved.quantity == quantity))
        return problem(409, "reservation.already_committed");
    if (is_commit && reserved.status == "released") return problem(409, "reservation.released");
    if (is_commit && reserved.status == "expired") return problem(410, "reservation.expired");
    if (reserved.status == "open") {
        if (held() + committed() - reserved.quantity + quantity > kAllowance)
            return problem(409, "reservation.exceeds_limit");
        reserved.status = is_commit ? "committed" : "released";
        reserved.quantity = quantity;
    }
    return {200, shown(reserved, "{}"), {}};
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
    const std::string reservations = "/v1/usage/reservations/";
    if (request.target == "/v1/events") return record(request.body);
    if (request.target == "/v1/usage/consume") return consume(request.body);
    if (request.target == "/v1/usage/reserve") return reserve(request.body);
    if (request.target.starts_with(reservations))
        return end(request.target.substr(reservations.size()), request.body);
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
                    "used":"12345","included":"10000","reserved":"7","remaining":"0",
                    "usage_percentage":"123.4","overage":"2345","overage_allowed":true,
                    "overage_amount":4690,"currency":"USD"}]})",
                {}};
    return problem(404, "http.no_route");
}

}  // namespace turnpike::client
