#include "outbox.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "own_error.h"
#include "retry.h"

namespace turnpike::client {
namespace {

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

}  // namespace

Outbox::Outbox(const RecorderOptions& options)
    : queue_max_(options.queue_max),
      batch_max_(options.batch_max),
      age_max_(options.age_max),
      backoff_(options.backoff) {}

std::size_t Outbox::size() const { return queue_.size() + under_way_.size(); }

void Outbox::put(Event event, std::string json, Steady now) {
    queue_.push_back({++last_number_, std::move(event), std::move(json), now, 0, {}});
}

std::optional<std::uint64_t> Outbox::first_open() const {
    if (!under_way_.empty()) return under_way_.front().number;
    if (!queue_.empty()) return queue_.front().number;
    return std::nullopt;
}

std::vector<Event> Outbox::open_events(std::uint64_t number) const {
    std::vector<Event> events;
    const auto see = [&](const Entry& entry) {
        if (entry.number <= number) events.push_back(entry.event);
    };
    std::for_each(under_way_.begin(), under_way_.end(), see);
    std::for_each(queue_.begin(), queue_.end(), see);
    return events;
}

bool Outbox::is_hurried() const {
    return queue_.size() >= batch_max_ || queue_.front().number <= hurried_;
}

std::optional<Outbox::Steady> Outbox::due() const {
    if (!under_way_.empty()) return std::nullopt;
    if (queue_.empty()) return std::nullopt;
    const Steady since = queue_.front().since;
    return std::max(is_hurried() ? since : since + age_max_, paused_until_);
}

std::vector<std::string_view> Outbox::take() {
    for (; under_way_.size() < batch_max_ && !queue_.empty(); queue_.pop_front())
        under_way_.push_back(std::move(queue_.front()));

    std::vector<std::string_view> bodies;
    for (Entry& entry : under_way_) {
        ++entry.attempts;
        bodies.emplace_back(entry.json);
    }
    return bodies;
}

std::vector<Outbox::Settled> Outbox::answered(std::vector<Verdict> verdicts) {
    failures_ = 0;
    std::vector<Settled> settled;
    auto entries = std::exchange(under_way_, {});
    for (std::size_t i = 0; i < entries.size(); ++i) {
        verdicts[i].attempts = entries[i].attempts;
        settled.push_back({std::move(entries[i].event), std::move(verdicts[i])});
    }
    return settled;
}

void Outbox::failed(const Error& error, Steady now, std::uint64_t random) {
    ++failures_;
    paused_until_ = now + wait_after(backoff_, failures_, error.retry_after, random);
    auto entries = take_back(error);
    queue_.insert(queue_.begin(), std::move_iterator(entries.begin()),
                  std::move_iterator(entries.end()));
}

std::vector<Outbox::Settled> Outbox::refused(const Error& error) {
    failures_ = 0;
    return unconfirmed(take_back(error));
}

std::vector<Outbox::Settled> Outbox::give_up() {
    auto entries = std::exchange(under_way_, {});
    std::move(queue_.begin(), queue_.end(), std::back_inserter(entries));
    queue_.clear();
    return unconfirmed(std::move(entries));
}

std::vector<Outbox::Entry> Outbox::take_back(const Error& error) {
    last_error_ = error;
    const auto shared = std::make_shared<const Error>(error);
    for (Entry& entry : under_way_) entry.last_error = shared;
    return std::exchange(under_way_, {});
}

}  // namespace turnpike::client
