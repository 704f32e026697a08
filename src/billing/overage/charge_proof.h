#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "base/decimal.h"
#include "base/error.h"
#include "base/id.h"
#include "base/money.h"
#include "base/time.h"
#include "billing/records/stored_close.h"
#include "crypto/crypto.h"
#include "metering/service.h"
#include "rating/adjustment.h"
#include "rating/overage.h"
#include "sql/sql.h"

namespace turnpike {

/// SHA-256 over the entries of a history, each one line of text, as docs/invoices.md says.
class HistoryDigest {
public:
    void add(const CounterEntry& entry);
    /// In hex; once.
    std::string finish();

private:
    Sha256 sha_;
};

/// A history, counted anew.
struct TalliedHistory {
    CounterHistory history;
    HistoryTally tally;
    std::string digest;
};
/// \return nullopt: nothing was used there. Errors: those of UsageStore::read_history.
asio::awaitable<Result<std::optional<TalliedHistory>>> tally_history(
    UsageStore& usage, HistoryQuery query, Meter::Aggregation aggregation);

/// A counter whose history says the same as the counter does.
struct ProvenUsage {
    Counter counter;
    std::uint64_t entries = 0;
    std::string digest;
};
/// Errors: those of tally_history; Conflict "billing.usage_contradicts" when events and counter
/// disagree: nothing may be charged for it.
asio::awaitable<Result<std::optional<ProvenUsage>>> prove_usage(UsageStore& usage,
                                                                HistoryQuery query,
                                                                Meter::Aggregation aggregation);

/// One segment as it was rated.
struct ProvenSegment {
    PlanVersionId plan_version;
    UsageSegment rated;
    std::optional<UnitPrice> cap;
    std::optional<ChargedOverage> charged{};  ///< by other closes
    std::uint32_t override_number = 0;        ///< as of Allowance
};
/// What a close's charges for one counter follow from: see charge_proofs.
struct ChargeProof {
    SubscriptionId subscription;
    std::string meter_key;
    Period period;  ///< that was used
    std::int64_t number = 1;
    Instant billed_period_start;
    Meter::Aggregation aggregation = Meter::Aggregation::Sum;
    std::uint64_t entries = 0;
    std::string digest;
    std::vector<ProvenSegment> segments;
    Instant created_at;
};
/// The segments as they are stored, the same text for the same segments.
std::string text_of(const std::vector<ProvenSegment>& segments);

/// All lines that the proof leads to: what is owed less what was charged. Pure.
/// Errors: those of rate_overage.
Result<std::vector<OverageLine>> lines_of(const std::vector<ProvenSegment>& segments,
                                          Currency currency);

/// Freezes what this close charges for the counter, with its proof. What it has frozen before stays
/// as it is; what was used since is the next close's. Errors: those of rate_overage.
struct FreezeStamp {
    Currency currency;
    IdSource& ids;
    Instant now;
};
Result<std::monostate> freeze_proven(sql::Transaction& tx, const PeriodClose& close,
                                     const ProvenUsage& usage, const FreezeStamp& stamp);

/// Which proof: that of the charges of one close.
struct ProofName {
    SubscriptionId subscription;
    std::string meter_key;
    Instant period_start, billed_period_start;
};
std::optional<ChargeProof> find_proof(sql::Transaction& tx, const ProofName& name);
/// That of the close before it, which charged for the same counter.
std::optional<ChargeProof> find_proof_before(sql::Transaction& tx, const ChargeProof& proof);

}  // namespace turnpike
