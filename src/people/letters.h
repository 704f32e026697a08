#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/id.h"
#include "base/time.h"
#include "crypto/secret_box.h"
#include "notices/notice.h"
#include "people/invitation_store.h"
#include "people/organization.h"
#include "people/user.h"
#include "sql/sql.h"

namespace turnpike {

/// Pages of the host's where letters lead, each with "{token}" in it; "": the letter has the token
/// itself, to be typed in.
struct LetterPages {
    std::string invitation;
    std::string password_reset;
};

/// How people get letters. Without a mail server none is written: nobody else is to read them.
struct LetterDesk {
    const SecretBox& box;
    bool sends_mail;
    LetterPages pages;
};

/// More invitations than these to one address in a day, by whomever, are a nuisance.
inline constexpr int kInvitationLettersPerDay = 5;

struct InvitationLetter {
    const Organization& organization;
    const Invitation& invitation;
    std::optional<User> inviter;  ///< absent: the seller invites
};

/// Both in the transaction of the deed that they tell of; the invitation is stored already.
///
/// Errors: LimitExceeded "invitation.too_many_letters".
Result<void> post_invitation_letter(sql::Transaction& tx, const LetterDesk& desk,
                                    const InvitationLetter& letter, IdSource& ids);
void take_back_invitation_letter(sql::Transaction& tx, const InvitationId& invitation, Instant now);

struct ResetLetter {
    PasswordResetId reset;
    std::string_view recipient;
    std::string_view secret;
    Instant expires_at;
};
NoticeId post_reset_letter(sql::Transaction& tx, const LetterDesk& desk, const ResetLetter& letter,
                           Instant now, IdSource& ids);

}  // namespace turnpike
