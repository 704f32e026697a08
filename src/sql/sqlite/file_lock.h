#pragma once

#include <string>

#include "base/error.h"

namespace turnpike::sql::sqlite {

/// Holds FILE.lock exclusively until destroyed; the system releases it when the process dies. The
/// lock file itself stays, since removing it would race with the next owner.
class FileLock {
public:
    /// Errors: Conflict "database.in_use"; Unavailable "database.unreachable".
    static Result<FileLock> take(const std::string& file);

    FileLock(FileLock&& other) noexcept;
    FileLock& operator=(FileLock&&) = delete;
    ~FileLock();

private:
    explicit FileLock(int descriptor) : descriptor_(descriptor) {}
    int descriptor_;
};

}  // namespace turnpike::sql::sqlite
