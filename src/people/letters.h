#pragma once

#include <string>

#include "base/id.h"
#include "base/time.h"
#include "json/value.h"
#include "sql/sql.h"

namespace turnpike {

/// A letter that somebody is to get. Kinds and what their data says: docs/people.md.
struct Letter {
    std::string kind;  ///< "password_reset", "invitation"
    std::string recipient;
    Json data;
};

/// Puts the letter into the table of letters to send, in the transaction of the deed that it tells
/// of; whoever sends letters takes it from there.
MailId post_letter(sql::Transaction& tx, const Letter& letter, Instant now, IdSource& ids);
/// As if it had never been posted; in the transaction that posted it.
void take_back_letter(sql::Transaction& tx, const MailId& id);

}  // namespace turnpike
