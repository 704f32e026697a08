#include "people/members.h"

#include <utility>

#include "customers/service.h"
#include "people/email.h"
#include "people/organization_entry.h"
#include "people/seats.h"
#include "people/user_store.h"

namespace turnpike {
namespace {

Result<MemberRow> find_member(sql::Transaction& tx, const OrganizationId& organization,
                              std::string_view ref) {
    const auto id = UserId::parse(ref);
    const auto membership = id ? load_membership(tx, organization, *id) : std::nullopt;
    const auto user = membership ? load_user(tx, *id) : std::nullopt;
    if (!user) return no_such_member();
    return MemberRow{*membership, user->email, user->name, is_active(*user)};
}

std::unexpected<Error> owners_only(const char* what) {
    return fail(ErrorCode::Forbidden, "organization.role_too_small",
                std::string("only an owner ") + what);
}

/// An owner goes, or becomes less.
Result<void> check_stays_owned(sql::Transaction& tx, const Membership& membership) {
    if (membership.role != OrgRole::Owner) return {};
    if (count_other_owners(tx, membership.organization, membership.user) > 0) return {};
    return conflict("organization.last_owner",
                    "the last owner cannot leave or become less; transfer the ownership first");
}

void record_of(sql::Transaction& tx, const OrgDeed& deed, std::string action,
               const Membership& membership) {
    auto entry =
        organization_entry(deed.access.organization, std::move(action), deed.authority, deed.now);
    entry.detail["user"] = membership.user.text();
    entry.detail["role"] = to_text(membership.role);
    record(tx, entry, deed.ids);
}

Result<MemberRow> take_out(sql::Transaction& tx, const OrgDeed& deed, MemberRow member,
                           const char* action) {
    if (auto good = check_stays_owned(tx, member.membership); !good) return failure(good);
    remove_membership(tx, member.membership);
    give_back_seats(tx, deed.access.organization, Seats::Users, 1);
    record_of(tx, deed, action, member.membership);
    return member;
}

/// Bills that went to the old owner himself go to the new one; a mailbox of the books stays.
Result<void> hand_over_bills(sql::Transaction& tx, const OrgDeed& deed, const MemberRow& owner) {
    const auto& organization = deed.access.organization;
    const auto old = load_user(tx, *deed.access.user);
    if (!old || !owner.email || !organization.billing_email) return {};
    const auto key = fold_email(*organization.billing_email);
    if (!key || *key != old->email_key) return {};
    CustomerChange change{organization.customer.text(), {}, deed.authority};
    change.patch.email.emplace(owner.email);
    const auto done = change_customer(tx, change, deed.now, deed.ids);
    if (!done) return failure(done);
    return {};
}

}  // namespace

std::unexpected<Error> no_such_member() {
    return not_found("organization.member_not_found", "there is no such member");
}

Result<MemberRow> change_role(sql::Transaction& tx, const OrgDeed& deed, std::string_view user,
                              OrgRole role) {
    lock_organization(tx, deed.access.organization.id);
    auto member = find_member(tx, deed.access.organization.id, user);
    if (!member) return member;
    auto& membership = member->membership;
    if (membership.role == role) return member;
    const bool is_about_owners = membership.role == OrgRole::Owner || role == OrgRole::Owner;
    if (is_about_owners && deed.access.role != OrgRole::Owner)
        return owners_only("makes owners, and changes one");
    if (auto good = check_stays_owned(tx, membership); !good) return failure(good);
    membership.role = role;
    set_role(tx, membership);
    record_of(tx, deed, "organization.role_changed", membership);
    return member;
}

Result<MemberRow> remove_member(sql::Transaction& tx, const OrgDeed& deed, std::string_view user) {
    lock_organization(tx, deed.access.organization.id);
    auto member = find_member(tx, deed.access.organization.id, user);
    if (!member) return member;
    if (member->membership.role == OrgRole::Owner && deed.access.role != OrgRole::Owner)
        return owners_only("removes one");
    return take_out(tx, deed, *std::move(member), "organization.member_removed");
}

Result<MemberRow> leave(sql::Transaction& tx, const OrgDeed& deed) {
    if (!deed.access.user)
        return fail(ErrorCode::Forbidden, "organization.not_a_member",
                    "only a member can leave, and the caller is none");
    lock_organization(tx, deed.access.organization.id);
    auto member = find_member(tx, deed.access.organization.id, deed.access.user->text());
    if (!member) return member;
    return take_out(tx, deed, *std::move(member), "organization.member_left");
}

Result<MemberRow> transfer_ownership(sql::Transaction& tx, const OrgDeed& deed,
                                     std::string_view user) {
    if (!deed.access.is_seller && !is_active(deed.access.organization))
        return organization_deactivated();
    lock_organization(tx, deed.access.organization.id);
    auto member = find_member(tx, deed.access.organization.id, user);
    if (!member) return member;
    if (!member->is_active)
        return conflict("organization.user_deactivated", "a deactivated user cannot be an owner");
    if (member->membership.user == deed.access.user) return member;
    member->membership.role = OrgRole::Owner;
    set_role(tx, member->membership);
    const auto before = deed.access.user
                            ? load_membership(tx, deed.access.organization.id, *deed.access.user)
                            : std::nullopt;
    if (before && before->role == OrgRole::Owner) {
        auto after = *before;
        after.role = OrgRole::Admin;
        set_role(tx, after);
        record_of(tx, deed, "organization.role_changed", after);
        if (auto done = hand_over_bills(tx, deed, *member); !done) return failure(done);
    }
    record_of(tx, deed, "organization.transferred", member->membership);
    return member;
}

Result<Organization> deactivate_organization(sql::Transaction& tx, const OrgDeed& deed) {
    auto organization = deed.access.organization;
    const std::string by = deed.access.is_seller ? "seller" : "member";
    const bool is_so = !is_active(organization);
    if (is_so && (organization.deactivated_by == by || by == "member")) return organization;
    if (!is_so) organization.deactivated_at = deed.now;
    organization.deactivated_by = by;
    set_deactivation(tx, organization);
    auto entry =
        organization_entry(organization, "organization.deactivated", deed.authority, deed.now);
    entry.detail["by"] = by;
    record(tx, entry, deed.ids);
    return organization;
}

Result<Organization> reactivate_organization(sql::Transaction& tx, const OrgDeed& deed) {
    auto organization = deed.access.organization;
    if (is_active(organization)) return organization;
    if (organization.deactivated_by == "seller" && !deed.access.is_seller)
        return fail(ErrorCode::Forbidden, "organization.deactivated_by_seller",
                    "the seller deactivated this organization, and must take it back himself");
    lock_organization(tx, organization.id);
    if (!has_active_owner(tx, organization.id))
        return conflict("organization.no_owner",
                        "no owner of it can sign in; transfer it to a member who can, or activate "
                        "an owner, first");
    organization.deactivated_at = std::nullopt;
    organization.deactivated_by = "";
    set_deactivation(tx, organization);
    record(tx,
           organization_entry(organization, "organization.reactivated", deed.authority, deed.now),
           deed.ids);
    return organization;
}

}  // namespace turnpike
