#include <fmt/format.h>

#include "app/commands/cli.h"
#include "app/commands/progress_bar.h"
#include "app/ledger/backup.h"

namespace turnpike {

int command_backup(const BackupOptions& options) {
    ProgressBar bar("backup");
    const auto made = make_backup(
        options.data, options.to, options.with_key ? BackupKey::Included : BackupKey::LeftOut,
        [&](std::uint64_t done, std::uint64_t all) { bar.show(done, all); });
    bar.clear();
    if (!made) return complain(made.error());
    fmt::print("{} files, {} bytes in {}\n", made->files, made->bytes, options.to);
    return 0;
}

int command_restore(const RestoreOptions& options) {
    ProgressBar bar("restore");
    const auto over = options.force ? RestoreOver::OtherData : RestoreOver::Nothing;
    const auto restored =
        restore_backup(options.from, options.data, over,
                       [&](std::uint64_t done, std::uint64_t all) { bar.show(done, all); });
    bar.clear();
    if (!restored) return complain(restored.error());
    fmt::print("{} files, {} bytes, each as it was backed up, in {}\n", restored->files,
               restored->bytes, options.data);
    return 0;
}

}  // namespace turnpike
