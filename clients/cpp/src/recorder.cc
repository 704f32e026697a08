#include "turnpike/client/recorder.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <string_view>
#include <thread>
#include <utility>

#include "client_impl.h"
#include "outbox.h"
#include "own_error.h"
#include "randomness.h"
#include "retry.h"
#include "wire.h"

namespace turnpike::client {
namespace {

/// A deadline that cannot overflow.
Clock::Steady deadline_of(Clock& clock, std::chrono::milliseconds patience) {
    return clock.now() + std::min<std::chrono::milliseconds>(patience, kWaitMax);
}

std::optional<Error> complaint_about(const RecorderOptions& options) {
    const auto invalid = [](const char* message) {
        return own_error(ErrorKind::Invalid, "client.invalid_argument", message);
    };
    if (!options.on_verdict) return invalid("on_verdict is required");
    if (options.queue_max < 1) return invalid("queue_max must be at least 1");
    if (options.batch_max < 1 || options.batch_max > kEventsMax)
        return invalid("batch_max must be from 1 to 1,000");
    for (const auto wait : {options.age_max, options.backoff.first_wait, options.backoff.wait_max})
        if (!is_wait(wait)) return invalid("waits must be from 1 ms to a day");
    return std::nullopt;
}

}  // namespace

/// One thread sends and calls on_verdict, with the mutex free; the callers' threads only queue and
/// wait.
class Recorder::Impl {
public:
    Impl(Client::Impl& client, const RecorderOptions& options)
        : client_(client),
          on_verdict_(options.on_verdict),
          connection_(client.new_connection()),
          outbox_(options),
          thread_([this] { run(); }) {}
    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;
    ~Impl() { close(std::chrono::milliseconds(0)); }

    Result<std::string> record(Event event, std::chrono::milliseconds patience);
    FlushReport flush(std::chrono::milliseconds patience);
    FlushReport close(std::chrono::milliseconds patience);

private:
    using Lock = std::unique_lock<std::mutex>;

    void run();
    void send_batch(Lock& lock);
    void deliver(Lock& lock, const std::vector<Outbox::Settled>& settled, std::uint64_t first);
    FlushReport flush_locked(Lock& lock, std::chrono::milliseconds patience);
    [[nodiscard]] bool is_open_to(std::uint64_t number) const;

    Client::Impl& client_;
    const std::function<void(const Event&, const Verdict&)> on_verdict_;
    const std::unique_ptr<Connection> connection_;

    std::mutex mutex_;
    std::condition_variable work_;     ///< wakes the thread
    std::condition_variable settled_;  ///< wakes who waits for room or for verdicts
    // Guarded by mutex_:
    Outbox outbox_;
    std::optional<std::uint64_t> delivering_;  ///< the first event whose verdict is being delivered
    bool is_closed_ = false;                   ///< to new events
    bool is_ending_ = false;                   ///< the thread is to end

