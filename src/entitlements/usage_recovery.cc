#include "entitlements/usage_recovery.h"

#include <utility>

#include "base/check.h"

namespace turnpike {

void UsageRecovery::remember(ConsumeRequest request) {
    check(request.time.has_value(), "usage to recover says when it was");
    const std::lock_guard lock(mutex_);
    ++numbers_.served;
    if (waiting_.size() >= waiting_max_) {
        ++numbers_.lost;
        return;
    }
    waiting_.push_back(std::move(request));
}

std::optional<ConsumeRequest> UsageRecovery::oldest() const {
    const std::lock_guard lock(mutex_);
    if (waiting_.empty()) return std::nullopt;
    return waiting_.front();
}

void UsageRecovery::drop_oldest(Fate fate) {
    const std::lock_guard lock(mutex_);
    waiting_.pop_front();
    ++(fate == Fate::Recovered ? numbers_.recovered : numbers_.lost);
}

UsageRecovery::Numbers UsageRecovery::numbers() const {
    const std::lock_guard lock(mutex_);
    Numbers numbers = numbers_;
    numbers.waiting = waiting_.size();
    return numbers;
}

asio::awaitable<std::size_t> UsageRecovery::replay(ConsumeWorld world, const Clock& clock,
                                                   StandingCache& standings) {
    std::size_t left = 0;
    while (const auto request = oldest()) {
        std::optional<Result<ConsumeOutcome>> outcome;
        const auto ticket = standings.ticket();
        try {
            outcome = co_await consume(world, standings, *request, clock.now());
        } catch (const sql::Failure&) {
            co_return left;
        }
        if (!*outcome && outcome->error().code == ErrorCode::Unavailable) co_return left;
        const bool recorded = *outcome && ((*outcome)->usage.verdict == Verdict::Accepted ||
                                           (*outcome)->usage.verdict == Verdict::Duplicate);
        if (recorded)
            standings.count_moved(ticket, (*outcome)->standing.customer, (*outcome)->counters);
        drop_oldest(recorded ? Fate::Recovered : Fate::Lost);
        ++left;
    }
    co_return left;
}

}  // namespace turnpike
