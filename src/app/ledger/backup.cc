#include "app/ledger/backup.h"

#include <algorithm>
#include <filesystem>
#include <optional>
#include <span>
#include <system_error>
#include <utility>
#include <vector>

#include "app/config/data_dir.h"
#include "app/config/data_folder.h"
#include "app/ledger/backup_manifest.h"
#include "crypto/crc32c.h"
#include "metering/log/files/durable_file.h"
#include "metering/log/log_copy.h"
#include "sql/sqlite/database_copy.h"
#include "sql/sqlite/file_lock.h"

namespace turnpike {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kBufferBytes = std::size_t{1} << 20;
/// Beside the ledger and the usage log. Without the master key the ledger's secrets stay shut;
/// `turnpike up` makes a new secret for its tokens, and refuses those of the old one.
constexpr const char* kMasterKey = "master.key";
constexpr const char* kKeyFiles[] = {kMasterKey, kJwtSecretFile};

std::unexpected<Error> failed(const std::string& path, const std::error_code& why) {
    return unavailable("backup.failed", path + ": " + why.message());
}

Result<std::monostate> make_directory(const std::string& path) {
    std::error_code error;
    fs::create_directories(path, error);
    if (!error) fs::permissions(path, fs::perms::owner_all, error);
    if (error) return failed(path, error);
    return std::monostate{};
}

/// What is in it is durable then, as the directory itself.
Result<std::monostate> move_directory(const std::string& from, const std::string& to) {
    if (const auto synced = sync_directory(from); !synced) return failure(synced);
    std::error_code error;
    fs::rename(from, to, error);
    if (error) return failed(to, error);
    return sync_directory(fs::absolute(to).parent_path());
}

bool is_empty(const std::string& path) {
    std::error_code error;
    return !exists(path) || (fs::is_directory(path, error) && fs::is_empty(path, error));
}

std::string without_slash(std::string path) {
    while (path.size() > 1 && path.ends_with('/')) path.pop_back();
    return path;
}

/// A folder in the making: files are complete and durable, one after the other.
class FolderCopy {
public:
    FolderCopy(std::string path, const CopyProgress& progress)
        : path_(std::move(path)), progress_(progress) {}

    /// Empty, whatever was left there.
    Result<std::monostate> begin() const {
        std::error_code error;
        fs::remove_all(path_, error);
        if (error) return failed(path_, error);
        return make_directory(path_);
    }
    [[nodiscard]] std::string path_of(const std::string& name) const { return path_ + "/" + name; }
    void expect(std::uint64_t bytes) { all_ += bytes; }

    Result<std::monostate> add(const std::string& name, const DurableFile& file,
                               std::uint64_t bytes);
    /// One that is in its place already.
    Result<std::monostate> note(const std::string& name);
    Result<std::monostate> add(const std::string& name, const std::string& text) const {
        auto copy = DurableFile::create(path_of(name));
        if (!copy) return failure(copy);
        const auto written = copy->write_at(0, std::as_bytes(std::span(text)));
        if (!written) return failure(written);
        return copy->publish();
    }
    [[nodiscard]] const BackupManifest& manifest() const { return manifest_; }
    [[nodiscard]] BackupReport report() const { return {manifest_.files.size(), done_}; }

private:
    using TakeBytes = std::function<Result<std::monostate>(std::uint64_t offset,
                                                           std::span<const std::byte> bytes)>;
    Result<std::monostate> read(const std::string& name, const DurableFile& file,
                                std::uint64_t bytes, const TakeBytes& take);

    const std::string path_;
    const CopyProgress& progress_;
    BackupManifest manifest_;
    std::uint64_t done_ = 0, all_ = 0;
};

Result<std::monostate> FolderCopy::read(const std::string& name, const DurableFile& file,
                                        std::uint64_t bytes, const TakeBytes& take) {
    std::vector<std::byte> buffer(std::min<std::uint64_t>(kBufferBytes, bytes));
    std::uint32_t crc = 0;
    for (std::uint64_t offset = 0; offset < bytes;) {
        const auto piece = std::span(buffer).first(
            static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), bytes - offset)));
        const auto got = file.read_at(offset, piece);
        if (!got) return failure(got);
        crc = extend_crc32c(crc, piece);
        const auto taken = take(offset, piece);
        if (!taken) return failure(taken);
        offset += piece.size();
        done_ += piece.size();
        progress_(done_, std::max(done_, all_));
    }
    manifest_.files.push_back({name, bytes, crc});
    return std::monostate{};
}

Result<std::monostate> FolderCopy::add(const std::string& name, const DurableFile& file,
                                       std::uint64_t bytes) {
    const std::string path = path_of(name);
    const auto made = make_directory(path.substr(0, path.rfind('/')));
    if (!made) return failure(made);
    auto copy = DurableFile::create(path);
    if (!copy) return failure(copy);
    const auto written =
        read(name, file, bytes, [&](std::uint64_t offset, std::span<const std::byte> piece) {
            return copy->write_at(offset, piece);
        });
    if (!written) return failure(written);
    return copy->publish();
}

Result<std::monostate> FolderCopy::note(const std::string& name) {
    const auto file = DurableFile::open(path_of(name));
    if (!file) return failure(file);
    return read(name, *file, file->size_bytes(),
                [](std::uint64_t, std::span<const std::byte>) { return Result<std::monostate>(); });
}

Result<std::monostate> copy_keys(const DataFolder& data, FolderCopy& copy) {
    for (const std::string name : kKeyFiles) {
        const std::string path = data.path + "/" + name;
        if (!exists(path)) continue;
        const auto file = DurableFile::open(path);
        if (!file) return failure(file);
        const auto added = copy.add(name, *file, file->size_bytes());
        if (!added) return failure(added);
    }
    return std::monostate{};
}

