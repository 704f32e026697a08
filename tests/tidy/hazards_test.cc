// Constructs that belong in few places, or in none. Each home is listed with its reason.

#include <algorithm>
#include <iterator>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tidy/tree.h"

namespace turnpike::tidy {
namespace {

struct Hazard {
    const char* name;
    std::vector<const char*> words;  ///< the pattern needs one of them; quick to look for
    const char* pattern;
    std::vector<const char*> homes;  ///< prefixes of paths where it is at home; src/ is left out
    const char* instead;
};

const std::vector<Hazard>& hazards() {
    static const std::vector<Hazard> table = {
        {"the system's clock",
         {"clock", "gettimeofday", "time"},
         R"(\b(system_clock|utc_clock)\s*::\s*now|\b(gettimeofday|clock_gettime)\b)"
         R"(|\btime\s*\(\s*(nullptr|NULL|0)\s*\))",
         {"base/time.cc", "clients/cpp/src/clock.cc"},
         "take an Instant, or hold a Clock&"},
        {"floating point",
         {"double", "float"},
         R"(\b(double|float|long double)\b)",
         {"http/metrics", "analytics/"},
         "use Money, Decimal or an integer"},
        {"a thread",
         {"thread"},
         R"(\bstd::j?thread\b(?!::hardware_concurrency|::id))",
         {"sql/", "http/", "app/", "sandbox/twin_server.cc", "metering/log/",
          "clients/cpp/src/recorder.cc"},
         "run it on an executor that app/ owns"},
        {"detached work",
         {"detach"},
         R"(\basio::detached\b|,\s*detached\s*\)|\.detach\(\))",
         {"http/server.cc", "billing/worker.cc"},
         "await what you start"},
        {"shared ownership",
         {"shared"},
         R"(\b((shared_ptr|make_shared)\s*<\s*(?!const\b)|enable_shared_from_this))",
         {"http/", "sql/", "app/"},
         "one owner, references for the others; shared_ptr<const T> for a snapshot"},
        {"randomness without a source",
         {"rand"},
         R"(\b(std::random_device|rand\s*\(\)|srand\s*\())",
         {"base/id.cc"},
         "take an IdSource&, or ask crypto/"},
        {"a typedef", {"typedef"}, R"(\btypedef\b)", {"base/decimal.h"}, "write using Name = Type"},
        {"sleeping",
         {"sleep"},
         R"(\b(sleep_for|sleep_until|usleep|nanosleep)\s*\()",
         {"http/server.cc", "sql/postgres/worker.cc"},  // stopping; letting a conflict pass
         "wait on a timer"},
        {"a process-wide place to write to",
         {"std::c"},
         R"(\bstd::(cout|cerr|clog)\b)",
         {"app/"},
         "log at the edge"},
    };
    return table;
}

bool is_home(const Hazard& hazard, std::string_view path) {
    if (path.starts_with("src/")) path.remove_prefix(4);
    return std::ranges::any_of(hazard.homes,
                               [&](const char* home) { return path.starts_with(home); });
}

bool has_any(const std::string& code, const std::vector<const char*>& words) {
    return std::ranges::any_of(words, [&](const char* word) { return code.contains(word); });
}

Complaints check_hazards(const File& file) {
    Complaints complaints;
    const auto code = code_of(file.text);
    for (const auto& hazard : hazards()) {
        if (is_home(hazard, file.path) || !has_any(code, hazard.words)) continue;
        for (const auto& hit : hits(code, hazard.pattern))
            complaints.push_back(
                at(file, hit.line,
                   std::string(hazard.name) + " (" + hit.groups[0] + "): " + hazard.instead));
    }
    return complaints;
}

/// The offset of the bracket that closes the one at `open`, or npos.
std::size_t closing(std::string_view code, std::size_t open) {
    int depth = 0;
    for (auto i = open; i < code.size(); ++i) {
        if (std::string_view("([{").contains(code[i])) ++depth;
        if (std::string_view(")]}").contains(code[i]) && --depth == 0) return i;
    }
    return std::string_view::npos;
}

/// True for anything in a lambda's brackets but `&`, `&name` and `this`.
bool captures_by_value(std::string_view captures) {
    for (const auto& capture : hits(captures, R"([^,]+)"))
        if (hits(capture.groups[0], R"(^\s*(&[\s\w]*|this)\s*$)").empty()) return true;
    return false;
}

/// What a `co_await` expression must not make on the fly: an aggregate, or a lambda that captures
/// by value. Compilers have destroyed such temporaries twice; a name costs one line.
Complaints check_awaits(const File& file) {
    Complaints complaints;
    const auto code = code_of(file.text);
    const std::string_view view = code;
    for (auto start = view.find("co_await "); start != std::string_view::npos;
         start = view.find("co_await ", start + 1)) {
        for (auto i = start; i < view.size() && view[i] != ';'; ++i) {
            const bool after_call = view[i] == '(' || view[i] == ',' || view[i] == ' ';
            if (!after_call || i + 1 >= view.size()) {
                if (view[i] == '{' && std::isalnum(static_cast<unsigned char>(view[i - 1])) != 0)
                    complaints.push_back(
                        at(file, line_at(view, i), "name the object before you await with it"));
                continue;
            }
            if (view[i + 1] != '[') continue;
            const auto close = closing(view, i + 1);
            if (close == std::string_view::npos) break;
            if (captures_by_value(view.substr(i + 2, close - i - 2)))
                complaints.push_back(
                    at(file, line_at(view, i), "name the lambda before you await with it"));
            const auto body = view.find('{', close);
            const auto end = body == std::string_view::npos ? body : closing(view, body);
            if (end == std::string_view::npos) break;
            i = end;  // the lambda's own statements are not part of the expression
        }
    }
    return complaints;
}

Complaints check_catches(const File& file) {
    Complaints complaints;
    const auto code = code_of(file.text);
    const std::string_view view = code;
    for (auto start = view.find("catch ("); start != std::string_view::npos;
         start = view.find("catch (", start + 1)) {
        const auto body = view.find('{', start);
        const auto end = body == std::string_view::npos ? body : closing(view, body);
        if (end == std::string_view::npos) continue;
        if (view.substr(body, end - body).contains("co_await"))
            complaints.push_back(at(file, line_at(view, start), "no co_await in a catch"));
    }
    return complaints;
}

Complaints over_product(Complaints (*check)(const File&)) {
    Complaints all;
    for (const auto* folder : {"src", "clients"})
        for (const auto& file : ending(files_below(folder), {".h", ".cc"}))
            if (!is_test(file.path)) std::ranges::move(check(file), std::back_inserter(all));
    return all;
}

TEST(Hazards, StayInTheirHomes) {
    const auto complaints = over_product(check_hazards);
    EXPECT_TRUE(complaints.empty()) << joined(complaints);
}

TEST(Coroutines, NameBeforeTheyAwait) {
    const auto complaints = over_product(check_awaits);
    EXPECT_TRUE(complaints.empty()) << joined(complaints);
}

TEST(Coroutines, DoNotAwaitInACatch) {
    const auto complaints = over_product(check_catches);
    EXPECT_TRUE(complaints.empty()) << joined(complaints);
}

struct Sample {
    const char* code;
    std::size_t complaints;
};

TEST(HazardsSelfTest, EachHazardIsNoticedOutsideItsHomeOnly) {
    const Sample samples[] = {
        {"auto t = std::chrono::system_clock::now();", 1},
        {"std::chrono::steady_clock::now();", 0},
        {"double price = 1;", 1},
        {"// a double price\nauto s = \"double\";", 0},
        {"auto doubled = 1;", 0},
        {"std::thread worker;", 1},
        {"std::thread::hardware_concurrency();", 0},
        {"co_spawn(executor, work(), asio::detached);", 1},
        {"std::shared_ptr<Catalog> catalog;", 1},
        {"std::shared_ptr<const Catalog> catalog;", 0},
        {"std::make_shared<const Catalog>(x);", 0},
        {"typedef int Number;", 1},
        {"std::cout << 1;", 1},
        {"auto s = R\"(std::cout)\";", 0},
    };
    for (const auto& sample : samples) {
        SCOPED_TRACE(sample.code);
        EXPECT_EQ(check_hazards({"src/rating/x.cc", sample.code}).size(), sample.complaints);
    }
    EXPECT_TRUE(check_hazards({"src/sql/queue.cc", "std::thread worker;"}).empty());
}

TEST(HazardsSelfTest, AnAwaitWithATemporaryIsNoticed) {
    const Sample samples[] = {
        {"co_await send(call);", 0},
        {"co_await send(Call{.path = p});", 1},
        {"co_await db.write([&](sql::Transaction& tx) { return f(tx, Id{x}); });", 0},
        {"co_await db.write([this] { return 1; });", 0},
        {"co_await db.write([this, &request] { return 1; });", 0},
        {"co_await db.write([id] { return id; });", 1},
        {"co_await db.write([=] { return id; });", 1},
        {"co_await db.write([&, id] { return id; });", 1},
        {"co_await db.write([x = std::move(y)] { return 1; });", 1},
    };
    for (const auto& sample : samples) {
        SCOPED_TRACE(sample.code);
        EXPECT_EQ(check_awaits({"src/http/x.cc", sample.code}).size(), sample.complaints);
    }
    EXPECT_EQ(check_catches({"src/http/x.cc", "try {} catch (...) { co_await x(); }"}).size(), 1U);
    EXPECT_TRUE(check_catches({"src/http/x.cc", "try {} catch (...) {} co_await x();"}).empty());
}

}  // namespace
}  // namespace turnpike::tidy
