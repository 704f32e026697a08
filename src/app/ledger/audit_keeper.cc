#include "app/ledger/audit_keeper.h"

#include <spdlog/spdlog.h>

#include "app/config/data_dir.h"
#include "base/encoding.h"

namespace turnpike {

std::string audit_head_file(const Config& config) { return config.data_dir + "/audit_heads.jsonl"; }

asio::awaitable<void> AuditKeeper::seal() {
    const auto unsealed = co_await db_.read(has_unsealed);
    if (!unsealed) co_return;
    auto work = [&](sql::Transaction& tx) { return seal_audit(tx, clock_.now()); };
    while (co_await db_.write(work) == kSealedAtOnce) {
    }
}

asio::awaitable<void> AuditKeeper::publish_head() {
    const auto end = co_await db_.read(audit_end);
    publish(end);
}

void AuditKeeper::conclude() {
    try {
        auto work = [&](sql::Transaction& tx) { return seal_audit(tx, clock_.now()); };
        while (db_.write_blocking(work) == kSealedAtOnce) {
        }
        publish(db_.read_blocking(audit_end));
    } catch (const sql::Failure& failure) {
        spdlog::warn("event=audit.unsealed message=\"{}\"", failure.what());
    }
}

void AuditKeeper::publish(const ChainEnd& end) {
    if (end == published_) return;
    const auto head = sign_head(key_, end, clock_.now());
    spdlog::info("event=audit.head sequence={} hash={} signature={}", end.sequence, end.hash,
                 to_base64(head.signature));
    const auto appended = append_line(head_file_, write_head(head));
    if (!appended)
        return spdlog::error("event=audit.head_lost message=\"{}\"", appended.error().message);
    published_ = end;
}

}  // namespace turnpike
