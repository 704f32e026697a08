#include "audit/sealing.h"

#include <algorithm>
#include <vector>

#include "base/check.h"
#include "base/encoding.h"
#include "json/value.h"

namespace turnpike {
namespace {

constexpr int kReadAtOnce = 2'000;
/// A record is committed at most this long after its deed's moment: statements and locks time out
/// earlier. What is older and not in the chain was put there by somebody else.
constexpr std::chrono::minutes kCommitLag{5};

constexpr std::string_view kUnsealed = R"sql(
    SELECT id, at, actor, action, object_id, customer_id, request_id, detail
      FROM audit_events
     WHERE sequence IS NULL
     ORDER BY at, id
     LIMIT $1
)sql";

constexpr std::string_view kJoin = R"sql(
    UPDATE audit_events SET sequence = $2, chain_hash = $3 WHERE id = $1 AND sequence IS NULL
)sql";

constexpr std::string_view kEnd = "SELECT sequence, hash, sealed_at FROM audit_chain_end";

constexpr std::string_view kBeginChain = R"sql(
    INSERT INTO audit_chain_end (name, sequence, hash, sealed_at) VALUES ('end', 0, $1, $2)
        ON CONFLICT (name) DO NOTHING
)sql";

constexpr std::string_view kMoveEnd = R"sql(
    UPDATE audit_chain_end SET sequence = $2, hash = $3, sealed_at = $4 WHERE sequence = $1
)sql";

constexpr std::string_view kChain = R"sql(
    SELECT id, at, actor, action, object_id, customer_id, request_id, detail, sequence, chain_hash
      FROM audit_events
     WHERE sequence > $1
     ORDER BY sequence
     LIMIT $2
)sql";

constexpr std::string_view kOldestUnsealed = R"sql(
    SELECT id, at FROM audit_events WHERE sequence IS NULL ORDER BY at, id LIMIT $1
)sql";

constexpr std::string_view kBeyondEnd = R"sql(
    SELECT COUNT(*) FROM audit_events WHERE sequence > $1
)sql";

StoredRecord stored_record(const sql::Row& row) {
    return {row.text(0), row.instant(1), row.text(2), row.text(3),
            row.text(4), row.text(5),    row.text(6), row.text(7)};
}

ChainEnd end_of(const std::optional<sql::Row>& row) {
    if (!row) return ChainEnd::beginning();
    return {row->integer(0), row->text(1)};
}

/// What is signed: the text of a head without its signature.
Json head_members(const ChainEnd& end, Instant at, std::string_view public_key) {
    return Json{{"sequence", end.sequence},
                {"hash", end.hash},
                {"at", format_rfc3339(at)},
                {"public_key", to_base64(public_key)}};
}

/// The chain, computed again as it is read.
class ChainCheck {
public:
    ChainCheck(const std::vector<SignedHead>& heads, const AuditListener& listener)
        : listener_(listener) {
        for (const auto& head : heads) expected_.emplace_back(head.end);
        std::ranges::sort(expected_, {}, &ChainEnd::sequence);
    }

    void take(const sql::Row& row) {
        const auto record = stored_record(row);
        const auto sequence = row.integer(8);
        const auto name = "record " + std::to_string(sequence) + " (" + record.id + ")";
        if (sequence != end_.sequence + 1)
            problem("records " + std::to_string(end_.sequence + 1) + " to " +
                    std::to_string(sequence - 1) + " are missing");
        // Computed with the hash that stands there, so that one fault is told once.
        if (chain_hash(end_.hash, sequence, record) != row.text(9))
            problem(name + " is not what was recorded, or not in its place");
        end_ = {sequence, row.text(9)};
        while (next_ < expected_.size() && expected_[next_].sequence <= sequence) compare_head();
    }
    /// \param remembered  where the chain ended when the reading began
    void conclude(const ChainEnd& remembered) {
        if (end_ != remembered)
            problem("the chain ends at " + std::to_string(end_.sequence) + ", and it ended at " +
                    std::to_string(remembered.sequence) + " when it was last sealed");
        for (; next_ < expected_.size(); ++next_)
            if (expected_[next_] != ChainEnd::beginning())
                problem("a head says that there are " + std::to_string(expected_[next_].sequence) +
                        " records; there are " + std::to_string(end_.sequence));
    }
    /// \param beyond  how many records stand behind the chain's end
    void conclude_rest(std::int64_t beyond, const std::vector<sql::Row>& unsealed,
                       Instant sealed_at) const {
        if (beyond > 0)
            problem(std::to_string(beyond) + " records were put in behind the chain's end");
        std::size_t waiting = 0;
        for (const auto& row : unsealed) {
            if (row.instant(1) >= sealed_at - kCommitLag)
                ++waiting;
            else
                problem("record " + row.text(0) + " was put in later than it says");
        }
        if (waiting > 0)
            listener_.note(std::to_string(waiting) + " records are not in the chain yet");
    }
    [[nodiscard]] std::int64_t sequence() const { return end_.sequence; }

private:
    void problem(const std::string& what) const { listener_.problem(what); }
    void compare_head() {
        const ChainEnd& head = expected_[next_++];
        if (head.sequence == end_.sequence && head.hash != end_.hash)
            problem("a head names another hash for record " + std::to_string(head.sequence));
        else if (head.sequence < end_.sequence && head.sequence > 0)
            problem("record " + std::to_string(head.sequence) + ", which a head names, is missing");
    }

