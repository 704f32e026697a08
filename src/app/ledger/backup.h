#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <variant>

#include "base/error.h"

namespace turnpike {

/// How many bytes are done; `all` may grow.
using CopyProgress = std::function<void(std::uint64_t done, std::uint64_t all)>;

struct BackupReport {
    std::size_t files = 0;
    std::uint64_t bytes = 0;
};

enum class BackupKey : bool { LeftOut, Included };

/// Copies the data of a server on SQLite, which may be running, to the new folder `to`. The copy
/// holds everything that was acknowledged before this was called, and its ledger and usage log
/// agree: the ledger's moment is fixed first, then the log's end, so that the ledger's copy refers
/// to no usage that the log's copy lacks. `to` appears when everything in it is complete and
/// durable; until then it is `to` + ".incomplete", which the next backup replaces.
///
/// Secrets in the ledger stay sealed. The key to them comes along only when it is asked for.
///
/// Errors: InvalidArgument "data.no_ledger", "backup.exists"; Unavailable "backup.failed",
///         "database.unreachable", and those of LogCopy and DurableFile.
Result<BackupReport> make_backup(const std::string& data, const std::string& to, BackupKey key,
                                 const CopyProgress& progress);

enum class RestoreOver : bool { Nothing, OtherData };

/// Puts a backup back as the data folder `data`, which appears when everything in it is complete,
/// verified and durable. Other data that was there is kept, as `data` + ".before-restore";
/// its master key is taken over where the backup has none.
///
/// Errors: InvalidArgument "backup.damaged", with the file; "restore.not_empty"; Conflict
///         "database.in_use"; Unavailable "backup.failed", and those of DurableFile.
Result<BackupReport> restore_backup(const std::string& from, const std::string& data,
                                    RestoreOver over, const CopyProgress& progress);

}  // namespace turnpike
