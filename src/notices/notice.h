#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/id.h"
#include "base/time.h"
#include "crypto/secret_box.h"
#include "notices/letter.h"
#include "sql/sql.h"

namespace turnpike {

using NoticeId = Id<"ntc">;

/// Something that a customer is told by e-mail.
struct NoticeDraft {
    std::string_view kind;   ///< a template's name: "receipt"
    std::string obligation;  ///< what is told, once to each: "invoice:inv_..:paid"
    CustomerId customer;
    LetterValues values;  ///< what the template has names for, but seller and greeting
};

/// Writes down, in the transaction of the deed, that the customer is to be told of it. Nothing for
/// a customer without an e-mail address, and for one who does not want reminders; telling the same
/// twice is telling it once.
void post_notice(sql::Transaction& tx, const NoticeDraft& draft, Instant now, IdSource& ids);

/// A letter whose reader need not be a customer, with a link or a code in it that nobody else is to
/// see: it stands sealed until it is sent.
struct SecretLetter {
    std::string_view kind;  ///< a template's name: "invitation"
    std::string obligation;
    std::string_view recipient;  ///< an e-mail address
    LetterValues values;
    Instant good_until;  ///< of no use to anybody after that, and not sent
};
NoticeId post_letter(sql::Transaction& tx, const SecretBox& box, const SecretLetter& letter,
                     Instant now, IdSource& ids);
/// What has not been sent of it is not sent any more.
void take_back_letters(sql::Transaction& tx, std::string_view obligation, Instant now);
/// All that one customer is told of one thing: "invoice:inv_..:failed:" is of every try of it.
struct LettersOf {
    CustomerId customer;
    std::string obligations_begin;
};
/// The same of these. \return how many there were
std::int64_t take_back_letters_of(sql::Transaction& tx, const LettersOf& letters, Instant now);
/// As if it had never been posted; in the transaction that posted it.
void unpost_letter(sql::Transaction& tx, const NoticeId& id);

/// A notice in the hands of whoever sends it.
struct ClaimedNotice {
    NoticeId id;
    std::string kind;
    std::string recipient;
    LetterValues values;
    std::string sealed{};  ///< more values; "" for none
    std::optional<CustomerId> customer{};
    std::int64_t attempts = 1;
    Instant created_at;
    Instant give_up_at;
};
/// All its values. Errors: those of SecretBox::open.
Result<LetterValues> open_values(const SecretBox& box, const ClaimedNotice& notice);

/// Takes due notices, oldest first, until `lease_end`, and counts the try.
std::vector<ClaimedNotice> claim_notices(sql::Transaction& tx, Instant now, Instant lease_end,
                                         int limit);
void mark_notice_sent(sql::Transaction& tx, const ClaimedNotice& notice, Instant now);
/// Tried again after a while that doubles from a minute to six hours, for three days, or as long as
/// the letter is of use.
void mark_notice_failed(sql::Transaction& tx, const ClaimedNotice& notice, const Error& error,
                        Instant now);
/// Gives up what nobody could send in time, and forgets what ended a month ago.
std::int64_t sweep_notices(sql::Transaction& tx, Instant now);

/// Whether a letter of this was written, sent or not.
bool is_told(sql::Transaction& tx, std::string_view obligation);

/// Reminders can be done without; letters of payment and of the contract cannot.
bool is_reminder(std::string_view kind);
/// What a kind of reminder is about, as its reader is told: "how much you have used". "" for what
/// is none.
std::string_view reminder_words(std::string_view kind);

/// As a kind: all reminders, also those that there are not yet.
inline constexpr std::string_view kAllReminders = "*";
/// What one reader wants no more: the address may be that of several customers.
struct OptOut {
    std::string recipient;
    CustomerId customer;
    std::string kind;
};
/// Doing it again changes nothing.
void opt_out(sql::Transaction& tx, const OptOut& wish, Instant now);

}  // namespace turnpike
