#include "metering/log/segment/log_writer.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include <spdlog/spdlog.h>

#include "base/check.h"

namespace turnpike {
namespace {

/// How long a full disk waits for space before it is asked again.
constexpr auto kSpaceRetry = std::chrono::seconds(1);
constexpr int kRetryAfterS = 1;

Error busy() {
    return {.code = ErrorCode::Unavailable,
            .reason = "usage_log.busy",
            .message = "the disk is slower than the usage that arrives; send it again later",
            .retry_after_s = kRetryAfterS};
}

}  // namespace

LogWriter::LogWriter(Config config, std::optional<SegmentFile> current, std::uint64_t next_sequence)
    : config_(std::move(config)),
      current_(std::move(current)),
      next_sequence_(next_sequence),
      durable_sequence_(next_sequence - 1) {}

Result<std::unique_ptr<LogWriter>> LogWriter::start(Config config, std::optional<SegmentFile> tail,
                                                    std::uint64_t next_sequence) {
    check(config.segment_bytes > frame_bytes(kFramePayloadMax), "a segment holds any frame");
    if (!tail) {
        auto first = SegmentFile::allocate(config.directory, config.segment_bytes);
        if (!first) return failure(std::move(first));
        const auto begun = first->begin(next_sequence);
        if (!begun) return failure(begun);
        tail = *std::move(first);
    }
    std::unique_ptr<LogWriter> writer(
        new LogWriter(std::move(config), std::move(tail), next_sequence));
    writer->announce_room();
    writer->thread_ = std::thread([w = writer.get()] { w->run(); });
    return writer;
}

LogWriter::~LogWriter() {
    {
        const std::scoped_lock lock(mutex_);
        is_stopping_ = true;
    }
    wake_.notify_one();
    if (thread_.joinable()) thread_.join();
}

Result<std::monostate> LogWriter::has_room(std::size_t bytes) const {
    const std::scoped_lock lock(mutex_);
    if (failed_) return std::unexpected(*failed_);
    const std::size_t payload = pending_.frame.payload_bytes() + bytes;
    if (payload > kFramePayloadMax) return std::unexpected(busy());
    const std::size_t needed = frame_bytes(payload);
    if (needed <= current_room_ || needed <= spare_room_) return std::monostate{};
    return std::unexpected(no_space_.value_or(busy()));
}

void LogWriter::submit(std::string_view records, Done done) noexcept {
    std::optional<Error> failed;
    {
        const std::scoped_lock lock(mutex_);
        const bool waits = !records.empty() || pending_.frame.payload_bytes() > 0 || is_writing_;
        if (!failed_ && waits) {
            // What is being written now is enough for one who adds nothing.
            const bool rides = records.empty() && pending_.frame.payload_bytes() == 0;
            Group& group = rides ? writing_ : pending_;
            // Appending nothing would still touch the frame that is being written without the lock.
            if (!records.empty()) group.frame.append(records);
            group.waiting.push_back(std::move(done));
            wake_.notify_one();
            return;
        }
        failed = failed_;
    }
    done(failed);
}

std::optional<Error> LogWriter::failed() const {
    const std::scoped_lock lock(mutex_);
    return failed_;
}

std::uint64_t LogWriter::durable_sequence() const {
    const std::scoped_lock lock(mutex_);
    return durable_sequence_;
}

void LogWriter::run() {
    const auto has_work = [this] { return is_stopping_ || pending_.frame.payload_bytes() > 0; };
    auto ask_for_space_at = std::chrono::steady_clock::now();
    std::unique_lock lock(mutex_);
    for (;;) {
        if (pending_.frame.payload_bytes() > 0) write_group(lock);
        const bool wants_space = !spare_ && !failed_ && !is_stopping_;
        if (wants_space && std::chrono::steady_clock::now() >= ask_for_space_at) {
            keep_spare(lock);
            ask_for_space_at = std::chrono::steady_clock::now() + kSpaceRetry;
        }
        if (is_stopping_ && pending_.frame.payload_bytes() == 0) return;
        if (spare_ || failed_)
            wake_.wait(lock, has_work);
        else
            wake_.wait_until(lock, ask_for_space_at, has_work);
    }
}

void LogWriter::write_group(std::unique_lock<std::mutex>& lock) {
    std::swap(pending_, writing_);
    is_writing_ = true;
    reserve(frame_bytes(writing_.frame.payload_bytes()));
    const std::uint64_t sequence = next_sequence_;
    auto failed = failed_;
    lock.unlock();
    if (!failed) {
        const auto written = write_frame(writing_.frame.seal(sequence), sequence);
        if (!written) failed = written.error();
    }
    lock.lock();
    is_writing_ = false;
    if (failed) {
        if (!failed_) spdlog::critical("event=usage_log.failed message=\"{}\"", failed->message);
        failed_ = failed;
    } else {
        durable_sequence_ = sequence;
        ++next_sequence_;
    }
    announce_room();
    auto waiting = std::exchange(writing_.waiting, {});
    writing_.frame.clear();
    lock.unlock();
    for (Done& done : waiting) done(failed);
    lock.lock();
}

Result<std::monostate> LogWriter::write_frame(std::string_view frame, std::uint64_t sequence) {
    if (frame.size() > current_->room()) {
        check(spare_.has_value(), "what was taken has its place");
        current_ = std::exchange(spare_, std::nullopt);
        const auto begun = current_->begin(sequence);
        if (!begun) return failure(begun);
    }
    return current_->append(frame);
}

void LogWriter::keep_spare(std::unique_lock<std::mutex>& lock) {
    lock.unlock();
    auto spare = SegmentFile::allocate(config_.directory, config_.segment_bytes);
    lock.lock();
    if (spare) {
        if (no_space_) spdlog::info("event=usage_log.space_again");
        no_space_.reset();
        spare_ = *std::move(spare);
    } else {
        if (!no_space_)
            spdlog::error("event=usage_log.no_space message=\"{}\"", spare.error().message);
        no_space_ = std::move(spare).error();
        no_space_->retry_after_s = kRetryAfterS;
    }
    announce_room();
}

void LogWriter::reserve(std::size_t bytes) {
    if (bytes > current_room_) current_room_ = std::exchange(spare_room_, 0);
    current_room_ -= std::min(bytes, current_room_);
}

void LogWriter::announce_room() {
    current_room_ = current_->room();
    spare_room_ = spare_ ? spare_->room() : 0;
}

}  // namespace turnpike
