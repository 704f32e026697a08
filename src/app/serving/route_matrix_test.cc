// Every route of the policy table that is not for members (member_routes_test.cc), for everybody
// who may come, about what is a customer's, an organization's, another organization's and nobody's:
// made from the table, so that a new route that nobody has said anything about fails.

#include <algorithm>
#include <set>

#include "access/handler_testing.h"
#include "app/serving/matrix_testing.h"
#include "app/serving/route_requests.h"
#include "customers/service.h"
#include "people/organizations.h"

namespace turnpike {
namespace {

/// Whose that is which a request names.
enum class Place : std::uint8_t {
    Buyer,         ///< the customer's with the token and the key
    Organization,  ///< the one of the member, the admin and the owner
    Foreign,       ///< the foreign owner's organization
    Absent,        ///< not there
};
constexpr Place kPlaces[] = {Place::Buyer, Place::Organization, Place::Foreign, Place::Absent};

using Parts = std::map<std::string, std::string>;

std::string filled(std::string text, const Parts& parts) {
    for (const auto& [name, value] : parts) {
        const std::string mark = "{" + name + "}";
        for (auto at = text.find(mark); at != std::string::npos; at = text.find(mark, at))
            text.replace(at, mark.size(), value);
    }
    return text;
}

/// An id of the same kind that nobody has.
std::string absent_like(const std::string& known, IdSource& ids, Instant now) {
    const auto end = known.find('_');
    return end == std::string::npos ? "none" : known.substr(0, end + 1) + ids.body(now);
}

/// A route, and what it is asked with.
struct Question {
    const Policy& policy;
    RouteRequest request;

    [[nodiscard]] std::string text() const {
        return std::string(policy.pattern) + "?" + request.query + request.body;
    }
    [[nodiscard]] bool names(std::string_view part) const {
        return text().contains("{" + std::string(part) + "}");
    }
    /// Of one customer or user, and not of the seller.
    [[nodiscard]] bool is_owned() const {
        return names("customer") || names("invoice") || names("invoice_line") ||
               names("payment_method") || names("receipt") || names("session");
    }
};

bool owns(const Question& question, Caller caller, Place place) {
    // A session is made for the caller where the place is the buyer's.
    if (question.names("session")) return place == Place::Buyer && caller != Caller::CustomerToken;
    if (place == Place::Buyer) {
        // A key is of one catalog's customer; a user's token is of every catalog's.
        if (caller == Caller::CustomerKey) return !question.names("receipt");
        return caller == Caller::CustomerToken;
    }
    if (!question.request.shown_to_admins) return false;
    if (place == Place::Organization) return caller == Caller::OrgAdmin || caller == Caller::Owner;
    return place == Place::Foreign && caller == Caller::ForeignOwner;
}

int expected(const Question& question, Caller caller, Place place) {
    const auto& [policy, request] = question;
    if (const auto refusal = refusal_at_the_gate(policy, caller)) return *refusal;
    const bool seller = policy.who != Who::User && is_seller(policy, caller);
    const int status = seller && request.to_seller != 0 ? request.to_seller : request.status;
    if (!seller && request.means_himself) return status;
    if (caller == Caller::CustomerToken && request.to_token != 0) return request.to_token;
    if (place == Place::Absent) return request.absent;
    if (seller || lets_in_anybody(policy) || !question.is_owned()) return status;
    return owns(question, caller, place) ? status : request.absent;
}

class RouteMatrix : public MatrixTest {
protected:
    void SetUp() override {
        SandboxConfig config;
        config.data_dir = sandbox_folder_.path();
        auto started = Sandbox::start(config, clock_, ids_);
        ASSERT_TRUE(started) << started.error().message;
        sandbox_ = *std::move(started);
        open(sandbox_->url());
        ASSERT_TRUE(app_);
        make_shop();
        make_customers_place(Place::Buyer, std::string(kTokenSubject), customer_named());
        make_customers_place(Place::Organization, "of-organization",
                             organization({{Caller::Member, OrgRole::Member},
                                           {Caller::OrgAdmin, OrgRole::Admin},
                                           {Caller::Owner, OrgRole::Owner}}));
        make_customers_place(Place::Foreign, "of-another",
                             organization({{Caller::ForeignOwner, OrgRole::Owner}}));
        add_invoices();
        for (const auto& [name, value] : places_.at(Place::Foreign))
            places_[Place::Absent][name] = absent_like(value, app_->ids, now());
        places_[Place::Absent]["key"] = shop_["key"];  // of a flag that is there, about nobody
    }

    /// As an administrator, who may everything.
    Json api(const std::string& method, const std::string& pattern, const Parts& parts,
             const std::string& body = "", const std::string& query = "") {
        const Policy* policy = policy_of(method, pattern);
        EXPECT_NE(policy, nullptr) << pattern;
        const auto answer = ask(*policy, Caller::AdminToken,
                                {method, filled(pattern + query, parts), filled(body, parts)});
        EXPECT_LT(answer.status, 300) << method << ' ' << pattern << ": " << answer.body;
        return parse_json(answer.body).value_or(Json::object());
    }
    static std::string id_of(const Json& json) { return json.value("id", ""); }

