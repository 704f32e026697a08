#pragma once

#include <optional>

#include "base/error.h"
#include "billing/life/preview.h"
#include "sql/sql.h"

namespace turnpike {

void insert_preview(sql::Transaction& tx, const Preview& preview);
/// Errors: Conflict "subscription.preview_outdated": there is none.
Result<Preview> load_preview(sql::Transaction& tx, const PreviewId& id);
/// What the provider's latest invoice was just before the change.
void note_invoice_before(sql::Transaction& tx, const PreviewId& id,
                         const std::optional<std::string>& invoice);
/// False when it was used, or had expired.
bool mark_preview_used(sql::Transaction& tx, const PreviewId& id, const CommandId& command,
                       Instant now);
/// False when it was compared before.
bool mark_preview_compared(sql::Transaction& tx, const PreviewId& id, PreviewState outcome);

std::unexpected<Error> preview_outdated(const char* why);

}  // namespace turnpike
