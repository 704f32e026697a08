#include "app/serving/matrix_testing.h"

#include <algorithm>

#include "access/handler_testing.h"
#include "access/jwt.h"
#include "access/sessions.h"
#include "customers/service.h"
#include "http/target.h"
#include "keys/service.h"

namespace turnpike {
namespace {

constexpr const char* kMatrixSecret = "0123456789abcdef0123456789abcdef";

std::string host_token(std::string_view subject, Role role, Instant now) {
    const Claims claims{std::string(subject), role, std::nullopt, now, now + kSessionLife};
    JwtConfig jwt;
    jwt.hs256_secret = kMatrixSecret;
    return *mint_hs256(jwt, claims);
}

bool is_person(Caller caller) {
    return caller == Caller::CustomerToken || caller == Caller::Stranger ||
           caller == Caller::Member || caller == Caller::OrgAdmin || caller == Caller::Owner ||
           caller == Caller::ForeignOwner;
}

bool may_call(const Policy& policy, Caller caller) {
    const bool customer = is_person(caller) || caller == Caller::CustomerKey;
    const bool admin = caller == Caller::Superuser || caller == Caller::AdminToken;
    switch (policy.who) {
        case Who::Public: return true;
        case Who::OptionalCredential:
            return caller == Caller::Nobody || customer || is_seller(policy, caller);
        case Who::Customer: return is_person(caller);
        case Who::Seller: return is_seller(policy, caller);
        case Who::CustomerOrSeller:
        case Who::Gateway: return customer || is_seller(policy, caller);
        case Who::Admin: return admin;
        case Who::User: return is_person(caller) || caller == Caller::Superuser;
        case Who::Member: return is_person(caller) || is_seller(policy, caller);
    }
    return false;
}

}  // namespace

std::string_view to_text(Caller caller) {
    switch (caller) {
        case Caller::Nobody: return "nobody";
        case Caller::GatewayKey: return "a gateway's key";
        case Caller::KeyWithScope: return "a key with the scope";
        case Caller::KeyWithout: return "a key without the scope";
        case Caller::CustomerKey: return "a customer's key";
        case Caller::CustomerToken: return "a customer's token";
        case Caller::Stranger: return "a user without an organization";
        case Caller::Member: return "a member";
        case Caller::OrgAdmin: return "an admin";
        case Caller::Owner: return "an owner";
        case Caller::ForeignOwner: return "another organization's owner";
        case Caller::Superuser: return "a superuser";
        case Caller::AdminToken: return "an administrator's token";
        case Caller::RevokedKey: return "a revoked key";
    }
    return "";
}

bool is_seller(const Policy& policy, Caller caller) {
    if (caller == Caller::Superuser || caller == Caller::AdminToken) return true;
    if (!policy.scope) return false;
    return caller == Caller::KeyWithScope ||
           (caller == Caller::GatewayKey && policy.scope == Scope::UsageWrite);
}

std::optional<int> refusal_at_the_gate(const Policy& policy, Caller caller) {
    if (policy.who == Who::Public) return std::nullopt;
    if (caller == Caller::RevokedKey) return 401;
    if (may_call(policy, caller)) return std::nullopt;
    return caller == Caller::Nobody ? 401 : 403;
}

void MatrixTest::open(const std::string& stripe) {
    std::map<std::string, std::string> settings = {
        {"listen", "127.0.0.1:0"},
        {"preset", "all"},
        {"data", folder_.path().string()},
        {"log_level", "error"},
        {"access_log", "off"},
        {"web.allowed_origins", "loopback"},
        {"auth.jwt_secret", kMatrixSecret},
        {"stripe.secret_key", "sk_test_abc"},
        {"stripe.webhook_secret", "whsec_abc"},
    };
    if (!stripe.empty()) settings["stripe.api_base"] = stripe;
    const auto values = resolve_settings(
        settings, [](const std::string&) { return std::optional<std::string>(); }, "");
    ASSERT_TRUE(values) << values.error().message;
    const auto config = read_config(*values);
    ASSERT_TRUE(config) << config.error().message;
    auto app = App::create(*config);
    ASSERT_TRUE(app) << app.error().message;
    app_ = *std::move(app);

    for (const Caller caller : {Caller::Stranger, Caller::Member, Caller::OrgAdmin, Caller::Owner,
                                Caller::ForeignOwner, Caller::Superuser}) {
        const auto user = new_user(caller == Caller::Superuser ? Superuser::Yes : Superuser::No);
        users_.insert_or_assign(caller, user.id);
        sign_in_as(caller);
    }
    credentials_[Caller::AdminToken] = host_token("root", Role::Admin, now());
    credentials_[Caller::CustomerToken] = host_token(kTokenSubject, Role::User, now());
    write([&](sql::Transaction& tx) {
        return ensure_customer(tx, kTokenSubject, std::nullopt, now(), app_->ids);
    });
    credentials_[Caller::CustomerKey] = key({}, std::string(kTokenSubject)).secret;
    credentials_[Caller::GatewayKey] = key({Scope::UsageWrite}, std::nullopt).secret;
    key_with_all_ = key(every_scope(), std::nullopt).secret;
    const auto revoked = key(every_scope(), std::nullopt);
    credentials_[Caller::RevokedKey] = revoked.secret;
    write([&](sql::Transaction& tx) {
        return revoke_key_by(tx, *ApiKeyId::parse(revoked.id), kMatrixMaker, now(), app_->ids);
    });
    for (const Scope scope : every_scope()) {
        auto others = every_scope();
        std::erase(others, scope);
        keys_with_[scope] = key({scope}, std::nullopt).secret;
        keys_without_[scope] = key(std::move(others), std::nullopt).secret;
    }
}

User MatrixTest::new_user(Superuser superuser) {
    const auto email = "user" + std::to_string(++made_) + "@example.com";
    return write([&](sql::Transaction& tx) {
        return create_user(tx, {email, "-", std::nullopt, superuser}, kMatrixMaker, now(),
                           app_->ids);
    });
}

std::string MatrixTest::session_of(const UserId& user) {
    return write([&](sql::Transaction& tx) -> Result<SignedIn> {
               return sign_in(tx, {user, "-"}, {}, now(), app_->ids);
           })
        .secret;
}

void MatrixTest::sign_in_as(Caller caller) { credentials_[caller] = session_of(users_.at(caller)); }

MatrixTest::MadeKey MatrixTest::key(std::vector<Scope> scopes,
                                    std::optional<std::string> customer) {
    const auto seller = testing::admin();
    const KeyGrant grant{seller, "", KeyMode::Test};
    KeyRequest request;
    request.name = "key";
    request.scopes = std::move(scopes);
    request.customer_ref = std::move(customer);
    const auto made = write(
        [&](sql::Transaction& tx) { return create_key(tx, request, grant, now(), app_->ids); });
    return {made.key.id.text(), made.secret};
}

std::string MatrixTest::credential(const Policy& policy, Caller caller) {
    const bool is_any_key = caller == Caller::KeyWithScope || caller == Caller::KeyWithout;
    if (is_any_key && !policy.scope) return key_with_all_;
    if (caller == Caller::KeyWithScope) return keys_with_.at(*policy.scope);
    if (caller == Caller::KeyWithout) return keys_without_.at(*policy.scope);
    return credentials_.at(caller);
}

http::Response MatrixTest::ask(const Policy& policy, Caller caller, const Ask& what) {
    auto request = testing::request_with(what.body);
    request.method = *http::parse_method(what.method);
    EXPECT_FALSE(http::read_target(what.target, request)) << what.target;
    // Each from an address of his own, so that none uses up another's tries. Of bad credentials
    // there are only thirty.
    request.peer = "192.0.2." + std::to_string(static_cast<int>(caller));
    if (caller == Caller::RevokedKey) {
        const int nth = refused_++;
        request.peer = "10.0." + std::to_string(nth / 200) + "." + std::to_string(nth % 200);
    }
    for (const auto& header : what.headers) request.headers.push_back(header);
    if (caller != Caller::Nobody)
        request.headers.emplace_back("Authorization", "Bearer " + credential(policy, caller));
    return testing::run(app_->gate.answer(request));
}

}  // namespace turnpike