    std::string customer_named() {
        return write([&](sql::Transaction& tx) { return find_customer(tx, "ext:buyer"); })
            .id.text();
    }
    /// \return its customer
    std::string organization(const std::map<Caller, OrgRole>& people) {
        const auto spare = new_user();
        return write([&](sql::Transaction& tx) -> Result<std::string> {
            NewOrganization wanted;
            wanted.name = "Place " + std::to_string(made_);
            wanted.owner = spare.id.text();
            wanted.catalog = "api-metering";
            const OrgMaking making{kMatrixMaker, now(), app_->ids, app_->catalog};
            const auto made = create_organization(tx, wanted, testing::admin(), making);
            if (!made) return failure(made);
            for (const auto& [caller, role] : people)
                insert_membership(tx, {made->id, users_.at(caller), role, now()});
            return made->customer.text();
        });
    }
    /// What is nobody's but the seller's.
    void make_shop() {
        shop_ = {{"plan", "pro"},   {"key", "api_calls"}, {"feature", "matrix"},
                 {"token", "none"}, {"session", "ses_x"}, {"api_key", key({}, "buyer").id}};
        shop_["user"] = shop_["user_id"] = new_user().id.text();
        shop_["plan_id"] = id_of(api("GET", "/v1/plans/{plan}", {{"plan", "saas-orgs~free"}}));
        api("POST", "/v1/features", {},
            R"({"catalog":"api-metering","key":"matrix","name":"Matrix"})");
        shop_["plan_migration"] = id_of(api("POST", "/v1/plans/{plan}/migrate", shop_, "{}"));
        shop_["test_clock"] =
            id_of(api("POST", "/v1/test_clocks", {}, R"({"frozen_time":"2026-01-01T00:00:00Z"})"));
        for (const bool is_alert : {false, true}) {
            const std::string all = endpoints_path(is_alert);
            const std::string prefix = is_alert ? "alert_" : "";
            const auto endpoint = new_endpoint(is_alert);
            shop_[prefix + "endpoint"] = endpoint;
            shop_[prefix + "delivery"] =
                id_of(api("POST", all + "/{endpoint}/test", {{"endpoint", endpoint}}));
        }
    }
    static std::string endpoints_path(bool is_alert) {
        return is_alert ? "/v1/alert_destinations" : "/v1/webhook_endpoints";
    }
    std::string new_endpoint(bool is_alert) {
        const char* body =
            is_alert
                ? R"({"kind":"webhook","target":"https://example.com/hook","events":["refund"]})"
                : R"({"url":"https://example.com/hook"})";
        return id_of(api("POST", endpoints_path(is_alert), {}, body));
    }
    std::string new_card(const std::string& customer) {
        return id_of(api("POST", "/v1/customers/{customer}/payment_methods",
                         {{"customer", customer}}, R"({"payment_method":"pm_card_visa"})"));
    }
    /// A subscription that has ended, its invoice, a card, a checkout page, usage.
    void make_customers_place(Place place, const std::string& receipt,
                              const std::string& customer) {
        Parts parts = shop_;
        parts["customer"] = customer;
        parts["receipt"] = receipt;
        write([&](sql::Transaction& tx) {
            return ensure_customer(tx, QualifiedName{"attribution", receipt}, std::nullopt, now(),
                                   app_->ids);
        });
        parts["event"] = "";
        parts["subscription"] =
            id_of(api("POST", "/v1/subscriptions", parts,
                      R"({"customer":"{customer}","plan":"pro","payment_method":"pm_card_visa"})"));
        api("POST", "/v1/subscriptions/{subscription}/cancel", parts, R"({"at":"now"})");
        parts["payment_method"] = new_card(customer);
        parts["checkout_session"] = id_of(
            api("POST", "/v1/checkout_sessions", parts,
                R"({"customer":"{customer}","plan":"pro","success_url":"http://127.0.0.1/yes",)"
                R"("cancel_url":"http://127.0.0.1/no"})"));
        const std::string use = R"({"customer":"{customer}","meter":"api_calls"})";
        api("POST", "/v1/usage/consume", parts, use);
        parts["event"] =
            id_of(api("GET", "/v1/events", parts, "", "?customer={customer}").at("data").at(0));
        parts["reservation"] = id_of(api("POST", "/v1/usage/reserve", parts, use));
        places_[place] = std::move(parts);
    }
    /// The provider's, once they are known here.
    void add_invoices() {
        api("POST", "/v1/reconciliations", {}, "{}");
        for (auto& [place, parts] : places_) {
            const auto invoice =
                api("GET", "/v1/invoices", parts, "", "?customer={customer}").at("data").at(0);
            parts["invoice"] = id_of(invoice);
            parts["invoice_line"] = id_of(invoice.at("lines").at(0));
        }
    }

    /// What the request names, with something new where the deed would use it up.
    Parts parts_for(const Question& question, Caller caller, Place place) {
        Parts parts = places_.at(place);
        if (place != Place::Absent)
            for (const auto& [name, value] : question.request.parts) parts[name] = value;
        const bool is_alert = question.policy.pattern.starts_with("/v1/alert_destinations");
        if (is_alert) {
            parts["endpoint"] = parts["alert_endpoint"];
            parts["delivery"] = parts["alert_delivery"];
        }
        if (question.names("session") && place != Place::Absent)
            parts["session"] = session_for(caller, place);
        const bool is_let_in = expected(question, caller, place) == question.request.status;
        if (place == Place::Absent || !is_let_in) return parts;
        const bool ends_endpoint =
            question.policy.pattern.ends_with("/disable") || question.policy.method == "DELETE";
        if (question.names("endpoint") && ends_endpoint) parts["endpoint"] = new_endpoint(is_alert);
        if (question.names("payment_method"))
            parts["payment_method"] = new_card(parts.at("customer"));
        if (question.names("api_key")) parts["api_key"] = key({}, "buyer").id;
        return parts;
    }
    /// The caller's own where the place is the buyer's, as far as he has any; else another user's.
    std::string session_for(Caller caller, Place place) {
        const bool own = place == Place::Buyer && has_session(caller);
        const auto user = own ? users_.at(caller) : new_user().id;
        return write([&](sql::Transaction& tx) -> Result<SignedIn> {
                   return sign_in(tx, {user, "-"}, {}, now(), app_->ids);
               })
            .session.id.text();
    }

    http::Response answer_to(const Question& question, Caller caller, Place place) {
        const auto& [policy, request] = question;
        if (policy.who == Who::User && has_session(caller)) sign_in_as(caller);
        const auto parts = parts_for(question, caller, place);
        std::string path(policy.pattern);
        if (path.ends_with("**")) path.replace(path.size() - 2, 2, "signals");
        const auto query = request.query.empty() ? "" : "?" + request.query;
        const auto target = filled(path + query, parts);
        EXPECT_FALSE(target.contains('{')) << "this test knows no such part: " << target;
        return ask(
            policy, caller,
            {std::string(policy.method), target, filled(request.body, parts), request.headers});
    }
    void try_cell(const Question& question, Caller caller, Place place) {
        const auto answer = answer_to(question, caller, place);
        EXPECT_EQ(answer.status, expected(question, caller, place))
            << question.policy.method << ' ' << question.policy.pattern << " by " << to_text(caller)
            << ", place " << static_cast<int>(place) << ": " << answer.body;
        ++cells_;
    }
    [[nodiscard]] bool names_something(const Question& question) const {
        return filled(question.text(), places_.at(Place::Buyer)) != question.text();
    }
    /// Each cell of one route.
    void try_route(const Question& question) {
        for (const Caller caller : kCallers)
            for (const Place place : kPlaces)
                if (names_something(question) || place == Place::Buyer)
                    try_cell(question, caller, place);
    }

    SystemClock clock_;
    RandomIdSource ids_;
    sql::TempFolder sandbox_folder_;
    std::unique_ptr<Sandbox> sandbox_;
    Parts shop_;
    std::map<Place, Parts> places_;
    int cells_ = 0;
};

std::string name_of(const Policy& policy) {
    return std::string(policy.method) + " " + std::string(policy.pattern);
}

TEST(RouteRequests, ThereIsOneForEveryRoute) {
    std::set<std::string> routes;
    for (const Policy& policy : kPolicies) {
        if (policy.who == Who::Member) continue;
        routes.insert(name_of(policy));
        EXPECT_TRUE(route_requests().contains(name_of(policy)))
            << name_of(policy) << ": say in route_requests.cc what it is asked with";
    }
    for (const auto& [name, request] : route_requests())
        EXPECT_TRUE(routes.contains(name)) << name << " is no such route any more";
}

/// Of every route of the table that is not for members.
std::vector<Question> questions() {
    std::vector<Question> all;
    for (const Policy& policy : kPolicies) {
        const auto request = route_requests().find(name_of(policy));
        if (policy.who != Who::Member && request != route_requests().end())
            all.push_back({policy, request->second});
    }
    return all;
}

TEST_F(RouteMatrix, EverybodyEverywhere) {
    int expected_cells = 0;
    for (const Question& question : questions()) {
        expected_cells += names_something(question) ? 14 * 4 : 14;
        try_route(question);
    }
    EXPECT_EQ(cells_, expected_cells);
}

TEST_F(RouteMatrix, WhatIsSomebodyElsesLooksLikeNothing) {
    for (const Question& question : questions())
        for (const Caller caller : {Caller::CustomerToken, Caller::CustomerKey}) {
            const bool is_refused = question.is_owned() &&
                                    !refusal_at_the_gate(question.policy, caller) &&
                                    !question.request.means_himself;
            if (!is_refused) continue;
            const auto words_of = [&](Place place) {
                auto body = *parse_json(answer_to(question, caller, place).body);
                body.erase("instance");
                return to_text(body);
            };
            EXPECT_EQ(words_of(Place::Foreign), words_of(Place::Absent))
                << name_of(question.policy) << " by " << to_text(caller);
        }
}

}  // namespace
}  // namespace turnpike
