#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "turnpike/client/client.h"
#include "turnpike/client/event.h"
#include "turnpike/client/result.h"

namespace turnpike::client {

struct RecorderOptions {
    /// Required. Called once for every event that was handed over, on the recorder's thread or in
    /// close(). It may call record(), but nothing that waits for the recorder, and must not throw.
    std::function<void(const Event&, const Verdict&)> on_verdict;
    std::size_t queue_max = 10'000;            ///< events without a verdict, at least 1
    std::size_t batch_max = 500;               ///< events in one request, 1 to 1,000
    std::chrono::milliseconds age_max{1'000};  ///< how long an event waits for others
    Backoff backoff{.first_wait = std::chrono::milliseconds(200),
                    .wait_max = std::chrono::milliseconds(30'000)};
};

struct FlushReport {
    /// What had no verdict at the deadline, with ids, in the order of handing over. Events whose
    /// verdicts on_verdict was being told at that moment have theirs.
    std::vector<Event> unconfirmed;
    std::optional<Error> last_error;  ///< of the last attempt that failed, if one did

    /// Every event has its verdict; on_verdict may not yet have been told all of them.
    [[nodiscard]] bool is_complete() const { return unconfirmed.empty(); }
};

/// Records events in the background, in batches. An event gets its id at the moment it is handed
/// over and keeps it: however often it is sent, it counts once.
///
/// A batch leaves when batch_max events wait or the oldest waited age_max; one is under way at a
/// time. Network errors, time-outs, 408, 429, 5xx and answers that make no sense are tried again
/// for as long as the recorder lives. Retry-After is waited for, up to five minutes. Any other
/// refusal of a whole batch (a revoked key, say) hands its events back as Unconfirmed. Every event
/// gets exactly one verdict.
///
/// record() and flush() may be called from several threads at once. No patience lasts longer than a
/// day.
class Recorder {
public:
    /// `client` outlives the recorder.
    ///
    /// Errors: Invalid "client.invalid_argument" for options out of range.
    static Result<Recorder> create(Client& client, const RecorderOptions& options);

    Recorder(Recorder&&) noexcept;
    Recorder& operator=(Recorder&&) = delete;
    Recorder(const Recorder&) = delete;
    Recorder& operator=(const Recorder&) = delete;
    /// close() without patience.
    ~Recorder();

    /// Hands an event over; does not wait.
    ///
    /// \return the event's id
    /// Errors: QueueFull, Closed, Invalid "client.invalid_event"; the event was not handed over.
    Result<std::string> record(Event event);
    /// The same, but waits for room for at most `patience`.
    Result<std::string> record(Event event, std::chrono::milliseconds patience);

    /// Sends what waits without waiting for more, though not before the server wants it. Returns
    /// when every event that was handed over before has its verdict, or after `patience`. What is
    /// reported as unconfirmed is still being tried.
    FlushReport flush(std::chrono::milliseconds patience);

    /// Takes nothing more, flushes, and ends. What has no verdict after `patience` is reported,
    /// gets the verdict Unconfirmed, and is not tried any more. To be called from one thread; again
    /// does nothing.
    FlushReport close(std::chrono::milliseconds patience);

private:
    class Impl;
    explicit Recorder(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace turnpike::client
