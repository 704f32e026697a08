#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/error.h"

namespace turnpike {

/// A run in the directory, by the windows that it holds: "windows-00000003-00000005.run".
struct RunFile {
    std::string path;
    std::uint64_t window_first = 0;
    std::uint64_t window_last = 0;
};

std::string run_file_name(std::uint64_t window_first, std::uint64_t window_last);

struct RunDirectory {
    std::vector<RunFile> runs;            ///< window 1 first, none missing, none twice
    std::vector<std::string> left_overs;  ///< half-written files, and runs that were merged
};

/// Reads names only. Files with other names are not ours and are left alone.
/// Errors: Unavailable "metering.identity_damaged" naming the run that is missing or that overlaps
/// another; "file.refused".
Result<RunDirectory> list_runs(const std::string& dir);

}  // namespace turnpike
