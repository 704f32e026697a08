#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "audit/chain.h"
#include "base/error.h"
#include "crypto/ed25519.h"
#include "sql/database.h"

namespace turnpike {

/// At most as many records are joined to the chain in one transaction.
inline constexpr int kSealedAtOnce = 500;

/// Joins committed records that are not in the chain yet, in order of their time. Deeds do not wait
/// for one another here: they write records, and this makes the chain of them a moment later. Two
/// that seal at the same time on PostgreSQL collide on the chain's end, and one does it again.
/// \return how many
std::int64_t seal_audit(sql::Transaction& tx, Instant now);
/// Whether there are any.
bool has_unsealed(sql::Transaction& tx);
ChainEnd audit_end(sql::Transaction& tx);

/// A signed statement of where the chain ended at a moment: kept elsewhere, it proves that nothing
/// before was changed or cut off.
struct SignedHead {
    ChainEnd end;
    Instant at;
    std::string public_key;  ///< raw bytes
    std::string signature;   ///< raw bytes
};
SignedHead sign_head(const SigningKey& key, const ChainEnd& end, Instant at);
/// One line of JSON.
std::string write_head(const SignedHead& head);
/// Errors: InvalidArgument "audit.bad_head" for what is no head or is not signed with `public_key`.
Result<SignedHead> read_head(std::string_view line, std::string_view public_key);

struct AuditListener {
    std::function<void(const std::string&)> problem;
    std::function<void(const std::string&)> note;
    std::function<void(std::uint64_t done, std::uint64_t all)> progress;
};
/// Reads the whole chain and computes it again. Every changed, deleted, swapped or inserted record
/// is a problem; so is an end that is not the one remembered, or not where a head says.
/// \return how many records are in the chain
std::int64_t verify_audit(sql::Database& db, const std::vector<SignedHead>& heads,
                          const AuditListener& listener);

}  // namespace turnpike
