// Every POST that takes an Idempotency-Key, from the policy table: what a repetition after a crash
// finds is decided for each, and tried where no provider has a part in it.

#include <map>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include "access/handler_testing.h"
#include "access/keyed_request.h"
#include "access/policy.h"
#include "app/serving/matrix_testing.h"
#include "app/serving/openapi.h"
#include "app/serving/routes.h"
#include "billing/plans/plan_migration.h"
#include "json/value.h"
#include "people/invitations.h"
#include "people/projects.h"
#include "webhooks/inbox.h"

namespace turnpike {
namespace {

using testing::run;

/// What makes a repetition harmless when the process died after the effect and before the answer.
enum class Safety : std::uint8_t {
    Kept,       ///< the answer is committed with the effect, or found again: tried below
    Commanded,  ///< the command was committed with the key, and is gone on with (billing/)
    Found,      ///< what was made is there, and is found instead of made again
    Harmless,   ///< it changes nothing that a second time would change further
    Exception,  ///< docs/security.md says which, and why
};

const std::map<std::string, Safety>& decisions() {
    using enum Safety;
    const std::string subscription = "/v1/subscriptions/{subscription}";
    const std::string organization = "/v1/organizations/{organization}";
    const std::string customer = "/v1/customers/{customer}";
    static const std::map<std::string, Safety> table = [&] {
        std::map<std::string, Safety> all = {
            {"/billing/subscribe", Commanded},
            {"/billing/upgrade", Commanded},
            {"/billing/cancel", Commanded},
            {"/billing/payment-methods", Commanded},
            {"/billing/payment-methods/{payment_method}/default", Commanded},
            {"/v1/customers", Kept},
            {"/v1/plans", Kept},
            {"/v1/features", Kept},
            {"/v1/subscriptions", Commanded},
            {subscription + "/change", Commanded},
            {subscription + "/cancel", Commanded},
            {subscription + "/keep", Commanded},
            {subscription + "/cancel_pending_change", Commanded},
            {subscription + "/pause", Commanded},
            {subscription + "/resume", Commanded},
            {subscription + "/end_trial", Commanded},
            {subscription + "/reactivate", Commanded},
            {subscription + "/move", Found},
            {"/v1/subscriptions/preview", Harmless},
            {subscription + "/preview_change", Harmless},
            {"/v1/checkout_sessions", Found},
            {"/v1/checkout_sessions/{checkout_session}/expire", Found},
            {customer + "/payment_methods", Commanded},
            {customer + "/payment_methods/{payment_method}/default", Commanded},
            {customer + "/portal_sessions", Harmless},
            {"/v1/api_keys", Kept},
            {"/v1/auth/logout", Kept},
            {"/v1/users/{user}/deactivate", Kept},
            {"/v1/users/{user}/activate", Kept},
            {"/v1/users/{user}/reset_link", Kept},
            {"/v1/organizations", Kept},
            {organization + "/deactivate", Kept},
            {organization + "/reactivate", Kept},
            {organization + "/transfer", Kept},
            {organization + "/leave", Kept},
            {organization + "/invitations", Kept},
            {organization + "/payment_methods", Commanded},
            {organization + "/portal_sessions", Harmless},
            {"/v1/invitations/accept", Kept},
            {organization + "/projects", Kept},
            {organization + "/projects/{project}/archive", Kept},
            {"/v1/invoices/{invoice}/refunds", Commanded},
            {"/v1/plan_migrations/{plan_migration}/cancel", Kept},
            {"/v1/plans/{plan}/migrate", Kept},
            {"/api/plans", Kept},
            {"/api/subscriptions", Commanded},
            {"/api/subscriptions/{subscription_id}/cancel", Commanded},
            {"/api/v1/payments/create-checkout-session", Found},
            {"/api/v1/payments/cancel-subscription", Commanded},
            {"/api/v1/payments/customer-portal", Harmless},
            {"/api/billing/create-checkout", Found},
            {"/admin/webhooks/{event}/resend", Kept},
            {"/v1/test_clocks", Exception},
            {"/v1/test_clocks/{test_clock}/advance", Found},
            {"/v1/reconciliations", Harmless},
            {"/v1/recomputations", Harmless},
        };
        for (const std::string what : {"/v1/webhook_endpoints", "/v1/alert_destinations"}) {
            all[what] = Kept;
            for (const char* deed : {"/enable", "/disable", "/rotate_secret", "/test", "/replay",
                                     "/deliveries/{delivery}/replay"})
                all[what + "/{endpoint}" + deed] = Kept;
        }
        return all;
    }();
    return table;
}

std::set<std::string> keyed_posts() {
    std::set<std::string> patterns;
    for (const Policy& policy : kPolicies)
        if (takes_key(policy)) patterns.emplace(policy.pattern);
    return patterns;
}

TEST(KeyedPosts, NoneIsForgotten) {
    for (const auto& pattern : keyed_posts())
        EXPECT_TRUE(decisions().contains(pattern))
            << "POST " << pattern << ": say what a repetition after a crash finds";
    for (const auto& [pattern, safety] : decisions())
        EXPECT_TRUE(keyed_posts().contains(pattern)) << pattern << " takes no key any more";
}

TEST(KeyedPosts, TheDescriptionSaysWhichTakeAKey) {
    const auto description = parse_json(openapi_text());
    ASSERT_TRUE(description);
    const Json optional{{"$ref", "#/components/parameters/IdempotencyKey"}};
    const Json required{{"$ref", "#/components/parameters/RequiredIdempotencyKey"}};
    for (const auto& [path, methods] : description->at("paths").items()) {
        if (!methods.contains("post")) continue;
        const Json parameters = methods["post"].value("parameters", Json::array());
        const Policy* policy = policy_of("POST", path);
        ASSERT_NE(policy, nullptr) << path;
        const bool is_required = policy->repeats == Repeats::KeyRequired;
        EXPECT_EQ(std::ranges::count(parameters, optional),
                  takes_key(*policy) && !is_required ? 1 : 0)
            << "POST " << path;
        EXPECT_EQ(std::ranges::count(parameters, required), is_required ? 1 : 0) << "POST " << path;
    }
}

/// One of everything that a path can name.
struct Thing {
    std::map<std::string, std::string> parts;
    std::string invitation;  ///< token of one for `guest`
    std::string owner;       ///< session of the organization's
    std::string guest;       ///< session of somebody who is invited
};

class KeptAnswers : public MatrixTest {
protected:
    void SetUp() override { open(""); }
    /// An endpoint or a destination, and a delivery of it.
    void add_endpoint(Thing& thing, const std::string& pattern) {
        const bool is_alert = pattern.starts_with("/v1/alert_destinations");
        auto& api = is_alert ? app_->alert_destinations_api : app_->webhook_endpoints_api;
        auto request = testing::request_with(
            body_of(is_alert ? "/v1/alert_destinations" : "/v1/webhook_endpoints", thing));
        const auto made = run(api.post(testing::admin(), request));
        ASSERT_TRUE(made) << made.error().message;
        thing.parts["endpoint"] = (*parse_json(made->body))["id"];
        request = testing::request_with("");
        request.path_values = {{"endpoint", thing.parts["endpoint"]}};
        const auto sent = run(api.post_test(testing::admin(), request));
        ASSERT_TRUE(sent) << sent.error().message;
        thing.parts["delivery"] = (*parse_json(sent->body))["id"];
        // What is on its way is not sent again.
        app_->db->write_blocking([&](sql::Transaction& tx) {
            tx.run("UPDATE webhook_deliveries SET state = 'delivered' WHERE id = $1",
                   {thing.parts["delivery"]});
            return true;
        });
    }
    /// One that came in and was given up.
    void add_dead_event(Thing& thing) {
        write([&](sql::Transaction& tx) -> Result<std::monostate> {
            store_event(tx, {"stripe", "evt_" + std::to_string(made_), "invoice.paid", "{}"},
                        app_->ids, now());
            tx.run("UPDATE inbox_events SET state = 'dead' WHERE state = 'pending'", {});
            thing.parts["event"] =
                tx.one("SELECT id FROM inbox_events WHERE state = 'dead'")->text(0);
            return std::monostate{};
        });
    }
    /// Fresh for each route, so that none meets what another one did.
    Thing thing_for(const std::string& pattern) {
        const std::string nth = std::to_string(++made_);
        const auto owner = new_user(), spare = new_user(), guest = new_user();
        Thing thing;
        thing.owner = session_of(owner.id);
        thing.guest = session_of(guest.id);
        thing.parts["user"] = spare.id.text();
        write([&](sql::Transaction& tx) -> Result<std::monostate> {
            NewOrganization wanted;
            wanted.name = "Place " + nth;
            wanted.owner = owner.id.text();
            wanted.catalog = "api-metering";  // counts no members, so that there is always room
            const OrgMaking making{kMatrixMaker, now(), app_->ids, app_->catalog};
            const auto made = create_organization(tx, wanted, testing::admin(), making);
            if (!made) return failure(made);
            insert_membership(tx, {made->id, spare.id, OrgRole::Owner, now()});
            const OrgAccess access{*made, std::nullopt, OrgRole::Owner, true};
            const OrgDeed deed{access, kMatrixMaker, now(), app_->ids, app_->catalog};
            const auto invited =
                invite(tx, deed, {*guest.email, OrgRole::Member}, app_->organizations_api.letters);
            if (!invited) return failure(invited);
            const auto project = create_project(tx, deed, "Project");
            if (!project) return failure(project);
            thing.parts["organization"] = made->id.text();
            thing.parts["project"] = project->made->id.text();
            thing.invitation = invited->made->secret;
            return std::monostate{};
        });
        if (pattern.contains("{endpoint}")) add_endpoint(thing, pattern);
        if (pattern.contains("{event}")) add_dead_event(thing);
        if (pattern.contains("{plan_migration}"))
            write([&](sql::Transaction& tx) -> Result<std::monostate> {
                const auto terms = migration_terms(tx, {.plan = "starter"});
                if (!terms) return failure(terms);
                const auto begun = begin_migration(tx, app_->billing, *terms, kMatrixMaker);
                if (!begun) return failure(begun);
                thing.parts["plan_migration"] = begun->id.text();
                return std::monostate{};
            });
        thing.parts["plan"] = "pro";
        return thing;
    }

