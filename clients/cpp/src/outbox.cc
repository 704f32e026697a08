#include "outbox.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "own_error.h"
#include "retry.h"

namespace turnpike::client {
namespace {

/// The server asks for these events again by themselves (docs/api/event_codes.md).
constexpr std::string_view kAgain = "period_closed";

std::vector<Outbox::Settled> unconfirmed(std::vector<Outbox::Entry> entries) {
    std::vector<Outbox::Settled> settled;
    for (auto& entry : entries) {
        Error error = entry.last_error ? *entry.last_error
                                       : own_error(ErrorKind::Closed, "client.not_sent",
                                                   "the recorder was closed before it was sent");
        error.event_ids = {entry.event.id};
        settled.push_back({std::move(entry.event),
                           {VerdictKind::Unconfirmed, {}, {}, std::move(error), entry.attempts}});
    }
    return settled;
}

void sort_by_number(std::vector<Outbox::Entry>& entries) {
    std::sort(entries.begin(), entries.end(),
              [](const auto& a, const auto& b) { return a.number < b.number; });
}

}  // namespace

Outbox::Outbox(const RecorderOptions& options)
    : queue_max_(options.queue_max),
      batch_max_(options.batch_max),
      age_max_(options.age_max),
      backoff_(options.backoff) {}

std::size_t Outbox::size() const { return queue_.size() + put_off_.size() + under_way_.size(); }

void Outbox::put(Event event, std::string json, Steady now) {
    queue_.push_back({++last_number_, std::move(event), std::move(json), now, {}, 0, {}});
}

std::optional<std::uint64_t> Outbox::first_open() const {
    std::optional<std::uint64_t> first;
    const auto see = [&](const Entry& entry) {
        if (!first || entry.number < *first) first = entry.number;
    };
    if (!queue_.empty()) see(queue_.front());
    std::for_each(put_off_.begin(), put_off_.end(), see);
    std::for_each(under_way_.begin(), under_way_.end(), see);
    return first;
}

std::vector<Event> Outbox::open_events(std::uint64_t number) const {
    std::vector<const Entry*> open;
    const auto see = [&](const Entry& entry) {
        if (entry.number <= number) open.push_back(&entry);
    };
    std::for_each(queue_.begin(), queue_.end(), see);
    std::for_each(put_off_.begin(), put_off_.end(), see);
    std::for_each(under_way_.begin(), under_way_.end(), see);
    std::sort(open.begin(), open.end(), [](auto* a, auto* b) { return a->number < b->number; });
    std::vector<Event> events;
    for (const Entry* entry : open) events.push_back(entry->event);
    return events;
}

bool Outbox::is_hurried() const {
    return queue_.size() >= batch_max_ || queue_.front().number <= hurried_;
}

std::optional<Outbox::Steady> Outbox::due() const {
    if (!under_way_.empty()) return std::nullopt;
    std::optional<Steady> when;
    if (!queue_.empty())
        when = is_hurried() ? queue_.front().since : queue_.front().since + age_max_;
    for (const Entry& entry : put_off_)
        when = std::min(when.value_or(entry.not_before), entry.not_before);
    if (when) when = std::max(*when, paused_until_);
    return when;
}

std::vector<std::string_view> Outbox::take(Steady now) {
    const auto ready = std::partition(put_off_.begin(), put_off_.end(),
                                      [&](const Entry& entry) { return entry.not_before > now; });
    const auto space = static_cast<std::ptrdiff_t>(batch_max_);
    const auto end = ready + std::min(space, std::distance(ready, put_off_.end()));
    std::move(ready, end, std::back_inserter(under_way_));
    put_off_.erase(ready, end);
    for (; under_way_.size() < batch_max_ && !queue_.empty(); queue_.pop_front())
        under_way_.push_back(std::move(queue_.front()));

    std::vector<std::string_view> bodies;
    for (Entry& entry : under_way_) {
        ++entry.attempts;
        bodies.emplace_back(entry.json);
    }
    return bodies;
}

std::vector<Outbox::Settled> Outbox::answered(std::vector<Verdict> verdicts, Steady now,
                                              std::uint64_t random) {
    failures_ = 0;
    std::vector<Settled> settled;
    auto entries = std::exchange(under_way_, {});
    for (std::size_t i = 0; i < entries.size(); ++i) {
        Entry& entry = entries[i];
        Verdict& verdict = verdicts[i];
        if (verdict.kind == VerdictKind::Rejected && verdict.code == kAgain) {
            entry.not_before = now + wait_after(backoff_, entry.attempts, std::nullopt, random);
            entry.last_error = std::make_shared<const Error>(own_error(
                ErrorKind::Unavailable, std::move(verdict.code), std::move(verdict.detail)));
            put_off_.push_back(std::move(entry));
            continue;
        }
        verdict.attempts = entry.attempts;
        settled.push_back({std::move(entry.event), std::move(verdict)});
    }
    return settled;
}

void Outbox::failed(const Error& error, Steady now, std::uint64_t random) {
    ++failures_;
    paused_until_ = now + wait_after(backoff_, failures_, error.retry_after, random);
    auto entries = take_back(error);
    sort_by_number(entries);
    queue_.insert(queue_.begin(), std::move_iterator(entries.begin()),
                  std::move_iterator(entries.end()));
}

std::vector<Outbox::Settled> Outbox::refused(const Error& error) {
    failures_ = 0;
    return unconfirmed(take_back(error));
}

std::vector<Outbox::Settled> Outbox::give_up() {
    auto entries = std::exchange(put_off_, {});
    std::move(under_way_.begin(), under_way_.end(), std::back_inserter(entries));
    std::move(queue_.begin(), queue_.end(), std::back_inserter(entries));
    under_way_.clear();
    queue_.clear();
    sort_by_number(entries);
    return unconfirmed(std::move(entries));
}

std::vector<Outbox::Entry> Outbox::take_back(const Error& error) {
    last_error_ = error;
    const auto shared = std::make_shared<const Error>(error);
    for (Entry& entry : under_way_) entry.last_error = shared;
    return std::exchange(under_way_, {});
}

}  // namespace turnpike::client
