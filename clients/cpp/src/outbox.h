#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "turnpike/client/recorder.h"

namespace turnpike::client {

/// Events on their way: the rules of a Recorder without its thread, network and clock. Not safe for
/// several threads. Every event that is put in comes out once, with a verdict.
///
/// An event is queued, or under way in the one batch. After a failure the batch goes back to the
/// head of the queue, and nothing leaves before the pause is over.
class Outbox {
public:
    using Steady = Clock::Steady;

    struct Entry {
        std::uint64_t number = 0;  ///< in the order of handing over, from 1
        Event event;
        std::string json;  ///< what is sent, each time
        Steady since;      ///< when it was handed over
        int attempts = 0;
        /// How its last attempt ended, shared by its batch; null of one that was never sent.
        std::shared_ptr<const Error> last_error;
    };
    struct Settled {
        Event event;
        Verdict verdict;
    };

    /// Takes queue_max, batch_max, age_max and backoff from the options.
    explicit Outbox(const RecorderOptions& options);

    [[nodiscard]] bool has_room() const { return size() < queue_max_; }
    [[nodiscard]] std::size_t size() const;
    /// Adds an event; there is room.
    void put(Event event, std::string json, Steady now);

    /// Number of the last event that was put in.
    [[nodiscard]] std::uint64_t last_number() const { return last_number_; }
    /// Number of the first event without a verdict; nullopt when all have one.
    [[nodiscard]] std::optional<std::uint64_t> first_open() const;
    /// Copies of the events without a verdict up to `number`, in the order of handing over.
    [[nodiscard]] std::vector<Event> open_events(std::uint64_t number) const;

    /// When the next batch should leave; nullopt when there is none, or one is under way.
    [[nodiscard]] std::optional<Steady> due() const;
    /// What is queued now waits for no others any more.
    void hurry() { hurried_ = last_number_; }
    /// The bodies of the batch that leaves now; due() has come.
    std::vector<std::string_view> take();

    /// The batch under way comes out with the server's verdicts, in its order.
    std::vector<Settled> answered(std::vector<Verdict> verdicts);
    /// The batch under way may or may not have been recorded: again later, as it is.
    void failed(const Error& error, Steady now, std::uint64_t random);
    /// The batch under way was refused as a whole and comes out, unconfirmed.
    std::vector<Settled> refused(const Error& error);
    /// Everything comes out, unconfirmed.
    std::vector<Settled> give_up();

    /// Of the last attempt that failed.
    [[nodiscard]] const std::optional<Error>& last_error() const { return last_error_; }

private:
    [[nodiscard]] bool is_hurried() const;
    /// The batch under way, whose attempt ended with `error`.
    std::vector<Entry> take_back(const Error& error);

    const std::size_t queue_max_;
    const std::size_t batch_max_;
    const std::chrono::milliseconds age_max_;
    const Backoff backoff_;

    std::deque<Entry> queue_;  ///< by number: what comes back to it is older than what it holds
    std::vector<Entry> under_way_;
    std::uint64_t last_number_ = 0;
    std::uint64_t hurried_ = 0;
    int failures_ = 0;       ///< in a row
    Steady paused_until_{};  ///< after a failure
    std::optional<Error> last_error_;
};

}  // namespace turnpike::client
