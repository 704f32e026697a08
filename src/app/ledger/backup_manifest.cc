#include "app/ledger/backup_manifest.h"

#include <algorithm>
#include <charconv>
#include <span>

#include <fmt/format.h>

#include "crypto/crc32c.h"

namespace turnpike {
namespace {

constexpr std::string_view kFirstLine = "turnpike backup 1";
constexpr std::string_view kEnd = "end ";

std::string crc_text(std::string_view lines) {
    return fmt::format("{:08x}", crc32c(std::as_bytes(std::span(lines))));
}

template <class Number>
std::optional<Number> number_in(std::string_view text, int base) {
    Number number{};
    const char* const end = text.data() + text.size();
    const auto read = std::from_chars(text.data(), end, number, base);
    if (text.empty() || read.ec != std::errc() || read.ptr != end) return std::nullopt;
    return number;
}

/// Names that we write: parts of letters, digits, '.', '_' and '-', none of which is hidden.
bool is_name(std::string_view name) {
    bool begins = true;
    for (const char c : name) {
        const bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        const bool is_other = (c >= '0' && c <= '9') || c == '_' || c == '-';
        const bool fits = is_letter || is_other || (!begins && (c == '.' || c == '/'));
        if (!fits) return false;
        begins = c == '/';
    }
    return !begins;
}

std::optional<BackedUpFile> file_in(std::string_view line) {
    const auto first = line.find(' ');
    const auto second = first == std::string_view::npos ? first : line.find(' ', first + 1);
    if (second == std::string_view::npos) return std::nullopt;
    const auto crc = number_in<std::uint32_t>(line.substr(0, first), 16);
    const auto bytes = number_in<std::uint64_t>(line.substr(first + 1, second - first - 1), 10);
    const auto name = line.substr(second + 1);
    if (!crc || !bytes || !is_name(name)) return std::nullopt;
    return BackedUpFile{std::string(name), *bytes, *crc};
}

}  // namespace

std::string BackupManifest::text() const {
    std::string lines = fmt::format("{}\n", kFirstLine);
    for (const BackedUpFile& file : files)
        lines += fmt::format("{:08x} {} {}\n", file.crc, file.bytes, file.name);
    return lines + fmt::format("{}{}\n", kEnd, crc_text(lines));
}

std::optional<BackupManifest> BackupManifest::parse(std::string_view text) {
    BackupManifest manifest;
    const std::string_view all = text;
    for (bool is_first = true;; is_first = false) {
        const auto end = text.find('\n');
        if (end == std::string_view::npos) return std::nullopt;
        const auto line = text.substr(0, end);
        const auto before = all.substr(0, all.size() - text.size());
        text.remove_prefix(end + 1);
        if (is_first) {
            if (line != kFirstLine) return std::nullopt;
        } else if (line.starts_with(kEnd)) {
            if (line.substr(kEnd.size()) != crc_text(before) || !text.empty()) return std::nullopt;
            return manifest;
        } else if (auto file = file_in(line)) {
            manifest.files.push_back(*std::move(file));
        } else {
            return std::nullopt;
        }
    }
}

}  // namespace turnpike
