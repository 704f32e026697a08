#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/time.h"
#include "sql/sql.h"
#include "webhooks/outbox.h"

namespace turnpike {

/// Anybody can send what is signed wrongly: however many do, the seller hears of it once an hour at
/// most. Not thread-safe.
class SignatureAlarm {
public:
    /// \param failures  of the last hour
    /// \return whether to tell of them now
    bool is_due(std::int64_t failures, Instant now);

private:
    std::optional<Instant> told_at_;
};

/// "webhook.signature_failed", about a provider's endpoint.
void tell_signature_failures(sql::Transaction& tx, std::string_view provider, std::int64_t count,
                             Instant now, IdSource& ids);

}  // namespace turnpike
