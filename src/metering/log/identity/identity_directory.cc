#include "metering/log/identity/identity_directory.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <optional>
#include <string_view>
#include <system_error>
#include <tuple>

#include <fmt/format.h>

#include "metering/log/identity/identity_damage.h"

namespace turnpike {
namespace {

constexpr std::string_view kPrefix = "windows-";
constexpr std::string_view kSuffix = ".run";
constexpr std::string_view kUnpublished = ".run.new";

std::optional<std::uint64_t> parse_number(std::string_view text) {
    std::uint64_t number = 0;
    const auto* const end = text.data() + text.size();
    const auto [stopped, error] = std::from_chars(text.data(), end, number);
    if (error != std::errc{} || stopped != end) return std::nullopt;
    return number;
}

std::optional<RunFile> parse_run_name(const std::string& dir, const std::string& name) {
    if (!name.starts_with(kPrefix) || !name.ends_with(kSuffix)) return std::nullopt;
    const auto numbers = std::string_view(name).substr(
        kPrefix.size(), name.size() - kPrefix.size() - kSuffix.size());
    const auto dash = numbers.find('-');
    if (dash == std::string_view::npos) return std::nullopt;
    const auto first = parse_number(numbers.substr(0, dash));
    const auto last = parse_number(numbers.substr(dash + 1));
    if (!first || !last || name != run_file_name(*first, *last)) return std::nullopt;
    return RunFile{dir + "/" + name, *first, *last};
}

/// A merged run holds the windows of those it was made of; those go.
Result<RunDirectory> without_merged(std::vector<RunFile> files, RunDirectory directory) {
    std::ranges::sort(files, [](const RunFile& a, const RunFile& b) {
        return std::tuple(a.window_first, b.window_last) <
               std::tuple(b.window_first, a.window_last);
    });
    std::uint64_t held = 0;
    for (RunFile& file : files) {
        if (file.window_last <= held) {
            directory.left_overs.push_back(std::move(file.path));
            continue;
        }
        if (file.window_first != held + 1)
            return damaged_identities(
                file.path, fmt::format("the run before it should end with window {}, not {}",
                                       file.window_first - 1, held));
        held = file.window_last;
        directory.runs.push_back(std::move(file));
    }
    return directory;
}

}  // namespace

std::string run_file_name(std::uint64_t window_first, std::uint64_t window_last) {
    return fmt::format("{}{:08}-{:08}{}", kPrefix, window_first, window_last, kSuffix);
}

Result<RunDirectory> list_runs(const std::string& dir) {
    RunDirectory directory;
    std::vector<RunFile> files;
    std::error_code error;
    auto entry = std::filesystem::directory_iterator(dir, error);
    for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
        const std::string name = entry->path().filename().string();
        if (auto file = parse_run_name(dir, name)) {
            files.push_back(*std::move(file));
        } else if (name.starts_with(kPrefix) && name.ends_with(kUnpublished)) {
            directory.left_overs.push_back(dir + "/" + name);
        }
    }
    if (error) return unavailable("file.refused", dir + ": cannot list: " + error.message());
    return without_merged(std::move(files), std::move(directory));
}

}  // namespace turnpike