    std::thread thread_;  ///< last, since it uses all the others
};

Result<std::string> Recorder::Impl::record(Event event, std::chrono::milliseconds patience) {
    event = named(std::move(event), client_.source());
    if (!event.time) event.time = client_.clock().wall_now();
    auto json = write_event(event);
    if (!json) return std::move(json).error();

    Clock& clock = client_.clock();
    const auto deadline = deadline_of(clock, patience);
    Lock lock(mutex_);
    while (!is_closed_ && !outbox_.has_room() && clock.now() < deadline)
        clock.wait_until(lock, settled_, deadline);
    if (is_closed_) return own_error(ErrorKind::Closed, "client.closed", "the recorder is closed");
    if (!outbox_.has_room())
        return own_error(ErrorKind::QueueFull, "client.queue_full",
                         "queue_max events have no verdict yet");
    std::string id = event.id;
    outbox_.put(std::move(event), *std::move(json), clock.now());
    work_.notify_one();
    return id;
}

void Recorder::Impl::run() {
    Clock& clock = client_.clock();
    Lock lock(mutex_);
    while (!is_ending_) {
        const auto due = outbox_.due();
        if (due && *due <= clock.now())
            send_batch(lock);
        else
            clock.wait_until(lock, work_, due.value_or(Clock::kNever));
    }
}

void Recorder::Impl::send_batch(Lock& lock) {
    Clock& clock = client_.clock();
    const auto bodies = outbox_.take();
    const std::size_t count = bodies.size();
    const std::string body = write_batch(bodies);
    lock.unlock();
    auto answer = successful(connection_->send({HttpCall::Method::Post, "/v1/events", body}));
    auto verdicts = answer ? read_verdicts(*answer, count)
                           : Result<std::vector<Verdict>>(std::move(answer).error());
    lock.lock();

    const std::uint64_t first = outbox_.first_open().value_or(0);
    if (verdicts)
        deliver(lock, outbox_.answered(*std::move(verdicts)), first);
    else if (verdicts.error().kind == ErrorKind::Unavailable)
        outbox_.failed(verdicts.error(), clock.now(), random_bits());
    else
        deliver(lock, outbox_.refused(verdicts.error()), first);
}

void Recorder::Impl::deliver(Lock& lock, const std::vector<Outbox::Settled>& settled,
                             std::uint64_t first) {
    delivering_ = first;
    lock.unlock();
    for (const auto& [event, verdict] : settled) on_verdict_(event, verdict);
    lock.lock();
    delivering_.reset();
    settled_.notify_all();
}

bool Recorder::Impl::is_open_to(std::uint64_t number) const {
    const auto open = outbox_.first_open();
    return (open && *open <= number) || (delivering_ && *delivering_ <= number);
}

FlushReport Recorder::Impl::flush_locked(Lock& lock, std::chrono::milliseconds patience) {
    Clock& clock = client_.clock();
    const auto deadline = deadline_of(clock, patience);
    const std::uint64_t number = outbox_.last_number();
    outbox_.hurry();
    work_.notify_one();
    while (is_open_to(number) && clock.now() < deadline) clock.wait_until(lock, settled_, deadline);
    return {outbox_.open_events(number), outbox_.last_error()};
}

FlushReport Recorder::Impl::flush(std::chrono::milliseconds patience) {
    Lock lock(mutex_);
    return flush_locked(lock, patience);
}

FlushReport Recorder::Impl::close(std::chrono::milliseconds patience) {
    if (!thread_.joinable()) return {};
    Lock lock(mutex_);
    is_closed_ = true;
    settled_.notify_all();
    flush_locked(lock, patience);
    is_ending_ = true;
    work_.notify_one();
    lock.unlock();
    connection_->cancel();
    thread_.join();

    lock.lock();
    FlushReport report{{}, outbox_.last_error()};
    auto left = outbox_.give_up();
    lock.unlock();
    settled_.notify_all();
    for (auto& [event, verdict] : left) {
        on_verdict_(event, verdict);
        report.unconfirmed.push_back(std::move(event));
    }
    return report;
}

Recorder::Recorder(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Recorder::Recorder(Recorder&&) noexcept = default;
Recorder::~Recorder() = default;

Result<Recorder> Recorder::create(Client& client, const RecorderOptions& options) {
    if (auto complaint = complaint_about(options)) return *std::move(complaint);
    return Recorder(std::make_unique<Impl>(*client.impl_, options));
}

Result<std::string> Recorder::record(Event event) {
    return impl_->record(std::move(event), std::chrono::milliseconds(0));
}

Result<std::string> Recorder::record(Event event, std::chrono::milliseconds patience) {
    return impl_->record(std::move(event), patience);
}

FlushReport Recorder::flush(std::chrono::milliseconds patience) { return impl_->flush(patience); }

FlushReport Recorder::close(std::chrono::milliseconds patience) { return impl_->close(patience); }

}  // namespace turnpike::client