    const AuditListener& listener_;
    std::vector<ChainEnd> expected_;
    std::size_t next_ = 0;
    ChainEnd end_ = ChainEnd::beginning();
};

}  // namespace

std::int64_t seal_audit(sql::Transaction& tx, Instant now) {
    const auto rows = tx.all(kUnsealed, {kSealedAtOnce});
    if (rows.empty()) return 0;
    const ChainEnd before = audit_end(tx);
    if (before.sequence == 0) tx.run(kBeginChain, {before.hash, now});
    ChainEnd end = before;
    for (const auto& row : rows) {
        const auto record = stored_record(row);
        end = {end.sequence + 1, chain_hash(end.hash, end.sequence + 1, record)};
        const auto joined = tx.run(kJoin, {record.id, end.sequence, end.hash});
        check(joined == 1, "a record that was read in this transaction is still there");
    }
    const auto moved = tx.run(kMoveEnd, {before.sequence, end.sequence, end.hash, now});
    check(moved == 1, "the chain's end moves with the records");
    return end.sequence - before.sequence;
}

bool has_unsealed(sql::Transaction& tx) {
    return !tx.all("SELECT 1 FROM audit_events WHERE sequence IS NULL LIMIT 1").empty();
}

ChainEnd audit_end(sql::Transaction& tx) { return end_of(tx.one(kEnd)); }

SignedHead sign_head(const SigningKey& key, const ChainEnd& end, Instant at) {
    const auto text = to_text(head_members(end, at, key.public_key()));
    return {end, at, key.public_key(), key.sign(text)};
}

std::string write_head(const SignedHead& head) {
    Json json = head_members(head.end, head.at, head.public_key);
    json["signature"] = to_base64(head.signature);
    return to_text(json);
}

Result<SignedHead> read_head(std::string_view line, std::string_view public_key) {
    const auto bad = [](const char* why) {
        return invalid_argument("audit.bad_head", std::string("this is no head: ") + why);
    };
    auto json = parse_json(line);
    if (!json || !json->is_object()) return bad("not a line of JSON");
    const auto text = [&](const char* name) {
        const auto found = json->find(name);
        return found != json->end() && found->is_string() ? found->get<std::string>() : "";
    };
    const auto sequence = json->find("sequence");
    const auto at = parse_rfc3339(text("at"));
    const auto signature = from_base64(text("signature"));
    if (sequence == json->end() || !sequence->is_number_integer() || !at || !signature)
        return bad("a member is missing");
    const ChainEnd end{sequence->get<std::int64_t>(), text("hash")};
    if (from_base64(text("public_key")) != std::string(public_key))
        return bad("it is signed with another ledger's key");
    if (!is_signed(public_key, to_text(head_members(end, *at, public_key)), *signature))
        return bad("its signature does not hold");
    return SignedHead{end, *at, std::string(public_key), *signature};
}

std::int64_t verify_audit(sql::Database& db, const std::vector<SignedHead>& heads,
                          const AuditListener& listener) {
    const auto remembered = db.read_blocking([](sql::Transaction& tx) { return tx.one(kEnd); });
    const ChainEnd end = end_of(remembered);
    const auto all = static_cast<std::uint64_t>(end.sequence);
    ChainCheck chain(heads, listener);
    for (;;) {
        const auto rows = db.read_blocking(
            [&](sql::Transaction& tx) { return tx.all(kChain, {chain.sequence(), kReadAtOnce}); });
        // A server that runs beside this goes on sealing: its later records are for the next look.
        for (const auto& row : rows)
            if (row.integer(8) <= end.sequence) chain.take(row);
        const auto done = static_cast<std::uint64_t>(chain.sequence());
        listener.progress(done, std::max(done, all));
        if (rows.size() < kReadAtOnce || rows.back().integer(8) > end.sequence) break;
    }
    chain.conclude(end);
    db.read_blocking([&](sql::Transaction& tx) {
        const auto row = tx.one(kEnd);
        const auto beyond = tx.one(kBeyondEnd, {end_of(row).sequence})->integer(0);
        chain.conclude_rest(beyond, tx.all(kOldestUnsealed, {kReadAtOnce}),
                            row ? row->instant(2) : Instant{});
        return true;
    });
    return chain.sequence();
}

}  // namespace turnpike
