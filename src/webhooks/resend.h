#pragma once

#include "audit/audit.h"
#include "base/error.h"
#include "base/id.h"
#include "sql/sql.h"
#include "webhooks/inbox.h"

namespace turnpike {

/// Gives an event that was given up its tries back, with a record of who did so. Wake the inbox's
/// worker after the commit.
///
/// \return the event as it is now, with its payload
/// Errors: NotFound "webhook.event_not_found"; Conflict "webhook.event_not_dead".
Result<InboxEvent> resend_event(sql::Transaction& tx, const std::string& id,
                                const Authority& authority, Instant now, IdSource& ids);

}  // namespace turnpike
