#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <variant>
#include <vector>

#include "base/error.h"
#include "metering/log/files/frame.h"
#include "metering/log/segment/segment_file.h"

namespace turnpike {

/// Makes usage durable: everything that was submitted while the disk was busy goes into one frame,
/// one write and one sync. Its thread is the only one that touches the files.
///
/// After a failed write or sync nothing more is taken, until the process is started again: what a
/// later sync says of the same bytes cannot be believed. A disk that is only full is something
/// else: space is allocated before it is written to, so nothing was lost, and the writer goes on by
/// itself once there is space again.
///
/// Thread-safe. The order of submit() calls is the order on disk.
class LogWriter {
public:
    struct Config {
        std::string directory;
        std::size_t segment_bytes = std::size_t{256} << 20;  ///< more than one frame can take
    };
    /// Called once, on the writer's thread or by the caller itself; must be quick and not throw.
    using Done = std::move_only_function<void(const std::optional<Error>& failed)>;

    /// \param tail           the segment to go on with; absent: none exists
    /// \param next_sequence  of the frame that is written next
    /// Errors: Unavailable "usage_log.disk_full", "usage_log.unreachable".
    static Result<std::unique_ptr<LogWriter>> start(Config config, std::optional<SegmentFile> tail,
                                                    std::uint64_t next_sequence);
    LogWriter(const LogWriter&) = delete;
    LogWriter& operator=(const LogWriter&) = delete;
    /// Writes what was submitted.
    ~LogWriter();

    /// Whether this many bytes would be taken now. The answer holds until the next submit() of
    /// anybody, so whoever asks first and submits then must be the only one who does.
    /// Errors: Unavailable "usage_log.disk_full", "usage_log.busy", "usage_log.write_failed".
    [[nodiscard]] Result<std::monostate> has_room(std::size_t bytes) const;

    /// Adds `records` to the next frame. `done` hears when they, and everything submitted before,
    /// are durable. Empty records only wait for what is on its way. has_room(records.size()) held.
    /// What is decided must be written: a process without memory for it ends.
    void submit(std::string_view records, Done done) noexcept;

    /// Set for good after a failed write or sync.
    [[nodiscard]] std::optional<Error> failed() const;
    /// The last frame that is durable; 0: none yet.
    [[nodiscard]] std::uint64_t durable_sequence() const;

private:
    struct Group {
        FrameBuffer frame;
        std::vector<Done> waiting;
    };

    LogWriter(Config config, std::optional<SegmentFile> current, std::uint64_t next_sequence);
    void run();
    /// With the lock held before and after, not between.
    void write_group(std::unique_lock<std::mutex>& lock);
    Result<std::monostate> write_frame(std::string_view frame, std::uint64_t sequence);
    void keep_spare(std::unique_lock<std::mutex>& lock);
    // With the lock held: has_room() looks at these numbers, not at the files.
    void reserve(std::size_t bytes);
    void announce_room();

    const Config config_;
    // Only the writer's thread, after start().
    std::optional<SegmentFile> current_, spare_;

    mutable std::mutex mutex_;
    std::condition_variable wake_;
    // guarded by mutex_
    Group pending_, writing_;
    std::size_t current_room_ = 0, spare_room_ = 0;
    std::uint64_t next_sequence_, durable_sequence_;
    std::optional<Error> failed_, no_space_;
    bool is_writing_ = false, is_stopping_ = false;

    std::thread thread_;
};

}  // namespace turnpike
