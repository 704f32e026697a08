#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "people/invitation_store.h"
#include "people/letters.h"
#include "people/organizations.h"

namespace turnpike {

inline constexpr std::chrono::days kInvitationLife{7};

struct NewInvitation {
    std::string email;
    OrgRole role = OrgRole::Member;
};
/// More letters in a day, of an organization or of a member over all of his, are no longer to
/// people that somebody knows; the seller may send them.
inline constexpr int kInvitationsPerDay = 100;
/// Takes a seat at once, so that everybody who is invited can come. The letter goes out with it;
/// the secret is in the letter alone, and in the answer where no letter can be sent.
///
/// Errors: InvalidArgument "people.invalid_email"; Forbidden "organization.role_too_small" when
///         somebody offers more than he has; Conflict "invitation.exists",
///         "invitation.already_member"; LimitExceeded "invitation.too_many",
///         "invitation.too_many_letters".
Result<Seated<Invitation>> invite(sql::Transaction& tx, const OrgDeed& deed,
                                  const NewInvitation& wanted, const LetterDesk& desk);
/// Whether this is the token of an open invitation of this address: whoever has it reads the
/// mailbox. Errors: InvalidArgument "people.invalid_email"; Forbidden "people.sign_up_closed".
Result<std::monostate> check_invited(sql::Transaction& tx, std::string_view email,
                                     std::string_view secret, Instant now);
/// Gives the seat back, and the letter goes out no more.
///
/// Errors: NotFound "invitation.not_found"; Forbidden "organization.role_too_small" for an offer of
///         more than the caller has; Conflict "invitation.over".
Result<Invitation> withdraw_invitation(sql::Transaction& tx, const OrgDeed& deed,
                                       std::string_view invitation);

struct Joined {
    Organization organization;
    Membership membership;
};
/// The seat stays taken. The secret alone is not enough: a letter may be passed on, and only the
/// one who was meant joins.
///
/// Errors: InvalidArgument "invitation.invalid"; Forbidden "invitation.other_email"; Conflict
///         "invitation.already_member", "organization.deactivated"; those of ensure_user.
Result<Joined> accept_invitation(sql::Transaction& tx, std::string_view secret,
                                 const Principal& caller, const OrgMaking& making);

/// Ends what is over, and gives the seats back; now and then, for whoever looks at the count. A few
/// organizations at a time. \return how many
std::int64_t end_invitations_over(sql::Transaction& tx, Instant now);

}  // namespace turnpike
