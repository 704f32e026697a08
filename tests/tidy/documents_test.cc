// What the pages promise and what the code has must be the same lists.

#include <algorithm>
#include <cctype>
#include <iterator>
#include <map>
#include <set>
#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tidy/tree.h"

namespace turnpike::tidy {
namespace {

/// The functions whose first parameter is a Reason: invalid_argument, not_found, ...
std::set<std::string> reason_takers(const std::vector<File>& files) {
    std::set<std::string> names = {"Reason"};
    for (const auto& file : files)
        for (const auto& hit : hits(code_of(file.text), R"(\b(\w+)\((?:const )?Reason\b)"))
            names.insert(hit.groups[1]);
    return names;
}

/// A place that makes an Error out of a literal.
std::string reason_site(const std::set<std::string>& takers) {
    std::string names;
    for (const auto& name : takers) names += (names.empty() ? "" : "|") + name;
    return R"((?:\b(?:)" + names + R"()\s*[({]|\bReason\s+\w+\s*[=({]+|ErrorCode::\w+\s*,))" +
           R"re(\s*(?:\.reason\s*=\s*)?(?:Reason\s*[({]\s*)?"([^"]*)")re";
}
/// Codes that a published interface fixes as one word.
const std::set<std::string> kPublishedCodes = {"limit_exceeded", "not_in_plan"};
const char* const kReasonShape = R"(^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+$)";

struct Reasons {
    std::set<std::string> made;
    Complaints malformed;
};

Reasons reasons_in(const std::vector<File>& files) {
    const auto site = reason_site(reason_takers(files));
    Reasons reasons;
    for (const auto& file : files)
        for (const auto& hit : hits_across_lines(without_comments(file.text), site)) {
            const auto& reason = hit.groups[1];
            if (hits(reason, kReasonShape).empty() && !kPublishedCodes.contains(reason))
                reasons.malformed.push_back(at(file, hit.line, "not a dotted reason: " + reason));
            reasons.made.insert(reason);
        }
    return reasons;
}

std::vector<File> product() {
    auto files = ending(files_below("src"), {".h", ".cc"});
    std::erase_if(files, [](const File& file) { return is_test(file.path); });
    return files;
}

/// First cells of the tables below docs/api/: "| `money.out_of_range` | 400 | ... |".
std::map<std::string, std::size_t> documented_reasons(const std::vector<File>& pages) {
    std::map<std::string, std::size_t> count;
    for (const auto& page : pages)
        for (const auto& hit : hits(page.text, R"(^\|\s*`?([a-z0-9_]+(?:\.[a-z0-9_]+)+)`?\s*\|)"))
            ++count[hit.groups[1]];
    for (const auto& page : pages)
        for (const auto& code : kPublishedCodes)
            if (page.text.contains("\n| `" + code + "` |")) ++count[code];
    return count;
}

/// The page that clients read.
std::vector<File> error_pages() { return ending(files_below("docs/api"), {"docs/api/errors.md"}); }

TEST(Reasons, AreDottedAndDocumentedOnce) {
    const auto reasons = reasons_in(product());
    EXPECT_TRUE(reasons.malformed.empty()) << joined(reasons.malformed);
    const auto documented = documented_reasons(error_pages());
    for (const auto& reason : reasons.made) {
        const auto rows = documented.find(reason);
        EXPECT_EQ(rows == documented.end() ? 0U : rows->second, 1U)
            << reason << " has not one row in docs/api/errors.md";
    }
}

TEST(Reasons, ThatAreDocumentedAreMade) {
    std::string code;
    for (const auto& file : product()) code += without_comments(file.text);
    for (const auto& [reason, rows] : documented_reasons(error_pages()))
        EXPECT_TRUE(code.contains('"' + reason + '"')) << reason << " is documented, not made";
}

const std::set<std::string> kWithoutReadme = {"base", "json", "crypto", "sql", "http", "app"};
const char* const kHeadings[] = {"Owns",  "Does not own", "States",
                                 "Times", "Invariants",   "Failure"};

Complaints check_readme(const File& file) {
    Complaints complaints;
    for (const auto* heading : kHeadings)
        if (hits(file.text, std::string("^#+ ") + heading + "$").size() != 1)
            complaints.push_back(at(file, 1, std::string("has no heading ") + heading));
    return complaints;
}

TEST(Readmes, EveryFeatureHasOneWithTheSameHeadings) {
    std::set<std::string> features;
    std::map<std::string, File> readmes;
    for (auto& file : files_below("src")) {
        const auto module = module_of(file.path);
        if (kWithoutReadme.contains(module)) continue;
        if (file.path == "src/" + module + "/CMakeLists.txt") features.insert(module);
        if (file.path == "src/" + module + "/README.md") readmes[module] = std::move(file);
    }
    for (const auto& feature : features) {
        if (!readmes.contains(feature)) {
            ADD_FAILURE() << "src/" << feature << "/README.md is missing";
            continue;
        }
        const auto complaints = check_readme(readmes[feature]);
        EXPECT_TRUE(complaints.empty()) << joined(complaints);
    }
}

/// "src/payments/stripe/" holds "stripe_error.cc" if a CMakeLists.txt there or above names it.
bool is_built(const std::string& path, const std::vector<File>& cmakes) {
    return std::ranges::any_of(cmakes, [&](const File& cmake) {
        const auto folder = cmake.path.substr(0, cmake.path.rfind('/') + 1);
        if (!path.starts_with(folder)) return false;
        const auto name = path.substr(folder.size());
        for (auto found = cmake.text.find(name); found != std::string::npos;
             found = cmake.text.find(name, found + 1)) {
            const char before = found == 0 ? ' ' : cmake.text[found - 1];
            const auto after = found + name.size();
            const char next = after < cmake.text.size() ? cmake.text[after] : ' ';
            if ((std::isspace(static_cast<unsigned char>(before)) != 0 || before == '(') &&
                (std::isspace(static_cast<unsigned char>(next)) != 0 || next == ')'))
                return true;
        }
        return false;
    });
}

TEST(Files, EverySourceIsBuilt) {
    auto all = files_below("src");
    for (const auto* folder : {"tests", "clients"})
        std::ranges::move(files_below(folder), std::back_inserter(all));
    const auto cmakes = ending(all, {"CMakeLists.txt"});
    for (const auto& file : ending(all, {".cc"}))
        EXPECT_TRUE(is_built(file.path, cmakes)) << file.path << " is built by nobody";
}

TEST(Files, EveryHeaderIsIncluded) {
    std::set<std::string> included;
    // CMake writes some sources itself.
    const auto sources = ending(files_below("."), {".h", ".cc", ".cmake", ".in"});
    for (const auto& file : sources)
        for (const auto& hit : hits(file.text, R"re(#\s*include\s+\\?"([^"\\]*)\\?")re"))
            if ("src/" + hit.groups[1] != file.path) included.insert(hit.groups[1]);
    for (const auto& file : sources)
        if (file.path.starts_with("src/") && file.path.ends_with(".h"))
            EXPECT_TRUE(included.contains(file.path.substr(4)))
                << file.path << " is included by nobody";
}

Complaints check_numbering(const std::vector<File>& migrations) {
    Complaints complaints;
    int expected = 1;
    for (const auto& file : migrations) {
        const auto name = file.path.substr(file.path.rfind('/') + 1);
        const auto shape = hits(name, R"(^(\d{4})_[a-z0-9_]+\.sql$)");
        if (shape.empty() || std::stoi(shape[0].groups[1]) != expected)
            complaints.push_back(file.path + ": expected number " + std::to_string(expected));
        ++expected;
    }
    return complaints;
}

TEST(Migrations, AreNumberedWithoutGapOrTwin) {
    const auto migrations = files_below("migrations");
    EXPECT_FALSE(migrations.empty());
    const auto complaints = check_numbering(migrations);
    EXPECT_TRUE(complaints.empty()) << joined(complaints);
}

/// "GET /v1/plans/{plan}" for every row of the table that opens routes (access/policy.h).
std::set<std::string> routes_of_the_product() {
    std::set<std::string> routes;
    const std::string row = R"re("(GET|POST|PUT|PATCH|DELETE|OPTIONS)"\s*,\s*"(/[^"]*)")re";
    for (const auto& file : ending(files_below("src/access"), {"policy.h"}))
        for (const auto& hit : hits_across_lines(without_comments(file.text), row))
            routes.insert(hit.groups[1] + " " + hit.groups[2]);
    return routes;
}

std::set<std::string> routes_of_openapi(std::string_view text) {
    std::set<std::string> routes;
    const auto description = nlohmann::json::parse(text);
    for (const auto& [path, methods] : description.at("paths").items())
        for (const auto& [method, operation] : methods.items()) {
            std::string upper = method;
            std::ranges::transform(upper, upper.begin(), [](unsigned char c) {
                return static_cast<char>(std::toupper(c));
            });
            routes.insert(upper + " " + path);
        }
    return routes;
}

TEST(OpenApi, DescribesExactlyTheRoutes) {
    const auto pages = ending(files_below("docs/api"), {"openapi.json"});
    const auto routes = routes_of_the_product();
    ASSERT_FALSE(routes.empty());
    ASSERT_EQ(pages.size(), 1U) << "docs/api/openapi.json is missing";
    const auto described = routes_of_openapi(pages[0].text);
    for (const auto& route : routes)
        EXPECT_TRUE(described.contains(route)) << route << " is not in docs/api/openapi.json";
    for (const auto& route : described)
        EXPECT_TRUE(routes.contains(route)) << route << " is described, not served";
}

TEST(DocumentsSelfTest, ReasonsAreFoundWhereverTheyAreMade) {
    const auto reasons = reasons_in({{"src/a/x.cc", R"(
        std::unexpected<Error> invalid_argument(Reason reason, std::string message);
        std::unexpected<Error> refused(Reason reason);
        return invalid_argument("a.one", "text");
        return fail(ErrorCode::TooLarge, "a.two", "text");
        return std::unexpected(Error{ErrorCode::NotFound,
                                     "a.three", "text"});
        constexpr Reason kReason = "a.four";
        auto r = Reason("a.five");
        return refused("Bad Reason");
        // return refused("a.comment");
        return unrelated("a.text");
    )"}});
    EXPECT_EQ(reasons.made, (std::set<std::string>{"a.one", "a.two", "a.three", "a.four", "a.five",
                                                   "Bad Reason"}));
    EXPECT_EQ(reasons.malformed.size(), 1U);
}

TEST(DocumentsSelfTest, EachListIsReadRight) {
    const auto documented = documented_reasons({{"docs/api/errors.md",
                                                 "| reason | status |\n|---|---|\n"
                                                 "| `a.one` | 400 |\n| a.two | 404 |\n"}});
    EXPECT_EQ(documented.size(), 2U);
    EXPECT_EQ(check_readme({"src/a/README.md", "# A\n## Owns\n## States\n"}).size(), 4U);
    EXPECT_TRUE(is_built("src/a/x.cc", {{"src/a/CMakeLists.txt", "f(SOURCES x.cc y.cc)"}}));
    EXPECT_FALSE(is_built("src/a/x.cc", {{"src/a/CMakeLists.txt", "f(SOURCES xx.cc)"}}));
    EXPECT_EQ(check_numbering({{"m/0001_a.sql", ""}, {"m/0003_b.sql", ""}}).size(), 1U);
    EXPECT_EQ(routes_of_openapi(R"({"paths":{"/v1/a/{id}":{"get":{"x":1},"post":{}}}})"),
              (std::set<std::string>{"GET /v1/a/{id}", "POST /v1/a/{id}"}));
}

}  // namespace
}  // namespace turnpike::tidy
