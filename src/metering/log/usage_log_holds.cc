#include <array>
#include <utility>

#include "metering/log/identity/identity_hash.h"
#include "metering/log/records/place_text.h"
#include "metering/log/usage_log.h"

namespace turnpike {
namespace {

/// Open reservations of one log: at 400 bytes each they take 400 MB.
constexpr std::size_t kOpenMax = 1'000'000;

std::unexpected<Error> too_many() {
    return unavailable("reservation.too_many_open",
                       "too many reservations are open; commit or release some");
}

}  // namespace

std::size_t UsageLog::expiry_bytes_max(Instant now) const {
    const std::size_t due = state_.holds().due_count(now, UsageState::kExpiredMax);
    return due == 0 ? 0 : kRecordBytesMax + due * kHoldEndBytesMax;
}

void UsageLog::begin(Instant received_at) {
    records_.clear();
    state_.begin_arrival(received_at);
    state_.expire_holds(records_);
}

Result<HoldAnswer> UsageLog::decide(IdentitySet::Batch& identities, const LoggedHold& asked,
                                    const IdentityHash& hash) noexcept {
    const auto known = identities.find(hash);
    if (!known) return failure(known);
    const LoggedUse& use = asked.use;
    const Use wanted{.customer = use.event.customer.text(),
                     .source = use.event.source,
                     .id = use.event.id,
                     .counts = use.counts,
                     .time = use.event.time,
                     .latency_us = {},
                     .content = use.content,
                     .properties = use.event.properties};
    HoldAnswer answer{ReserveVerdict::Conflict, {}, {}};
    if (*known) {
        const auto source = state_.names(NameTable::Source).find(wanted.source);
        const Hold* const hold = state_.holds().find_named(source.index, wanted.id);
        if (hold == nullptr || **known != use.content) return answer;
        answer.verdict = ReserveVerdict::Same;
        answer.reservation = state_.reservation_of(*hold);
        answer.counters = state_.counters_in(wanted);
        return answer;
    }
    if (state_.holds().open_count() >= kOpenMax) return too_many();
    answer.verdict =
        state_.reserve({wanted, asked.reserved, asked.expires_at}, records_, answer.counters);
    if (answer.verdict != ReserveVerdict::Opened) return answer;
    identities.insert(hash, use.content);
    answer.reservation = state_.reservation_of(*state_.holds().find(state_.arrivals()));
    return answer;
}

Result<HoldAnswer> UsageLog::reserve(const LoggedHold& asked, Instant received_at,
                                     LogWriter::Done durable) {
    const auto hash = identity_hash(key_, asked.use.event.source, asked.use.event.id);
    const auto decide_one = [&](IdentitySet::Batch& identities, std::size_t) {
        return decide(identities, asked, hash);
    };
    auto answers = decide_all<HoldAnswer>({1, bytes_max(std::span(&asked.use, 1)), received_at},
                                          decide_one, std::move(durable));
    if (!answers) return failure(answers);
    return std::move(answers->front());
}

template <class Decide>
Result<HoldEnd> UsageLog::end_hold(std::uint64_t number, Instant received_at, Decide decide_end,
                                   LogWriter::Done durable) {
    const std::scoped_lock lock(sequencer_);
    const Hold* const known = state_.holds().find(number);
    const std::size_t text = known == nullptr ? 0 : known->id.size() + kEventPropertiesMax;
    const std::size_t counts = known == nullptr ? 0 : known->counts.size() * kCountBytesMax;
    const auto room =
        writer_->has_room(3 * kRecordBytesMax + text + counts + expiry_bytes_max(received_at));
    if (!room) return failure(room);
    begin(received_at);
    HoldEnd end{decide_end(), std::nullopt};
    if (const Hold* const hold = state_.holds().find(number)) {
        end.reservation = state_.reservation_of(*hold);
        if (end.verdict == EndVerdict::Exceeds) end.commit_max = state_.commit_max(*hold);
    }
    writer_->submit(records_, std::move(durable));
    return end;
}

Result<HoldEnd> UsageLog::commit(const HoldCommit& asked, Instant received_at,
                                 LogWriter::Done durable) {
    const auto decide_end = [&] {
        const Hold* const hold = state_.holds().find(asked.number);
        // More may have expired than one arrival ends.
        const bool is_late = hold != nullptr && hold->state == ReservationState::Open &&
                             is_due(hold->expires_at, received_at);
        return is_late ? EndVerdict::Expired : state_.commit(asked, records_);
    };
    return end_hold(asked.number, received_at, decide_end, std::move(durable));
}

Result<HoldEnd> UsageLog::release(std::uint64_t number, Instant received_at,
                                  LogWriter::Done durable) {
    return end_hold(
        number, received_at, [&] { return state_.release(number, records_); }, std::move(durable));
}

std::optional<Reservation> UsageLog::reservation(std::uint64_t number) const {
    const std::scoped_lock lock(sequencer_);
    const Hold* const hold = state_.holds().find(number);
    if (hold == nullptr) return std::nullopt;
    return state_.reservation_of(*hold);
}

Result<std::vector<std::string>> UsageLog::expire_holds(Instant now) {
    const std::scoped_lock lock(sequencer_);
    const std::size_t bytes = expiry_bytes_max(now);
    if (bytes > 0) {
        const auto room = writer_->has_room(bytes);
        if (!room) return failure(room);
        begin(now);
        // Whoever is told of what this frees waits for a frame behind it.
        writer_->submit(records_, [](const std::optional<Error>&) {});
    }
    return state_.take_expired_customers();
}

}  // namespace turnpike
