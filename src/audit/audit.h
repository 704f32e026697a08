#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "access/cursor.h"
#include "base/id.h"
#include "base/time.h"
#include "json/value.h"
#include "sql/sql.h"

namespace turnpike {

/// One thing that somebody did.
struct AuditEntry {
    Instant at;
    std::string actor;   ///< Principal::name, "job:<name>" or "provider:<name>"
    std::string action;  ///< "<noun>.<past participle>": "api_key.created"
    std::string object_id;
    std::string customer;          ///< a CustomerId's text; "" when it is only the seller's affair
    std::string request_id;        ///< "" when no request asked for it
    Json detail = Json::object();  ///< what changed; holds no secret and no card data
};

struct AuditRecord {
    AuditEventId id;
    AuditEntry entry;
};

/// On whose word a service acts; what it passes on to the audit.
struct Authority {
    std::string actor;
    std::string request_id;
    /// What a request with an Idempotency-Key is in every repetition (KeyedRun::id); "" otherwise.
    std::string once{};
};

/// Appends, in the transaction of the deed itself, so that neither is there without the other.
/// Nothing changes or removes a record.
void record(sql::Transaction& tx, const AuditEntry& entry, IdSource& ids);

/// Whether such a deed of this object is on record; for facts that are met again and again.
bool is_recorded(sql::Transaction& tx, std::string_view action, std::string_view object_id);

/// Newest first; page.fetch() records at most. Without a customer: everybody's.
std::vector<AuditRecord> list_audit(sql::Transaction& tx, const std::optional<CustomerId>& customer,
                                    const PageQuery& page);

}  // namespace turnpike
