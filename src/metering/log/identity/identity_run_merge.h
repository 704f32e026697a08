#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/error.h"
#include "metering/log/identity/identity_run.h"
#include "metering/log/identity/identity_run_writer.h"

namespace turnpike {

/// Makes one run of two neighbours, step by step. An identity that both have is kept once, with the
/// content of the older. The neighbours' files stay; destroyed before its end, it leaves nothing.
///
/// Errors of all calls: as IdentityRun and IdentityRunWriter. Threads: one at a time.
class IdentityRunMerge {
public:
    /// `older` ends where `newer` begins. The new file goes to `path`.
    static Result<IdentityRunMerge> begin(const IdentityRun& older, const IdentityRun& newer,
                                          const std::string& path);

    enum class Progress : std::uint8_t { More, Done };
    /// Writes at most `entries_max` entries; the last step also makes the file durable.
    Result<Progress> step(std::size_t entries_max);
    [[nodiscard]] const std::string& path() const { return path_; }

private:
    IdentityRunMerge(IdentityRunCursor older, IdentityRunCursor newer, IdentityRunWriter writer,
                     std::string path);
    Result<std::monostate> pop_lesser();

    IdentityRunCursor older_;
    IdentityRunCursor newer_;
    IdentityRunWriter writer_;
    std::string path_;
    std::vector<IdentityEntry> merged_;
};

}  // namespace turnpike
