#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "access/handler_testing.h"
#include "catalog/service.h"
#include "people/letters_testing.h"
#include "people/organizations_api.h"
#include "people/users.h"
#include "sql/testing.h"

namespace turnpike::testing {

/// Three users and two projects in the free plan, ten and fifty in the other.
inline constexpr const char* kTeamsCatalog = R"(
[[features]]
key = "users"
name = "Users"
kind = "capacity"
[[features]]
key = "projects"
name = "Projects"
kind = "capacity"

[[plans]]
key = "free"
name = "Free"
rank = 0
default = true
prices = [{ currency = "usd", interval = "month", amount = "0.00" }]
features = { users = 3, projects = 2 }
[[plans]]
key = "professional"
name = "Professional"
rank = 1
prices = [{ currency = "usd", interval = "month", amount = "49.00" }]
features = { users = 10, projects = 50 }
)";

/// Organizations over a ledger, with the handlers called as the gate calls them.
class OrganizationsWorld {
public:
    explicit OrganizationsWorld(sql::Database& db, const char* toml = kTeamsCatalog) : db_(db) {
        sell(toml);
    }
    void sell(const char* toml) {
        const auto file = read_catalog_file(toml);
        EXPECT_TRUE(file) << file.error().message;
        db_.write_blocking([&](sql::Transaction& tx) {
            return apply_catalog(tx, *file, clock.now(), ids).value();
        });
        catalog.reload(db_);
    }
    /// Signed in, as a user or as a superuser.
    Principal sign_up(const std::string& name, Superuser superuser = Superuser::No) {
        const auto user = db_.write_blocking([&](sql::Transaction& tx) {
            return create_user(tx, {name + "@example.com", "-", name, superuser}, {"", ""},
                               clock.now(), ids);
        });
        EXPECT_TRUE(user) << user.error().message;
        Principal principal;
        principal.kind =
            superuser == Superuser::Yes ? PrincipalKind::Admin : PrincipalKind::Customer;
        principal.external_id = user->external_id;
        principal.email = user->email;
        principal.user = user->id;
        principal.session = ids.make<SessionId>(clock.now());
        principal.name = "user:" + user->id.text();
        return principal;
    }

    using Handler = OrganizationsApi::Answer (OrganizationsApi::*)(const Principal&,
                                                                   const http::Request&);
    using Path = std::vector<std::pair<std::string_view, std::string>>;
    Result<http::Response> call(Handler handler, Principal caller, OrgRole needed, Path path,
                                const Json& body = {}) {
        caller.needed_role = needed;
        auto request = request_with(body.is_null() ? "" : to_text(body));
        request.path_values = std::move(path);
        return run((api.*handler)(caller, request));
    }
    /// \return the organization's id
    std::string organization(const Principal& owner, const std::string& name = "Acme, Inc.") {
        const auto made = call(&OrganizationsApi::post_organization, owner, OrgRole::Member, {},
                               {{"name", name}});
        EXPECT_TRUE(made) << made.error().message;
        return seen(made).body["id"];
    }
    Result<http::Response> invite(const Principal& caller, const std::string& organization,
                                  const std::string& email, const char* role = "member") {
        return call(&OrganizationsApi::post_invitation, caller, OrgRole::Admin,
                    {{"organization", organization}}, {{"email", email}, {"role", role}});
    }
    /// The secret in the newest letter to that address that waits.
    std::string letter(const std::string& recipient) {
        const auto codes = letter_codes(db_, box, "invitation", recipient);
        return codes.empty() ? "" : codes.back();
    }
    Result<http::Response> accept(const Principal& caller, const std::string& token) {
        return call(&OrganizationsApi::post_accept, caller, OrgRole::Member, {},
                    {{"token", token}});
    }
    /// Invited by the owner, and in.
    Principal joined(const Principal& owner, const std::string& organization,
                     const std::string& name, const char* role = "member") {
        auto user = sign_up(name);
        EXPECT_EQ(seen(invite(owner, organization, name + "@example.com", role)).status, 201);
        EXPECT_EQ(code_of(accept(user, letter(name + "@example.com"))), "ok");
        return user;
    }
    std::int64_t count(const std::string& sql) {
        return db_.read_blocking([&](sql::Transaction& tx) {
            return tx.one("SELECT COUNT(*) FROM " + sql)->integer(0);
        });
    }
    /// What the capacity counter says.
    std::int64_t counted(const char* feature) {
        return db_.read_blocking([&](sql::Transaction& tx) {
            const auto row =
                tx.one("SELECT used FROM capacity_counters WHERE feature_key = $1", {feature});
            return row ? row->integer(0) : -1;
        });
    }

    ManualClock clock{from_unix_seconds(1'700'000'000)};
    RandomIdSource ids;
    CatalogCache catalog;
    CursorCodec cursors{std::string(32, 'k')};
    SecretBox box{{Secret(std::string(SecretBox::kKeyBytes, 'b'))}};

private:
    sql::Database& db_;

public:
    OrganizationsApi api{
        db_, clock, ids, catalog, cursors, "https://shop.example/plans", {box, true, {}}};
};

}  // namespace turnpike::testing
