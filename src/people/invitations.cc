#include "people/invitations.h"

#include <utility>

#include "access/api_key.h"
#include "crypto/crypto.h"
#include "people/daily_limit.h"
#include "people/email.h"
#include "people/letters.h"
#include "people/organization_entry.h"
#include "people/seats.h"
#include "people/user_store.h"

namespace turnpike {
namespace {

constexpr std::size_t kInvitationRandomBytes = 20;

std::unexpected<Error> already_member() {
    return conflict("invitation.already_member", "this is a member's e-mail address");
}

std::unexpected<Error> invitation_invalid() {
    return invalid_argument("invitation.invalid",
                            "this invitation was used, is over, or was never given out");
}

void record_invitation(sql::Transaction& tx, const OrgDeed& deed, const char* action,
                       const Invitation& invitation) {
    auto entry = organization_entry(deed.access.organization, action, deed.authority, deed.now);
    entry.detail["invitation"] = invitation.id.text();
    entry.detail["role"] = to_text(invitation.role);
    record(tx, entry, deed.ids);
}

/// Errors: LimitExceeded "invitation.too_many".
Result<void> check_invites_few(sql::Transaction& tx, const OrgDeed& deed) {
    if (deed.access.is_seller) return {};
    auto few = check_daily_limit(
        made_invitation(tx, deed.access.organization.id, kInvitationsPerDay), deed.now,
        "invitation.too_many", "the organization has invited enough people today");
    if (!few) return few;
    lock_user(tx, *deed.access.user);
    return check_daily_limit(made_invitation_by(tx, *deed.access.user, kInvitationsPerDay),
                             deed.now, "invitation.too_many",
                             "this user has invited enough people today");
}

/// The addresses that the caller has: his account's, and the one that the host's token says.
bool is_address_of(const std::string& email_key, const User& user, const Principal& caller) {
    if (user.email_key == email_key) return true;
    const bool is_hosts_word = !caller.session && caller.email;
    const auto key = is_hosts_word ? fold_email(*caller.email) : Result<std::string>("");
    return key && *key == email_key;
}

}  // namespace

Result<Seated<Invitation>> invite(sql::Transaction& tx, const OrgDeed& deed,
                                  const NewInvitation& wanted, const LetterDesk& desk) {
    const auto& organization = deed.access.organization;
    auto key = fold_email(wanted.email);
    if (!key) return failure(key);
    if (wanted.role > deed.access.role)
        return fail(ErrorCode::Forbidden, "organization.role_too_small",
                    "nobody offers a greater role than he has");
    const auto seat = take_seat(tx, deed.catalog, organization, Seats::Users, deed.now);
    if (!seat) return failure(seat);
    if (is_members_email(tx, organization.id, *key)) return already_member();
    const auto minted = mint_key(KeyPrefix::Invitation, random_bytes(kInvitationRandomBytes));
    Invitation invitation{.id = deed.ids.make<InvitationId>(deed.now),
                          .organization = organization.id,
                          .email = wanted.email,
                          .email_key = *std::move(key),
                          .role = wanted.role,
                          .created_at = deed.now,
                          .expires_at = deed.now + kInvitationLife,
                          .secret = minted.secret};
    const bool has_one = has_open_invitation(tx, organization.id, invitation.email_key);
    if (has_one) return conflict("invitation.exists", "this address is invited already");
    if (!seat->capacity.allowed) return Seated<Invitation>{std::nullopt, *seat};
    const auto inviter = deed.access.is_seller ? std::nullopt : deed.access.user;
    insert_invitation(tx, invitation, minted.hash, inviter);
    record_invitation(tx, deed, "invitation.created", invitation);
    if (desk.sends_mail) {
        if (auto good = check_invites_few(tx, deed); !good) return failure(good);
        const auto by = inviter ? load_user(tx, *inviter) : std::nullopt;
        const auto posted =
            post_invitation_letter(tx, desk, {organization, invitation, by}, deed.ids);
        if (!posted) return failure(posted);
        invitation.secret.clear();
    }
    return Seated<Invitation>{std::move(invitation), *seat};
}

Result<Invitation> withdraw_invitation(sql::Transaction& tx, const OrgDeed& deed,
                                       std::string_view ref) {
    lock_organization(tx, deed.access.organization.id);
    auto invitation = load_invitation(tx, deed.access.organization.id, ref);
    if (!invitation) return not_found("invitation.not_found", "there is no such invitation");
    if (invitation->role > deed.access.role)
        return fail(ErrorCode::Forbidden, "organization.role_too_small",
                    "nobody takes back an offer of a greater role than he has");
    if (invitation->state == "withdrawn") return *std::move(invitation);
    if (!end_invitation(tx, invitation->id, "withdrawn"))
        return conflict("invitation.over", "the invitation was accepted, or its time has passed");
    give_back_seats(tx, deed.access.organization, Seats::Users, 1);
    take_back_invitation_letter(tx, invitation->id, deed.now);
    record_invitation(tx, deed, "invitation.withdrawn", *invitation);
    invitation->state = "withdrawn";
    return *std::move(invitation);
}

Result<std::monostate> check_invited(sql::Transaction& tx, std::string_view email,
                                     std::string_view secret, Instant now) {
    const auto key = fold_email(email);
    if (!key) return failure(key);
    const auto invitation = read_key_shape(secret) == KeyPrefix::Invitation
                                ? find_invitation(tx, key_hash(secret))
                                : std::nullopt;
    if (invitation && is_open(*invitation, now) && invitation->email_key == *key)
        return std::monostate{};
    return fail(ErrorCode::Forbidden, "people.sign_up_closed",
                "only who is invited can sign up here, with the token of his invitation");
}

Result<Joined> accept_invitation(sql::Transaction& tx, std::string_view secret,
                                 const Principal& caller, const OrgMaking& making) {
    if (read_key_shape(secret) != KeyPrefix::Invitation) return invitation_invalid();
    const auto user = ensure_user(tx, caller, making.now, making.ids);
    if (!user) return failure(user);
    const auto invitation = find_invitation(tx, key_hash(secret));
    if (!invitation || !is_open(*invitation, making.now)) return invitation_invalid();
    if (!is_address_of(invitation->email_key, *user, caller))
        return fail(ErrorCode::Forbidden, "invitation.other_email",
                    "this invitation is for another e-mail address; sign in with that one");
    auto organization = find_organization(tx, invitation->organization.text());
    if (!organization) return invitation_invalid();
    if (!is_active(*organization))
        return conflict("organization.deactivated", "the organization is deactivated");
    lock_organization(tx, organization->id);
    Membership membership{organization->id, user->id, invitation->role, making.now};
    if (!insert_membership(tx, membership)) return already_member();
    if (!end_invitation(tx, invitation->id, "accepted")) return invitation_invalid();
    auto entry =
        organization_entry(*organization, "invitation.accepted", making.authority, making.now);
    entry.detail["invitation"] = invitation->id.text();
    entry.detail["user"] = user->id.text();
    entry.detail["role"] = to_text(invitation->role);
    record(tx, entry, making.ids);
    return Joined{*std::move(organization), membership};
}

std::int64_t end_invitations_over(sql::Transaction& tx, Instant now) {
    std::int64_t ended = 0;
    for (const auto& id : organizations_with_invitations_over(tx, now)) {
        const auto organization = find_organization(tx, id.text());
        if (!organization) continue;
        lock_organization(tx, id);
        const auto over = expire_invitations(tx, id, now);
        if (over > 0) give_back_seats(tx, *organization, Seats::Users, over);
        ended += over;
    }
    return ended;
}

}  // namespace turnpike
