#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "access/policy.h"
#include "app/serving/app.h"
#include "people/users.h"
#include "sandbox/sandbox.h"
#include "sql/testing.h"

namespace turnpike {

/// Everybody who may come to a route.
enum class Caller : std::uint8_t {
    Nobody,
    GatewayKey,    ///< a seller's key for usage:write alone
    KeyWithScope,  ///< one for what the route asks for alone; for everything where it asks for none
    KeyWithout,    ///< one for everything else
    CustomerKey,
    CustomerToken,  ///< of the same customer's user, as a host vouches for him
    Stranger,       ///< signed in, in no organization
    Member,         ///< of his own organization, like the next two
    OrgAdmin,
    Owner,
    ForeignOwner,  ///< of another one
    Superuser,
    AdminToken,
    RevokedKey,  ///< for everything
};
inline constexpr Caller kCallers[] = {
    Caller::Nobody,      Caller::GatewayKey,    Caller::KeyWithScope, Caller::KeyWithout,
    Caller::CustomerKey, Caller::CustomerToken, Caller::Stranger,     Caller::Member,
    Caller::OrgAdmin,    Caller::Owner,         Caller::ForeignOwner, Caller::Superuser,
    Caller::AdminToken,  Caller::RevokedKey};
std::string_view to_text(Caller caller);

inline const Authority kMatrixMaker{"job:test", ""};
inline constexpr std::string_view kTokenSubject = "buyer";

/// What the policy table and docs/security.md say of a caller who has not said yet about what he
/// asks: nullopt when he may, else 401 or 403. Told by the callers' kinds, apart from authorize().
std::optional<int> refusal_at_the_gate(const Policy& policy, Caller caller);
/// Who sees what is everybody's: a superuser, an administrator, a key with the scope.
bool is_seller(const Policy& policy, Caller caller);

/// A whole server that sells every catalog, but for its jobs and its port, and everybody who may
/// come. Requests go through its gate.
class MatrixTest : public ::testing::Test {
protected:
    /// \param stripe  the address of Stripe's twin; "": the provider is not reached
    void open(const std::string& stripe);
    [[nodiscard]] Instant now() const { return app_->clock.now(); }
    template <class Work>
    auto write(Work work) {
        auto done = app_->db->write_blocking(work);
        EXPECT_TRUE(done) << done.error().message;
        return *std::move(done);
    }

    User new_user(Superuser superuser = Superuser::No);
    std::string session_of(const UserId& user);
    /// A new session, so that one which has ended hinders nobody.
    void sign_in_as(Caller caller);
    [[nodiscard]] bool has_session(Caller caller) const { return users_.contains(caller); }
    struct MadeKey {
        std::string id, secret;
    };
    MadeKey key(std::vector<Scope> scopes, std::optional<std::string> customer);

    struct Ask {
        std::string method, target, body;
        std::vector<std::pair<std::string, std::string>> headers{};
    };
    http::Response ask(const Policy& policy, Caller caller, const Ask& what);

    sql::TempFolder folder_;
    std::unique_ptr<App> app_;
    std::map<Caller, UserId> users_;
    int made_ = 0;

private:
    std::string credential(const Policy& policy, Caller caller);
    std::map<Caller, std::string> credentials_;
    std::map<Scope, std::string> keys_with_, keys_without_;
    std::string key_with_all_;
    int refused_ = 0;
};

}  // namespace turnpike
