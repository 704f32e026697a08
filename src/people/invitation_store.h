#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "access/cursor.h"
#include "access/principal.h"
#include "base/id.h"
#include "base/time.h"
#include "sql/sql.h"

namespace turnpike {

/// An offer to join, to whoever reads the mail of one address. Open until it is accepted,
/// withdrawn, or over.
struct Invitation {
    InvitationId id;
    OrganizationId organization;
    std::string email;
    std::string email_key;
    OrgRole role = OrgRole::Member;
    std::string state = "open";  ///< "open", "accepted", "withdrawn" or "expired"
    Instant created_at;
    Instant expires_at;
    /// Only of one that was made just now, and that no letter brings: what is kept is its hash.
    std::string secret{};
};
/// As others see it: over also when nobody has noticed yet.
inline bool is_open(const Invitation& invitation, Instant now) {
    return invitation.state == "open" && now < invitation.expires_at;
}

/// False, and no change, when an open one to this address is there.
/// \param inviter  the member; nullopt: the seller
bool insert_invitation(sql::Transaction& tx, const Invitation& invitation, std::string_view hash,
                       const std::optional<UserId>& inviter);
std::optional<Invitation> find_invitation(sql::Transaction& tx, std::string_view hash);
std::optional<Invitation> load_invitation(sql::Transaction& tx, const OrganizationId& organization,
                                          std::string_view id);
/// Ends an open one. False when it is not open any more.
bool end_invitation(sql::Transaction& tx, const InvitationId& id, std::string_view state);
/// Ends those whose time has passed. \return how many
std::int64_t expire_invitations(sql::Transaction& tx, const OrganizationId& organization,
                                Instant now);
/// Whether this address has one that is not over; call it after expire_invitations().
bool has_open_invitation(sql::Transaction& tx, const OrganizationId& organization,
                         std::string_view email_key);
std::int64_t count_open_invitations(sql::Transaction& tx, const OrganizationId& organization);
/// When the one was made that has so many newer ones, however they ended: of an organization, to
/// one address, and by one member, the last two over all organizations.
std::optional<Instant> made_invitation(sql::Transaction& tx, const OrganizationId& organization,
                                       int newer);
std::optional<Instant> made_invitation_to(sql::Transaction& tx, std::string_view email_key,
                                          int newer);
std::optional<Instant> made_invitation_by(sql::Transaction& tx, const UserId& inviter, int newer);
/// Of the open ones, those whose time has passed.
std::int64_t count_invitations_over(sql::Transaction& tx, const OrganizationId& organization,
                                    Instant now);
std::vector<Invitation> list_invitations(sql::Transaction& tx, const OrganizationId& organization,
                                         const PageQuery& page);
/// Whether a member has this e-mail address.
bool is_members_email(sql::Transaction& tx, const OrganizationId& organization,
                      std::string_view email_key);
/// Organizations with open invitations whose time has passed, at most 100.
std::vector<OrganizationId> organizations_with_invitations_over(sql::Transaction& tx, Instant now);

}  // namespace turnpike
