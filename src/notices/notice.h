#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/id.h"
#include "base/time.h"
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

/// A notice in the hands of whoever sends it.
struct ClaimedNotice {
    NoticeId id;
    std::string kind;
    std::string recipient;
    LetterValues values;
    std::int64_t attempts = 1;
    Instant created_at;
};

/// Takes due notices, oldest first, until `lease_end`, and counts the try.
std::vector<ClaimedNotice> claim_notices(sql::Transaction& tx, Instant now, Instant lease_end,
                                         int limit);
void mark_notice_sent(sql::Transaction& tx, const ClaimedNotice& notice, Instant now);
/// Tried again after a while that doubles from a minute to six hours, for three days.
void mark_notice_failed(sql::Transaction& tx, const ClaimedNotice& notice, const Error& error,
                        Instant now);
/// Gives up what nobody could send for three days, and forgets what ended a month ago.
std::int64_t sweep_notices(sql::Transaction& tx, Instant now);

/// Reminders can be done without; letters of payment and of the contract cannot.
bool is_reminder(std::string_view kind);
/// No more reminders to this address. Doing it again changes nothing.
void opt_out(sql::Transaction& tx, std::string_view recipient, Instant now);

}  // namespace turnpike