    static std::string body_of(const std::string& pattern, const Thing& thing) {
        static const std::map<std::string, std::string> bodies = {
            {"/v1/customers", R"({"external_id":"kept"})"},
            {"/v1/plans", R"({"catalog":"api-metering","key":"kept","name":"Kept",)"
                          R"("custom_price":true})"},
            {"/api/plans", R"({"name":"Kept","slug":"kept","price_amount":900,"max_users":3,)"
                           R"("max_projects":null})"},
            {"/v1/plans/{plan}/migrate", "{}"},
            {"/v1/features", R"({"catalog":"api-metering","key":"kept_feature","name":"Kept"})"},
            {"/v1/api_keys", R"({"name":"kept","scopes":["customers:read"]})"},
            {"/v1/organizations/{organization}/invitations", R"({"email":"new@example.com"})"},
            {"/v1/organizations/{organization}/projects", R"({"name":"Kept"})"},
            {"/v1/webhook_endpoints", R"({"url":"https://example.com/hook"})"},
            {"/v1/alert_destinations",
             R"({"kind":"webhook","target":"https://example.com/hook","events":["refund"]})"},
        };
        if (const auto found = bodies.find(pattern); found != bodies.end()) return found->second;
        const std::string& member = thing.parts.at("user");
        if (pattern == "/v1/organizations") return R"({"name":"Kept","owner":")" + member + R"("})";
        if (pattern.ends_with("/transfer")) return R"({"user":")" + member + R"("})";
        if (pattern.ends_with("/accept")) return R"({"token":")" + thing.invitation + R"("})";
        if (pattern.ends_with("{endpoint}/replay")) return R"({"since":"2020-01-01T00:00:00Z"})";
        return "";
    }
    /// Whose deed it is: the seller's where he may do it.
    Principal caller_of(const Policy& policy, const Thing& thing) {
        Principal caller = testing::admin();
        const bool is_own = policy.who == Who::User || policy.pattern.ends_with("/leave");
        if (is_own) {
            http::Request request;
            const bool is_guest = policy.pattern.ends_with("/accept");
            request.headers.emplace_back("Authorization",
                                         "Bearer " + (is_guest ? thing.guest : thing.owner));
            const auto known = run(app_->authenticator.authenticate(request));
            EXPECT_TRUE(known);
            caller = *known;
        }
        caller.needed_role = policy.role;
        return caller;
    }
    struct Answers {
        http::Response first, again;
    };
    /// The process dies when the first answer is about to leave.
    Answers crash_and_repeat(const Route& route, const Policy& policy) {
        const std::string pattern(policy.pattern);
        const auto thing = thing_for(pattern);
        auto request = testing::request_with(body_of(pattern, thing));
        request.method = http::Method::Post;
        request.path = request.target = pattern;
        for (const auto& [name, value] : thing.parts) request.path_values.emplace_back(name, value);
        auto caller = caller_of(policy, thing);
        const std::string key = "key" + std::to_string(made_);
        const auto answer = [&] {
            const auto begun = run(app_->keyed_requests.begin(caller.name, request, key));
            EXPECT_TRUE(begun) << begun.error().message;
            if (begun->answer) return *begun->answer;
            caller.keyed = begun->run.get();
            auto response = run(route.handler(*app_, caller, request));
            return response ? *std::move(response) : http::problem(response.error(), request);
        };
        Answers answers;
        answers.first = answer();
        app_->keyed_requests.forget_leases();
        answers.again = answer();
        return answers;
    }
};

TEST_F(KeptAnswers, ARepetitionAfterACrashIsAnsweredAlike) {
    int tried = 0;
    for (const Route& route : all_routes()) {
        const Policy* policy = policy_of(http::to_text(route.method), route.pattern);
        const auto decided = decisions().find(std::string(route.pattern));
        if (!takes_key(*policy) || decided->second != Safety::Kept) continue;
        SCOPED_TRACE("POST " + std::string(route.pattern));
        const auto [first, again] = crash_and_repeat(route, *policy);
        EXPECT_LT(first.status, 300) << first.body;
        EXPECT_EQ(again.status, first.status) << again.body;
        EXPECT_EQ(again.body, first.body);
        ++tried;
    }
    EXPECT_EQ(tried, std::ranges::count(decisions(), Safety::Kept,
                                        &std::pair<const std::string, Safety>::second));
}

}  // namespace
}  // namespace turnpike
