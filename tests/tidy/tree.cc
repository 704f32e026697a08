#include "tidy/tree.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>

namespace turnpike::tidy {
namespace {

namespace fs = std::filesystem;

bool is_generated_folder(const std::string& name) {
    constexpr std::array<std::string_view, 5> kSkipped = {"build", "node_modules", "dist", ".git",
                                                          ".cache"};
    return std::ranges::find(kSkipped, name) != kSkipped.end();
}

bool is_raw_string(std::string_view text, std::size_t quote) {
    return quote > 0 && text[quote - 1] == 'R' && quote + 1 < text.size();
}

/// The offset just behind the string literal that starts at `quote`.
std::size_t end_of_string(std::string_view text, std::size_t quote) {
    if (is_raw_string(text, quote)) {
        const auto open = text.find('(', quote);
        if (open == std::string_view::npos) return text.size();
        const std::string close =
            ")" + std::string(text.substr(quote + 1, open - quote - 1)) + "\"";
        const auto end = text.find(close, open);
        return end == std::string_view::npos ? text.size() : end + close.size();
    }
    const char kind = text[quote];
    for (auto i = quote + 1; i < text.size(); ++i) {
        if (text[i] == '\\') {
            ++i;
        } else if (text[i] == kind || text[i] == '\n') {
            return i + 1;
        }
    }
    return text.size();
}

/// The ' of 1'000'000 starts no character literal.
bool is_digit_separator(std::string_view text, std::size_t quote) {
    return quote > 0 && std::isalnum(static_cast<unsigned char>(text[quote - 1])) != 0;
}

void blank(std::string& text, std::size_t begin, std::size_t end) {
    for (auto i = begin; i < end && i < text.size(); ++i)
        if (text[i] != '\n') text[i] = ' ';
}

enum class Literals : bool { Keep, Blank };

std::string blanked(std::string_view source, Literals literals) {
    std::string text(source);
    for (std::size_t i = 0; i < source.size();) {
        std::size_t end = i + 1;
        if (source.substr(i).starts_with("//")) {
            end = std::min(source.find('\n', i), source.size());
            blank(text, i, end);
        } else if (source.substr(i).starts_with("/*")) {
            const auto close = source.find("*/", i + 2);
            end = close == std::string_view::npos ? source.size() : close + 2;
            blank(text, i, end);
        } else if (source[i] == '"' || (source[i] == '\'' && !is_digit_separator(source, i))) {
            end = end_of_string(source, i);
            if (literals == Literals::Blank) blank(text, i + 1, end - 1);
        }
        i = end;
    }
    return text;
}

}  // namespace

std::vector<File> files_below(std::string_view folder) {
    std::vector<File> files;
    if (!fs::exists(folder)) return files;
    auto entry = fs::recursive_directory_iterator(fs::path(folder));
    for (; entry != fs::recursive_directory_iterator(); ++entry) {
        const auto name = entry->path().filename().string();
        if (entry->is_directory() && is_generated_folder(name)) entry.disable_recursion_pending();
        // In a second working tree of git's, .git is a file that points at the first.
        if (!entry->is_regular_file() || name == ".git") continue;
        std::ifstream in(entry->path(), std::ios::binary);
        std::string text{std::istreambuf_iterator<char>(in), {}};
        if (text.contains('\0')) continue;
        files.push_back({entry->path().lexically_normal().generic_string(), std::move(text)});
    }
    std::ranges::sort(files, {}, &File::path);
    return files;
}

std::vector<File> ending(std::vector<File> files, const std::vector<std::string_view>& endings) {
    std::erase_if(files, [&](const File& file) {
        return std::ranges::none_of(endings,
                                    [&](std::string_view end) { return file.path.ends_with(end); });
    });
    return files;
}

bool is_test(std::string_view path) {
    return path.ends_with("_test.cc") || path.starts_with("tests/") || path.contains("/tests/") ||
           path.ends_with("testing.h") || path.ends_with("testing.cc");
}

std::string module_of(std::string_view path) {
    if (!path.starts_with("src/")) return {};
    path.remove_prefix(4);
    const auto slash = path.find('/');
    return slash == std::string_view::npos ? std::string() : std::string(path.substr(0, slash));
}

std::string code_of(std::string_view text) { return blanked(text, Literals::Blank); }
std::string without_comments(std::string_view text) { return blanked(text, Literals::Keep); }

std::vector<std::string_view> lines_of(std::string_view text) {
    std::vector<std::string_view> lines;
    while (!text.empty()) {
        const auto end = text.find('\n');
        lines.push_back(text.substr(0, end));
        if (end == std::string_view::npos) break;
        text.remove_prefix(end + 1);
    }
    return lines;
}

std::size_t line_at(std::string_view text, std::size_t offset) {
    return 1 + static_cast<std::size_t>(std::ranges::count(text.substr(0, offset), '\n'));
}

std::vector<Hit> hits_across_lines(std::string_view text, const std::string& pattern) {
    const std::regex regex(pattern);
    std::vector<Hit> found;
    std::cregex_iterator match(text.data(), text.data() + text.size(), regex);
    for (; match != std::cregex_iterator(); ++match) {
        Hit hit{line_at(text, static_cast<std::size_t>(match->position())), {}};
        for (const auto& group : *match) hit.groups.push_back(group.str());
        found.push_back(std::move(hit));
    }
    return found;
}

std::vector<Hit> hits(std::string_view text, const std::string& pattern) {
    std::vector<Hit> found;
    const std::regex regex(pattern);
    std::size_t number = 0;
    for (const auto line : lines_of(text)) {
        ++number;
        std::cregex_iterator match(line.data(), line.data() + line.size(), regex);
        for (; match != std::cregex_iterator(); ++match) {
            Hit hit{number, {}};
            for (const auto& group : *match) hit.groups.push_back(group.str());
            found.push_back(std::move(hit));
        }
    }
    return found;
}

std::string at(const File& file, std::size_t line, std::string_view message) {
    return file.path + ":" + std::to_string(line) + ": " + std::string(message);
}

std::string joined(const Complaints& complaints) {
    std::string text;
    for (const auto& complaint : complaints) text += complaint + "\n";
    return text;
}

}  // namespace turnpike::tidy
