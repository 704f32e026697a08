#include "entitlements/usage_recovery.h"

#include <utility>

#include "base/check.h"
#include "json/object_text.h"
#include "metering/usage_event.h"

namespace turnpike {
namespace {

constexpr std::string_view kRecovered = "recovered ";
/// Where the route makes the source too long.
constexpr std::string_view kRecoveredGateway = "recovered turnpike.gateway";

}  // namespace

std::string_view to_text(UsageLoss why) {
    switch (why) {
        case UsageLoss::Refused: return "refused";
        case UsageLoss::QueueFull: return "queue_full";
        case UsageLoss::Ended: return "ended";
    }
    check(false, "every loss has a text");
    return {};
}

std::string event_text_of(const ConsumeRequest& use) {
    check(use.time.has_value(), "usage to recover says when it was");
    const std::string source = std::string(kRecovered) + use.source;
    return ObjectText()
        .text("id", use.id)
        .text("source", is_event_text(source) ? std::string_view(source) : kRecoveredGateway)
        .text("customer", use.customer)
        .text("meter", use.meter_key)
        .text("quantity", use.quantity.text())
        .text("time", format_rfc3339(*use.time))
        .take();
}

void UsageRecovery::remember(ConsumeRequest request) {
    check(request.time.has_value(), "usage to recover says when it was");
    {
        const std::lock_guard lock(mutex_);
        ++numbers_.served;
        if (waiting_.size() < waiting_max_) {
            waiting_.push_back(std::move(request));
            return;
        }
        ++numbers_.lost;
    }
    lost_(request, UsageLoss::QueueFull);
}

std::size_t UsageRecovery::give_up() {
    std::size_t given_up = 0;
    while (const auto use = oldest()) {
        drop_oldest(Fate::Lost);
        lost_(*use, UsageLoss::Ended);
        ++given_up;
    }
    return given_up;
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
        if (!recorded) lost_(*request, UsageLoss::Refused);
        ++left;
    }
    co_return left;
}

}  // namespace turnpike
