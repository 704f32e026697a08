#include "keys/service.h"

#include <utility>

#include "crypto/crypto.h"
#include "customers/service.h"
#include "json/value.h"

namespace turnpike {
namespace {

constexpr std::size_t kRandomBytes = 20;

KeyPrefix prefix_of(const ApiKey& key, KeyMode mode) {
    if (key.customer) return KeyPrefix::Customer;
    return mode == KeyMode::Live ? KeyPrefix::SellerLive : KeyPrefix::SellerTest;
}

AuditEntry entry_of(const ApiKey& key, std::string action, const Authority& authority,
                    Instant now) {
    Json detail;
    detail["name"] = key.name;
    detail["hint"] = key.hint;
    detail["scopes"] = Json::array();
    for (const Scope scope : key.scopes) detail["scopes"].push_back(to_text(scope));
    return {.at = now,
            .actor = authority.actor,
            .action = std::move(action),
            .object_id = key.id.text(),
            .customer = key.customer ? key.customer->text() : "",
            .request_id = authority.request_id,
            .detail = std::move(detail)};
}

Result<void> check_request(const KeyRequest& request, const Principal& caller, Instant now) {
    for (const Scope scope : request.scopes)
        if (!caller.has(scope))
            return fail(
                ErrorCode::Forbidden, "access.scope_not_held",
                "a key cannot get a scope that its maker lacks: " + std::string(to_text(scope)));
    if (request.expires_at && *request.expires_at <= now)
        return invalid_argument("access.expires_in_the_past", "expires_at must be in the future");
    return {};
}

}  // namespace

Result<CreatedKey> create_key(sql::Transaction& tx, const KeyRequest& request,
                              const KeyGrant& grant, Instant now, IdSource& ids) {
    if (const auto good = check_request(request, grant.caller, now); !good) return failure(good);
    ApiKey key{.id = ids.make<ApiKeyId>(now),
               .customer = std::nullopt,
               .name = request.name,
               .scopes = request.scopes,
               .hint = "",
               .created_at = now,
               .expires_at = request.expires_at,
               .revoked_at = std::nullopt};
    if (request.customer_ref) {
        const auto customer = find_customer(tx, *request.customer_ref);
        if (!customer) return failure(customer);
        key.customer = customer->id;
    }
    auto minted = mint_key(prefix_of(key, grant.mode), random_bytes(kRandomBytes));
    key.hint = minted.hint;
    insert_key(tx, key, minted.hash);
    const Authority authority{grant.caller.name, grant.request_id};
    record(tx, entry_of(key, "api_key.created", authority, now), ids);
    return CreatedKey{std::move(key), std::move(minted.secret)};
}

Result<ApiKey> revoke_key_by(sql::Transaction& tx, const ApiKeyId& id, const Authority& authority,
                             Instant now, IdSource& ids) {
    auto key = load_key(tx, id);
    if (!key || key->revoked_at) return key;
    if (revoke_key(tx, id, now)) record(tx, entry_of(*key, "api_key.revoked", authority, now), ids);
    key->revoked_at = now;
    return key;
}

}  // namespace turnpike
