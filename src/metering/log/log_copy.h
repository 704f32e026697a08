#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <variant>
#include <vector>

#include "base/error.h"
#include "metering/log/files/durable_file.h"
#include "metering/log/segment/segment_file.h"

namespace turnpike {

/// A copy of a usage log, which a server may be writing to: what is in it when begin() returns,
/// with everything that was acknowledged before begin() was called. Files of a log never change,
/// but they are replaced by others; the few that could go meanwhile are held open.
///
/// In this order, so that the copy fits together: snapshots, runs, segments. A snapshot may be
/// older than a run, and both may be older than the log; never the other way round.
///
/// Errors of all calls: Unavailable "usage_log.damaged", "usage_log.unreachable",
/// "metering.identity_damaged", "file.refused". Threads: one.
class LogCopy {
public:
    static Result<LogCopy> begin(const std::string& directory);

    /// Each file by its name below the directory, and how many of its bytes belong to the copy.
    using Take = std::function<Result<std::monostate>(
        const std::string& name, const DurableFile& file, std::uint64_t bytes)>;
    [[nodiscard]] Result<std::monostate> give(const Take& take) const;

private:
    struct HeldFile {
        std::string name;
        DurableFile file;
        std::uint64_t bytes;
    };

    explicit LogCopy(std::string directory) : directory_(std::move(directory)) {}
    Result<std::monostate> hold(const std::string& path, std::uint64_t bytes);
    Result<std::monostate> hold_snapshots(const std::string& directory);
    Result<std::monostate> hold_runs(const std::string& directory);
    Result<std::monostate> hold_all();
    Result<std::monostate> hold_active(const SegmentPlace& active);
    [[nodiscard]] Result<std::monostate> give_finished(const SegmentPlace& place,
                                                       const Take& take) const;
    [[nodiscard]] std::string name_of(const std::string& path) const;

    std::string directory_;
    std::vector<HeldFile> held_;
    std::vector<SegmentPlace> finished_;
};

}  // namespace turnpike
