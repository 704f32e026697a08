// Sizes, and what is left lying about. Function length is clang-tidy's (readability-function-size).

#include <algorithm>
#include <iterator>
#include <string>

#include <gtest/gtest.h>

#include "tidy/tree.h"

namespace turnpike::tidy {
namespace {

constexpr std::size_t kSourceLines = 600;
constexpr std::size_t kTestLines = 1000;
constexpr std::size_t kColumns = 100;

std::vector<File> sources() {
    auto files = ending(files_below("src"), {".h", ".cc"});
    for (const auto* folder : {"tests", "fuzz", "bench", "clients"})
        std::ranges::move(ending(files_below(folder), {".h", ".cc"}), std::back_inserter(files));
    return files;
}

Complaints over(const std::vector<File>& files, Complaints (*check)(const File&)) {
    Complaints all;
    for (const auto& file : files) std::ranges::move(check(file), std::back_inserter(all));
    return all;
}

/// Characters, not bytes: continuation bytes of UTF-8 do not count.
std::size_t width(std::string_view line) {
    return static_cast<std::size_t>(std::ranges::count_if(
        line, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

Complaints check_size(const File& file) {
    const auto lines = lines_of(file.text);
    const auto limit = is_test(file.path) ? kTestLines : kSourceLines;
    Complaints complaints;
    if (lines.size() > limit)
        complaints.push_back(at(file, limit, "is longer than " + std::to_string(limit) + " lines"));
    for (std::size_t i = 0; i < lines.size(); ++i)
        if (width(lines[i]) > kColumns) complaints.push_back(at(file, i + 1, "over 100 columns"));
    return complaints;
}

Complaints check_header(const File& file) {
    if (!file.path.ends_with(".h")) return {};
    Complaints complaints;
    if (hits(file.text, R"(^#pragma once$)").size() != 1)
        complaints.push_back(at(file, 1, "a header says #pragma once, once"));
    for (const auto& hit : hits(code_of(file.text), R"(^using\s+namespace\b)"))
        complaints.push_back(at(file, hit.line, "a header opens no namespace for everyone"));
    return complaints;
}

Complaints check_macros(const File& file) {
    Complaints complaints;
    for (const auto& hit : hits(code_of(file.text), R"(^\s*#\s*define\b)"))
        complaints.push_back(at(file, hit.line, "no macros"));
    return complaints;
}

/// Written in two halves, so that this file is not found by its own search.
const std::string kUnfinished = std::string(R"(\b(TO)") + "DO|FIX" + "ME|X" + "XX|HA" + "CK)\\b|" +
                                "not " + "implemented|un" + "implemented|place" + "holder";

/// What SQL calls the $1 in a statement.
bool is_sql_word(const File& file, std::string_view word) {
    return file.path.starts_with("src/sql/") && word.ends_with("holder");
}

Complaints check_finished(const File& file) {
    Complaints complaints;
    for (const auto& hit : hits(file.text, kUnfinished))
        if (!is_sql_word(file, hit.groups[0]))
            complaints.push_back(
                at(file, hit.line, "unfinished by its own words: " + hit.groups[0]));
    return complaints;
}

/// One l, as at Stripe. Asio and Razorpay spell it with two, and so do databases of others.
Complaints check_spelling(const File& file) {
    const auto module = module_of(file.path);
    const bool quotes_others =
        file.path.contains("razorpay") || module == "http" || module == "import";
    if (is_test(file.path) || quotes_others) return {};
    Complaints complaints;
    for (const auto& hit : hits(file.text, R"([Cc]ancelled)"))
        complaints.push_back(at(file, hit.line, "canceled is written with one l"));
    return complaints;
}

/// Where a developer's own machine shows: a home, a scratch folder, a mounted disk.
const std::string kMachinePath =
    std::string(R"(/(root|farm|wo)") + R"(rk)/|/ho)" + R"(me/[a-z]|/tm)" + "p/[a-z]";

Complaints check_paths(const File& file) {
    Complaints complaints;
    for (const auto& hit : hits(file.text, kMachinePath))
        complaints.push_back(at(file, hit.line, "a path of one machine: " + hit.groups[0]));
    return complaints;
}

Complaints check_lock(const File& file) {
    Complaints complaints;
    for (const auto& hit : hits(file.text, R"("resolved"|https?://[^"]*registry)"))
        complaints.push_back(at(file, hit.line, "names the registry it was made with"));
    return complaints;
}

TEST(Limits, FilesAndLinesAreShort) {
    auto files = sources();
    std::ranges::move(ending(files_below("clients"), {".ts"}), std::back_inserter(files));
    const auto complaints = over(files, check_size);
    EXPECT_TRUE(complaints.empty()) << joined(complaints);
}

TEST(Limits, HeadersAreGuardedAndOpenNoNamespace) {
    const auto complaints = over(sources(), check_header);
    EXPECT_TRUE(complaints.empty()) << joined(complaints);
}

TEST(Limits, ThereAreNoMacros) {
    const auto complaints = over(sources(), check_macros);
    EXPECT_TRUE(complaints.empty()) << joined(complaints);
}

TEST(Leftovers, NothingSaysItIsUnfinished) {
    auto files = sources();
    for (const auto* folder :
         {"docs", "deploy", "migrations", "presets", "web/src", "tests", "clients"})
        std::ranges::move(ending(files_below(folder), {".md", ".sh", ".sql", ".toml", ".ts", ".tsx",
                                                       ".mjs", ".yaml", ".txt"}),
                          std::back_inserter(files));
    const auto complaints = over(files, check_finished);
    EXPECT_TRUE(complaints.empty()) << joined(complaints);
}

TEST(Leftovers, CanceledHasOneL) {
    auto files = ending(files_below("src"), {".h", ".cc", ".md", ".sql"});
    std::ranges::move(ending(files_below("clients"), {".h", ".cc", ".md", ".ts"}),
                      std::back_inserter(files));
    const auto complaints = over(files, check_spelling);
    EXPECT_TRUE(complaints.empty()) << joined(complaints);
}

TEST(Leftovers, NoPathOfOneMachine) {
    const auto complaints = over(files_below("."), check_paths);
    EXPECT_TRUE(complaints.empty()) << joined(complaints);
}

TEST(Leftovers, LockFilesNameNoRegistry) {
    const auto complaints = over(ending(files_below("."), {"package-lock.json"}), check_lock);
    EXPECT_TRUE(complaints.empty()) << joined(complaints);
}

TEST(LimitsSelfTest, EachLimitIsNoticed) {
    std::string lines;
    for (std::size_t i = 0; i <= kSourceLines; ++i) lines += "\n";
    EXPECT_EQ(check_size({"src/a/long.cc", lines}).size(), 1U);
    EXPECT_TRUE(check_size({"src/a/long_test.cc", lines}).empty());
    EXPECT_EQ(check_size({"src/a/wide.cc", std::string(101, 'x')}).size(), 1U);
    EXPECT_TRUE(check_size({"src/a/wide.cc", std::string(100, 'x')}).empty());
    EXPECT_EQ(width("\u2192\u2192"), 2U);
    EXPECT_EQ(check_header({"src/a/a.h", "int a;\nusing namespace std;\n"}).size(), 2U);
    EXPECT_EQ(check_macros({"src/a/a.cc", "#define X 1\n"}).size(), 1U);
    EXPECT_EQ(check_finished({"src/a/a.cc", std::string("// TO") + "DO: later"}).size(), 1U);
    EXPECT_EQ(check_paths({"README.md", std::string("see /ro") + "ot/x"}).size(), 1U);
    EXPECT_EQ(check_lock({"package-lock.json", R"("resolved": "x")"}).size(), 1U);
}

}  // namespace
}  // namespace turnpike::tidy
