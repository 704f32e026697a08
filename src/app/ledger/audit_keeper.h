#pragma once

#include <string>

#include <boost/asio/awaitable.hpp>

#include "app/config/config.h"
#include "audit/sealing.h"
#include "base/time.h"
#include "sql/database.h"

namespace turnpike {

namespace asio = boost::asio;

/// The server secret that heads are signed with: an Ed25519 seed.
inline constexpr const char* kAuditSeed = "audit_heads";
/// Where heads are kept beside the ledger.
std::string audit_head_file(const Config& config);

/// Keeps the audit log's chain behind the records by a moment, and its end told elsewhere: a line
/// in a file beside the ledger, and one in the log, which an operator's log store keeps.
class AuditKeeper {
public:
    AuditKeeper(sql::Database& db, const Clock& clock, const Secret& seed, std::string head_file)
        : db_(db), clock_(clock), key_(seed), head_file_(std::move(head_file)) {}

    /// Joins what was committed since to the chain. Once a second.
    asio::awaitable<void> seal();
    /// Signs where the chain ends, if it has moved since the last time.
    asio::awaitable<void> publish_head();
    /// Both, for the last time; waits on the calling thread. Never throws.
    void conclude();

private:
    void publish(const ChainEnd& end);

    sql::Database& db_;
    const Clock& clock_;
    const SigningKey key_;
    const std::string head_file_;
    ChainEnd published_ = ChainEnd::beginning();
};

}  // namespace turnpike
