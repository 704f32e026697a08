#include "people/organizations.h"

#include <utility>

#include "base/check.h"
#include "base/letter_case.h"
#include "customers/service.h"
#include "people/daily_limit.h"
#include "people/organization_entry.h"
#include "people/seats.h"
#include "people/user_store.h"

namespace turnpike {
namespace {

constexpr std::size_t kSlugTail = 6;

std::unexpected<Error> no_such_organization() {
    return not_found("organization.not_found", "there is no such organization");
}

std::unexpected<Error> slug_taken() {
    return conflict("organization.slug_taken", "there is an organization with this slug");
}

/// Of the slug that was asked for, or of the name; a name may be taken, and then the end of the id
/// tells them apart.
Result<Organization> insert_under_a_slug(sql::Transaction& tx, Organization organization,
                                         const std::optional<std::string>& wanted,
                                         const std::optional<UserId>& maker) {
    if (wanted) {
        if (auto good = check_slug(*wanted); !good) return failure(good);
        organization.slug = *wanted;
        if (!insert_organization(tx, organization, maker)) return slug_taken();
        return organization;
    }
    organization.slug = slug_of(organization.name);
    if (insert_organization(tx, organization, maker)) return organization;
    const auto& id = organization.id.text();
    organization.slug += "-" + lower_case(std::string_view(id).substr(id.size() - kSlugTail));
    if (!insert_organization(tx, organization, maker)) return slug_taken();
    return organization;
}

bool acts_for_the_seller(const Principal& caller) {
    return caller.kind == PrincipalKind::Admin || caller.kind == PrincipalKind::Seller;
}

/// A user makes an organization of his own; the seller makes one for somebody.
Result<User> owner_of_new(sql::Transaction& tx, const NewOrganization& wanted,
                          const Principal& caller, const OrgMaking& making) {
    if (wanted.owner && acts_for_the_seller(caller)) {
        auto owner = find_user(tx, *wanted.owner);
        if (owner && !is_active(*owner))
            return conflict("organization.user_deactivated",
                            "a deactivated user cannot be an owner");
        return owner;
    }
    if (!caller.is_user())
        return invalid_argument("organization.owner_needed", "name the owner: a user's id");
    auto user = ensure_user(tx, caller, making.now, making.ids);
    if (user && wanted.owner && *wanted.owner != user->id.text())
        return fail(ErrorCode::Forbidden, "organization.other_owner",
                    "whoever makes an organization is its owner; transfer it later");
    return user;
}

/// What a user may ask for himself.
Result<void> check_own_making(sql::Transaction& tx, const NewOrganization& wanted, const User& user,
                              Instant now) {
    if (!wanted.catalog.empty())
        return fail(ErrorCode::Forbidden, "organization.catalog_of_seller",
                    "the seller says what an organization buys from; leave out the catalog");
    lock_user(tx, user.id);
    return check_daily_limit(made_organization(tx, user.id, kOrganizationsPerDay - 1), now,
                             "organization.too_many",
                             "this user has made enough organizations today");
}

/// What is sold to organizations, where that is sold.
std::string catalog_of_new(const NewOrganization& wanted, const OrgMaking& making) {
    if (!wanted.catalog.empty()) return wanted.catalog;
    return making.catalog.get()->has(kOrganizationsCatalog) ? std::string(kOrganizationsCatalog)
                                                            : "";
}

}  // namespace

Result<OrgAccess> member_of(sql::Transaction& tx, const Principal& caller, std::string_view ref) {
    check(caller.needed_role.has_value(), "a route for members says which role it needs");
    auto user = caller.is_user() ? user_calling(tx, caller) : Result<std::optional<User>>();
    if (!user) return failure(user);
    auto organization = find_organization(tx, ref);
    if (!organization) return no_such_organization();
    const auto membership =
        *user ? load_membership(tx, organization->id, (*user)->id) : std::nullopt;
    OrgAccess access{*std::move(organization), std::nullopt, OrgRole::Owner,
                     acts_for_the_seller(caller)};
    if (membership) access.user = membership->user;
    if (access.is_seller) return access;
    if (!membership) return no_such_organization();
    access.role = membership->role;
    if (membership->role < *caller.needed_role)
        return fail(ErrorCode::Forbidden, "organization.role_too_small",
                    "this takes the role " + std::string(to_text(*caller.needed_role)) +
                        " in the organization");
    return access;
}

std::unexpected<Error> organization_deactivated() {
    return conflict("organization.deactivated", "the organization is deactivated");
}

Result<OrgAccess> active_member_of(sql::Transaction& tx, const Principal& caller,
                                   std::string_view ref) {
    auto access = member_of(tx, caller, ref);
    if (access && !is_active(access->organization)) return organization_deactivated();
    return access;
}

Result<OrgAccess> member_of_buyer(sql::Transaction& tx, const Principal& caller,
                                  const std::optional<CustomerId>& customer) {
    const auto buyer = customer ? find_organization_of_customer(tx, *customer) : std::nullopt;
    return member_of(tx, caller, buyer ? buyer->id.text() : "");
}

Result<std::vector<CustomerId>> customers_administered_by(sql::Transaction& tx,
                                                          const Principal& caller) {
    if (!caller.is_user()) return std::vector<CustomerId>();
    const auto user = user_calling(tx, caller);
    if (!user) return failure(user);
    if (!*user) return std::vector<CustomerId>();
    return customers_of_administrator(tx, (*user)->id);
}

Result<Organization> create_organization(sql::Transaction& tx, const NewOrganization& wanted,
                                         const Principal& caller, const OrgMaking& making) {
    const auto owner = owner_of_new(tx, wanted, caller, making);
    if (!owner) return failure(owner);
    std::optional<UserId> maker;
    if (!acts_for_the_seller(caller)) {
        maker = owner->id;
        if (auto good = check_own_making(tx, wanted, *owner, making.now); !good)
            return failure(good);
    }
    const auto id = making.ids.make<OrganizationId>(making.now);
    CustomerDraft draft;
    draft.external_id = id.text();
    draft.catalog = catalog_of_new(wanted, making);
    draft.email = owner->email;
    draft.name = wanted.name;
    const auto customer = create_customer(tx, draft, making.authority, making.now, making.ids);
    if (!customer) return failure(customer);
    auto organization = insert_under_a_slug(tx,
                                            {.id = id,
                                             .slug = "",
                                             .name = wanted.name,
                                             .customer = customer->id,
                                             .deactivated_at = std::nullopt,
                                             .deactivated_by = "",
                                             .created_at = making.now,
                                             .billing_email = customer->email},
                                            wanted.slug, maker);
    if (!organization) return organization;
    const auto seat = take_seat(tx, making.catalog, *organization, Seats::Users, making.now);
    if (!seat) return failure(seat);
    if (!seat->capacity.allowed)
        return conflict("organization.no_room_for_owner",
                        "the plan of a new organization has no room for its owner");
    insert_membership(tx, {id, owner->id, OrgRole::Owner, making.now});
    auto entry =
        organization_entry(*organization, "organization.created", making.authority, making.now);
    entry.detail["owner"] = owner->id.text();
    record(tx, entry, making.ids);
    return organization;
}

Result<Organization> change_organization(sql::Transaction& tx, const OrgDeed& deed,
                                         const OrganizationPatch& patch) {
    const auto& before = deed.access.organization;
    auto changed = before;
    if (patch.name) changed.name = *patch.name;
    if (patch.slug) changed.slug = *patch.slug;
    if (patch.billing_email) changed.billing_email = *patch.billing_email;
    if (changed.name == before.name && changed.slug == before.slug &&
        changed.billing_email == before.billing_email)
        return changed;
    if (auto good = check_slug(changed.slug); !good) return failure(good);
    if (!save_organization(tx, changed)) return slug_taken();
    CustomerChange change{changed.customer.text(), {}, deed.authority};
    change.patch.name.emplace(changed.name);
    change.patch.email.emplace(changed.billing_email);
    if (auto done = change_customer(tx, change, deed.now, deed.ids); !done) return failure(done);
    record(tx, organization_entry(changed, "organization.updated", deed.authority, deed.now),
           deed.ids);
    return changed;
}

}  // namespace turnpike