Result<std::monostate> copy_data(const DataFolder& data, BackupKey key, FolderCopy& copy) {
    std::optional<LogCopy> usage;
    const auto note_the_logs_end = [&]() -> Result<std::monostate> {
        if (!data.has_usage_log()) return std::monostate{};
        auto begun = LogCopy::begin(data.usage());
        if (!begun) return failure(begun);
        usage.emplace(*std::move(begun));
        return std::monostate{};
    };
    const auto ledger =
        sql::sqlite::copy_database(data.ledger(), copy.path_of("ledger.db"), note_the_logs_end);
    if (!ledger) return failure(ledger);
    std::error_code error;
    fs::permissions(copy.path_of("ledger.db"), fs::perms::owner_read | fs::perms::owner_write,
                    error);
    if (error) return failed(copy.path_of("ledger.db"), error);
    if (const auto noted = copy.note("ledger.db"); !noted) return failure(noted);
    if (key == BackupKey::Included)
        if (const auto copied = copy_keys(data, copy); !copied) return failure(copied);
    if (!usage) return std::monostate{};
    return usage->give([&](const std::string& name, const DurableFile& file, std::uint64_t bytes) {
        return copy.add("usage/" + name, file, bytes);
    });
}

Result<BackupManifest> read_manifest(const std::string& from) {
    const std::string path = from + "/" + std::string(kManifestName);
    const auto text = read_text_file(path);
    if (!text)
        return invalid_argument("backup.damaged", path +
                                                      ": there is none; this is no backup, or "
                                                      "one that was never finished");
    auto manifest = BackupManifest::parse(*text);
    if (!manifest) return invalid_argument("backup.damaged", path + " is damaged");
    return *std::move(manifest);
}

Result<std::monostate> copy_backup(const std::string& from, const BackupManifest& manifest,
                                   FolderCopy& copy) {
    for (const BackedUpFile& expected : manifest.files) {
        const std::string path = from + "/" + expected.name;
        const auto wrong = [&](const char* what) {
            return invalid_argument("backup.damaged", path + ": " + what);
        };
        if (!exists(path)) return wrong("it is missing");
        const auto file = DurableFile::open(path);
        if (!file) return failure(file);
        if (file->size_bytes() != expected.bytes) return wrong("it has another size");
        const auto added = copy.add(expected.name, *file, expected.bytes);
        if (!added) return failure(added);
        if (copy.manifest().files.back() != expected) return wrong("it is damaged");
    }
    return std::monostate{};
}

/// The key that was there opens the backup's secrets too, unless it was rotated since.
Result<std::monostate> keep_key(const DataFolder& data, FolderCopy& copy) {
    const std::string path = data.path + "/" + kMasterKey;
    if (!exists(path) || exists(copy.path_of(kMasterKey))) return std::monostate{};
    const auto file = DurableFile::open(path);
    if (!file) return failure(file);
    return copy.add(kMasterKey, *file, file->size_bytes());
}

/// Moves what is there out of the way.
Result<std::monostate> make_way(const std::string& data) {
    if (is_empty(data)) return std::monostate{};
    const std::string kept = data + ".before-restore";
    if (exists(kept))
        return invalid_argument("restore.not_empty",
                                kept + " is there already, from an earlier restore; move it away");
    return move_directory(data, kept);
}

}  // namespace

Result<BackupReport> make_backup(const std::string& data, const std::string& to, BackupKey key,
                                 const CopyProgress& progress) {
    const DataFolder folder{without_slash(data)};
    const std::string target = without_slash(to);
    const auto present = folder.check_present();
    if (!present) return failure(present);
    if (!is_empty(target))
        return invalid_argument("backup.exists",
                                target + " is there already; a backup replaces nothing");
    FolderCopy copy(target + ".incomplete", progress);
    if (const auto begun = copy.begin(); !begun) return failure(begun);
    copy.expect(bytes_below(folder.path));
    if (const auto copied = copy_data(folder, key, copy); !copied) return failure(copied);
    const auto listed = copy.add(std::string(kManifestName), copy.manifest().text());
    if (!listed) return failure(listed);
    if (const auto moved = move_directory(target + ".incomplete", target); !moved)
        return failure(moved);
    return copy.report();
}

Result<BackupReport> restore_backup(const std::string& from, const std::string& data,
                                    RestoreOver over, const CopyProgress& progress) {
    const DataFolder folder{without_slash(data)};
    const auto manifest = read_manifest(without_slash(from));
    if (!manifest) return failure(manifest);
    if (over == RestoreOver::Nothing && !is_empty(folder.path))
        return invalid_argument("restore.not_empty",
                                folder.path + " is not empty; --force keeps what is there as " +
                                    folder.path + ".before-restore");
    std::optional<sql::sqlite::FileLock> lock;
    if (exists(folder.ledger())) {
        auto taken = sql::sqlite::FileLock::take(folder.ledger());
        if (!taken) return failure(taken);
        lock.emplace(*std::move(taken));
    }
    FolderCopy copy(folder.path + ".restoring", progress);
    if (const auto begun = copy.begin(); !begun) return failure(begun);
    for (const BackedUpFile& file : manifest->files) copy.expect(file.bytes);
    if (const auto copied = copy_backup(without_slash(from), *manifest, copy); !copied)
        return failure(copied);
    if (const auto kept = keep_key(folder, copy); !kept) return failure(kept);
    if (const auto made = make_way(folder.path); !made) return failure(made);
    if (const auto moved = move_directory(folder.path + ".restoring", folder.path); !moved)
        return failure(moved);
    return copy.report();
}

}  // namespace turnpike
