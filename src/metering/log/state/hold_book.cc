#include "metering/log/state/hold_book.h"

#include <algorithm>

#include <boost/container_hash/hash.hpp>

#include "base/check.h"

namespace turnpike {

std::size_t HoldBook::NameHash::operator()(const Name& name) const {
    std::size_t seed = name.first;
    boost::hash_combine(seed, name.second);
    return seed;
}

const Hold* HoldBook::find(std::uint64_t number) const {
    const auto found = holds_.find(number);
    return found == holds_.end() ? nullptr : &found->second;
}

const Hold* HoldBook::find_named(std::uint32_t source, std::string_view id) const {
    const auto found = by_name_.find(Name(source, id));
    return found == by_name_.end() ? nullptr : find(found->second);
}

bool HoldBook::add(Hold hold) {
    const std::uint64_t number = hold.number;
    if (holds_.contains(number)) return false;
    if (!by_name_.emplace(Name(hold.source, hold.id), number).second) return false;
    if (hold.state == ReservationState::Open)
        expiries_.emplace(hold.expires_at, number);
    else
        ended_.push_back(number);
    holds_.emplace(number, std::move(hold));
    if (ended_.size() > kEndedMax) forget_oldest();
    return true;
}

void HoldBook::end(std::uint64_t number, ReservationState state, Quantity used, Instant ended_at) {
    const auto found = holds_.find(number);
    check(found != holds_.end() && found->second.state == ReservationState::Open,
          "a reservation ends once");
    Hold& hold = found->second;
    expiries_.erase({hold.expires_at, number});
    hold.state = state;
    hold.used = used;
    hold.ended_at = ended_at;
    ended_.push_back(number);
    if (ended_.size() > kEndedMax) forget_oldest();
}

void HoldBook::forget_oldest() {
    const auto oldest = holds_.find(ended_.front());
    by_name_.erase(Name(oldest->second.source, oldest->second.id));
    holds_.erase(oldest);
    ended_.pop_front();
}

void HoldBook::forget_until(Instant now) {
    while (!ended_.empty() && is_forgotten(holds_.at(ended_.front()).ended_at, now))
        forget_oldest();
}

const Hold* HoldBook::due(Instant now) const {
    if (expiries_.empty() || !is_due(expiries_.begin()->first, now)) return nullptr;
    return find(expiries_.begin()->second);
}

std::size_t HoldBook::due_count(Instant now, std::size_t most) const {
    std::size_t count = 0;
    for (const auto& [expires_at, number] : expiries_) {
        if (!is_due(expires_at, now) || count == most) break;
        ++count;
    }
    return count;
}

void HoldBook::visit(const std::function<void(const Hold& hold)>& see) const {
    for (const std::uint64_t number : ended_) see(holds_.at(number));
    std::vector<std::uint64_t> open;
    open.reserve(expiries_.size());
    for (const auto& [expires_at, number] : expiries_) open.push_back(number);
    std::ranges::sort(open);
    for (const std::uint64_t number : open) see(holds_.at(number));
}

}  // namespace turnpike
