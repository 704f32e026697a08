#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace turnpike {

/// One file of a backup.
struct BackedUpFile {
    std::string name;  ///< below the data folder: "usage/identity-key"
    std::uint64_t bytes = 0;
    std::uint32_t crc = 0;  ///< CRC-32C
    friend bool operator==(const BackedUpFile&, const BackedUpFile&) = default;
};

/// What a backup holds, as text: a first line with the version; a line for each file, of CRC-32C
/// (8 hexadecimal digits), bytes and name; a last one with the CRC-32C of the lines before it.
struct BackupManifest {
    std::vector<BackedUpFile> files;

    [[nodiscard]] std::string text() const;
    /// nullopt when it is damaged, of another version, or has a name that leads elsewhere.
    static std::optional<BackupManifest> parse(std::string_view text);
};
inline constexpr std::string_view kManifestName = "MANIFEST";

}  // namespace turnpike
