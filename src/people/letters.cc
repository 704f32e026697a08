#include "people/letters.h"

#include <chrono>
#include <utility>

#include "base/time_in_words.h"
#include "people/daily_limit.h"

namespace turnpike {
namespace {

constexpr std::string_view kTokenPlace = "{token}";

std::string obligation_of(const InvitationId& invitation) {
    return "invitation:" + invitation.text();
}

/// A link where the host has a page for it, and the secret itself where it has none.
LetterValues way_in(const std::string& page, std::string_view secret, Instant until) {
    LetterValues values{{"expires_at", time_in_words(until)}};
    const auto place = page.find(kTokenPlace);
    if (place == std::string::npos)
        values["code"] = secret;
    else
        values["page_url"] = std::string(page).replace(place, kTokenPlace.size(), secret);
    return values;
}

/// "Olga Petrova (olga@example.com)", or what there is of it.
std::string name_of(const User& user, const Organization& organization) {
    if (!user.name && !user.email) return "Somebody of " + organization.name;
    if (!user.name) return *user.email;
    return user.email ? *user.name + " (" + *user.email + ")" : *user.name;
}

}  // namespace

Result<void> post_invitation_letter(sql::Transaction& tx, const LetterDesk& desk,
                                    const InvitationLetter& letter, IdSource& ids) {
    const auto& [organization, invitation, inviter] = letter;
    const Instant now = invitation.created_at;
    auto few = check_daily_limit(
        made_invitation_to(tx, invitation.email_key, kInvitationLettersPerDay), now,
        "invitation.too_many_letters", "this address was sent enough invitations today");
    if (!few) return few;
    LetterValues values = way_in(desk.pages.invitation, invitation.secret, invitation.expires_at);
    values["organization"] = organization.name;
    values["role"] = to_text(invitation.role);
    if (inviter)
        values["inviter"] = name_of(*inviter, organization);
    else
        values["by_seller"] = "";
    post_letter(tx, desk.box,
                {.kind = "invitation",
                 .obligation = obligation_of(invitation.id),
                 .recipient = invitation.email,
                 .values = std::move(values),
                 .good_until = invitation.expires_at},
                now, ids);
    return {};
}

void take_back_invitation_letter(sql::Transaction& tx, const InvitationId& invitation,
                                 Instant now) {
    take_back_letters(tx, obligation_of(invitation), now);
}

NoticeId post_reset_letter(sql::Transaction& tx, const LetterDesk& desk, const ResetLetter& letter,
                           Instant now, IdSource& ids) {
    return post_letter(
        tx, desk.box,
        {.kind = "password_reset",
         .obligation = "password_reset:" + letter.reset.text(),
         .recipient = letter.recipient,
         .values = way_in(desk.pages.password_reset, letter.secret, letter.expires_at),
         .good_until = letter.expires_at},
        now, ids);
}

}  // namespace turnpike
