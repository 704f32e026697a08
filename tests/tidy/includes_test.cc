// Who may include whom. One include root lets a file cheat where CMake's edges would not; this
// table does not. A new edge is added here, in the commit that needs it, where a reader sees it.

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "tidy/tree.h"

namespace turnpike::tidy {
namespace {

using Edges = std::map<std::string, std::set<std::string>>;

const std::set<std::string> kEveryFeature = {
    "base",     "json",          "sql",       "http",    "crypto",       "catalog", "customers",
    "access",   "subscriptions", "metering",  "rating",  "entitlements", "audit",   "invoicing",
    "payments", "webhooks",      "analytics", "notices", "billing",      "people",  "monitoring"};

/// A module's files may include their own module and these.
const Edges& module_edges() {
    static const Edges edges = {
        {"base", {}},
        {"json", {"base"}},
        {"crypto", {"base"}},
        {"sql", {"base", "crypto"}},
        {"http", {"base", "json", "crypto"}},
        {"pdf", {}},
        {"rating", {"base", "catalog"}},
        {"customers", {"base", "json", "sql", "http", "access", "audit", "catalog", "webhooks"}},
        {"catalog", {"base", "json", "sql", "http", "crypto", "access", "audit"}},
        {"access", {"base", "json", "sql", "http", "crypto"}},
        {"keys", {"base", "json", "sql", "http", "crypto", "access", "customers", "audit"}},
        {"audit", {"base", "json", "sql", "http", "access", "crypto"}},
        {"metering",
         {"base", "json", "sql", "http", "crypto", "catalog", "customers", "access", "rating",
          "subscriptions", "entitlements"}},
        {"entitlements",
         {"base", "json", "sql", "http", "crypto", "catalog", "customers", "access", "rating",
          "metering", "subscriptions", "audit"}},
        {"payments", {"base", "json", "sql", "http", "crypto"}},
        {"webhooks", {"base", "json", "sql", "http", "crypto", "access", "audit", "payments"}},
        {"invoicing",
         {"base", "json", "sql", "http", "access", "crypto", "customers", "people", "payments",
          "pdf", "rating"}},
        {"subscriptions",
         {"base", "json", "sql", "http", "access", "customers", "catalog", "audit", "payments"}},
        {"notices", {"base", "json", "sql", "http", "crypto", "access", "customers"}},
        {"analytics",
         {"base", "json", "sql", "http", "access", "catalog", "rating", "subscriptions", "metering",
          "entitlements", "webhooks", "notices"}},
        {"people",
         {"base", "json", "sql", "http", "crypto", "access", "audit", "customers", "catalog",
          "entitlements", "webhooks", "notices"}},
        {"billing", kEveryFeature},
        {"import",
         {"base", "json", "sql", "catalog", "customers", "subscriptions", "metering",
          "entitlements", "audit", "payments", "billing"}},
        // Below billing, whose reconciliation tells it of drift.
        {"monitoring",
         {"base", "json", "sql", "http", "access", "catalog", "customers", "metering",
          "entitlements", "subscriptions", "analytics", "webhooks", "notices"}},
        {"dialects", kEveryFeature},
        {"admin", kEveryFeature},
        {"sandbox", {"base", "json", "sql", "http", "crypto", "pdf", "rating", "subscriptions"}},
    };
    return edges;
}

/// The pure half of a feature: its CMake target without "_io". Rules, no database, no network.
const Edges& pure_edges() {
    static const Edges edges = {
        {"rating", {"base", "catalog"}},
        {"catalog", {"base"}},
        {"subscriptions", {"base", "catalog"}},
        {"metering", {"base", "catalog", "rating", "subscriptions"}},
        {"entitlements", {"base", "catalog", "rating", "subscriptions", "metering"}},
        {"invoicing", {"base", "rating"}},
        {"customers", {"base"}},
        {"notices", {"base"}},
        {"audit", {"base", "crypto"}},
        {"analytics", {"base", "catalog", "rating", "subscriptions", "metering"}},
        {"billing", {"base", "catalog", "rating", "subscriptions"}},
        {"payments", {"base"}},
        {"webhooks", {"base", "crypto", "json"}},
        {"access", {"base", "json", "crypto"}},
        {"people", {"base", "access", "customers"}},
        {"import", {"base", "customers", "subscriptions"}},
        {"monitoring", {"base", "subscriptions"}},
    };
    return edges;
}

/// Edges that tests may use besides their module's own: a rule's table may be JSON, a store is
/// tested over a database, and the real adapter is tested against the sandbox.
const std::set<std::string> kTestEdges = {"base", "json", "sql", "http", "crypto", "sandbox"};

/// Single includes that the tables would refuse, "file -> header", each with its reason.
const std::map<std::string, std::string>& exceptions() {
    static const std::map<std::string, std::string> exceptions = {
        {"src/payments/provider.h -> boost", "the port: its calls wait for the network"},
    };
    return exceptions;
}
bool is_exception(const File& file, const std::string& include) {
    return exceptions().contains(file.path + " -> " + include);
}

bool is_store_header(const std::string& include) {
    return include.ends_with("/store.h") || include.ends_with("_store.h");
}

bool may_include(const Edges& edges, const std::string& module, const std::string& other) {
    if (module == other || module == "app") return true;
    const auto row = edges.find(module);
    return row != edges.end() && row->second.contains(other);
}

struct Include {
    std::size_t line;
    std::string path;    ///< as written between the quotes
    std::string module;  ///< its first folder
};

std::vector<Include> includes_of(const File& file) {
    std::vector<Include> includes;
    for (const auto& hit : hits(file.text, R"re(^\s*#\s*include\s+"(([^"/]+)/[^"]*)")re"))
        includes.push_back({hit.line, hit.groups[1], hit.groups[2]});
    return includes;
}

Complaints check_edges(const File& file, const Edges& edges) {
    Complaints complaints;
    const auto module = module_of(file.path);
    if (module != "app" && !edges.contains(module))
        complaints.push_back(at(file, 1, "the include table has no row for " + module));
    for (const auto& include : includes_of(file)) {
        if (may_include(edges, module, include.module) || is_exception(file, include.path))
            continue;
        if (is_test(file.path) && kTestEdges.contains(include.module)) continue;
        complaints.push_back(at(file, include.line, module + " may not include " + include.path));
    }
    return complaints;
}

Complaints check_store_privacy(const File& file) {
    Complaints complaints;
    for (const auto& include : includes_of(file)) {
        if (!is_store_header(include.path) || include.module == module_of(file.path)) continue;
        if (is_exception(file, include.path)) continue;
        complaints.push_back(
            at(file, include.line, include.path + " is private to its feature; use its service.h"));
    }
    return complaints;
}

/// An adapter knows the port it implements and the edges, and nothing else: not even the other one.
Complaints check_vendor(const File& file) {
    const std::set<std::string> allowed = {"base", "json", "sql", "http", "crypto", "payments"};
    Complaints complaints;
    for (const auto& include : includes_of(file)) {
        const bool foreign = include.path.starts_with("payments/") &&
                             include.path.find('/', 9) != std::string::npos &&
                             !file.path.contains(include.path.substr(0, include.path.rfind('/')));
        if (allowed.contains(include.module) && !foreign) continue;
        if (is_test(file.path) && kTestEdges.contains(include.module)) continue;
        complaints.push_back(at(file, include.line, "a vendor may not include " + include.path));
    }
    return complaints;
}

/// Files of the pure targets, read from the CMake files: "src/rating/overage.cc", ...
std::set<std::string> pure_files() {
    std::set<std::string> pure;
    for (const auto& cmake : ending(files_below("src"), {"CMakeLists.txt"})) {
        const auto folder = cmake.path.substr(0, cmake.path.rfind('/') + 1);
        const auto module = module_of(cmake.path);
        const std::string call =
            R"(turnpike_module\(\s*(\w+)\s+SOURCES([^)]*?)(?:\bDEPS\b|\bTESTS\b|\)))";
        for (const auto& target : hits_across_lines(cmake.text, call)) {
            if (target.groups[1] != module || !pure_edges().contains(module)) continue;
            for (const auto& source : hits_across_lines(target.groups[2], R"(\S+)"))
                pure.insert(folder + source.groups[0]);
        }
    }
    return pure;
}

const char* const kOutsideWorld =
    R"(^\s*#\s*include\s+<(boost|sqlite3|libpq|curl|spdlog|sys/|thread|iostream|fstream))";

Complaints check_pure(const File& file, const std::set<std::string>& pure) {
    Complaints complaints = check_edges(file, pure_edges());
    for (const auto& include : includes_of(file))
        if (pure_edges().contains(include.module) && !pure.contains("src/" + include.path))
            complaints.push_back(
                at(file, include.line, "a pure file includes " + include.path + ", which is not"));
    for (const auto& hit : hits(file.text, kOutsideWorld))
        if (!is_exception(file, hit.groups[1]))
            complaints.push_back(at(file, hit.line, "a pure file includes <" + hit.groups[1]));
    return complaints;
}

/// Folders below `root`, lowest first: a file includes its own folder and those before. What is in
/// none of them lies above all.
struct Layers {
    std::string_view root;
    std::span<const std::string_view> folders;
};
constexpr std::array<std::string_view, 5> kLogFolders{"files", "records", "identity", "segment",
                                                      "state"};
constexpr Layers kLogLayers{"metering/log/", kLogFolders};
constexpr std::array<std::string_view, 22> kStripeFolders{
    "wire",         "core",          "metering",  "catalog",   "versions", "webhooks",
    "cards",        "coupons",       "disputes",  "customers", "payments", "invoices",
    "credit_notes", "subscriptions", "schedules", "previews",  "pages",    "checkout",
    "entitlements", "search",        "clocks",    "calls"};
constexpr Layers kStripeLayers{"sandbox/stripe/", kStripeFolders};
constexpr std::array<std::string_view, 7> kBillingFolders{
    "provider", "records", "telling", "overage", "life", "plans", "routes"};
constexpr Layers kBillingLayers{"billing/", kBillingFolders};
constexpr std::array<std::string_view, 6> kAppFolders{"config", "ledger",   "serving",
                                                      "smoke",  "commands", "bench"};
constexpr Layers kAppLayers{"app/", kAppFolders};

std::size_t layer_of(std::string_view path, const Layers& layers) {
    path.remove_prefix(path.find(layers.root) + layers.root.size());
    const auto layer = std::ranges::find(layers.folders, path.substr(0, path.find('/')));
    return static_cast<std::size_t>(layer - layers.folders.begin());
}

Complaints check_layers(const File& file, const Layers& layers) {
    Complaints complaints;
    if (is_test(file.path)) return complaints;
    for (const auto& include : includes_of(file))
        if (include.path.starts_with(layers.root) &&
            layer_of(include.path, layers) > layer_of(file.path, layers))
            complaints.push_back(at(file, include.line, include.path + " lies above this file"));
    return complaints;
}
Complaints check_log_layers(const File& file) { return check_layers(file, kLogLayers); }
Complaints check_stripe_layers(const File& file) { return check_layers(file, kStripeLayers); }
Complaints check_billing_layers(const File& file) { return check_layers(file, kBillingLayers); }
Complaints check_app_layers(const File& file) { return check_layers(file, kAppLayers); }

/// Drawing has one home.
Complaints check_drawing(const File& file) {
    Complaints complaints;
    if (file.path.starts_with("src/pdf/")) return complaints;
    constexpr auto kDrawing = R"(^\s*#\s*include\s+<((cairo|pango|fontconfig)[^>]*)>)";
    for (const auto& hit : hits(file.text, kDrawing))
        complaints.push_back(at(file, hit.line, "only src/pdf may include <" + hit.groups[1]));
    return complaints;
}

/// The C++ client is built without the server, and installed without what is inside.
Complaints check_client(const File& file) {
    Complaints complaints;
    for (const auto& include : includes_of(file))
        if (include.module != "turnpike")
            complaints.push_back(
                at(file, include.line, "a client may not include " + include.path));
    if (!file.path.starts_with("clients/cpp/include/")) return complaints;
    for (const auto& hit : hits(file.text, R"(^\s*#\s*include\s+<([^>]*[./][^>]*)>)"))
        complaints.push_back(at(file, hit.line, "hosts would need <" + hit.groups[1] + ">"));
    return complaints;
}

Complaints over_sources(Complaints (*check)(const File&), std::string_view folder) {
    Complaints all;
    for (const auto& file : ending(files_below(folder), {".h", ".cc"}))
        std::ranges::copy(check(file), std::back_inserter(all));
    return all;
}

TEST(Includes, FollowTheTable) {
    const auto complaints =
        over_sources([](const File& file) { return check_edges(file, module_edges()); }, "src");
    EXPECT_TRUE(complaints.empty()) << joined(complaints);
}

TEST(Includes, StoresArePrivateToTheirFeature) {
    const auto complaints = over_sources(check_store_privacy, "src");
    EXPECT_TRUE(complaints.empty()) << joined(complaints);
}

TEST(Includes, VendorsKnowOnlyThePortAndTheEdges) {
    for (const char* vendor : {"src/payments/stripe", "src/payments/razorpay"}) {
        const auto complaints = over_sources(check_vendor, vendor);
        EXPECT_TRUE(complaints.empty()) << joined(complaints);
    }
    EXPECT_EQ(
        check_vendor({"src/payments/razorpay/x.cc", "#include \"payments/stripe/y.h\"\n"}).size(),
        1U);
}

TEST(Includes, TheUsageLogIsBuiltInLayers) {
    const auto complaints = over_sources(check_log_layers, "src/metering/log");
    EXPECT_TRUE(complaints.empty()) << joined(complaints);
}

TEST(Includes, StripesTwinIsBuiltInLayers) {
    const auto complaints = over_sources(check_stripe_layers, "src/sandbox/stripe");
    EXPECT_TRUE(complaints.empty()) << joined(complaints);
}

TEST(Includes, BillingIsBuiltInLayers) {
    const auto complaints = over_sources(check_billing_layers, "src/billing");
    EXPECT_TRUE(complaints.empty()) << joined(complaints);
    EXPECT_EQ(
        check_billing_layers({"src/billing/life/x.cc", "#include \"billing/routes/y.h\"\n"}).size(),
        1U);
}

TEST(Includes, TheProgramIsBuiltInLayers) {
    const auto complaints = over_sources(check_app_layers, "src/app");
    EXPECT_TRUE(complaints.empty()) << joined(complaints);
}

TEST(Includes, PureTargetsStayPure) {
    const auto pure = pure_files();
    Complaints complaints;
    for (const auto& file : ending(files_below("src"), {".h", ".cc"}))
        if (pure.contains(file.path))
            std::ranges::copy(check_pure(file, pure), std::back_inserter(complaints));
    EXPECT_TRUE(complaints.empty()) << joined(complaints);
}

TEST(Includes, OnlyThePdfModuleDraws) {
    const auto complaints = over_sources(check_drawing, "src");
    EXPECT_TRUE(complaints.empty()) << joined(complaints);
}

TEST(Includes, ClientsKnowNothingOfTheServer) {
    const auto complaints = over_sources(check_client, "clients");
    EXPECT_TRUE(complaints.empty()) << joined(complaints);
}

TEST(Includes, NobodyIncludesApp) {
    for (const auto& [module, allowed] : module_edges()) EXPECT_FALSE(allowed.contains("app"));
}

TEST(IncludesSelfTest, AForbiddenEdgeIsNoticed) {
    const File bad{"src/rating/overage.cc", "#include \"base/money.h\"\n#include \"http/x.h\"\n"};
    EXPECT_EQ(check_edges(bad, module_edges()),
              Complaints{"src/rating/overage.cc:2: rating may not include http/x.h"});
    const File unknown{"src/surprise/a.cc", ""};
    EXPECT_EQ(check_edges(unknown, module_edges()).size(), 1U);
}

TEST(IncludesSelfTest, ALayerThatKnowsAHigherOneIsNoticed) {
    const File bad{"src/metering/log/segment/sealing.cc",
                   "#include \"metering/log/records/usage_record.h\"\n"
                   "#include \"metering/log/state/usage_state.h\"\n"
                   "#include \"metering/log/usage_log.h\"\n"};
    EXPECT_EQ(check_log_layers(bad).size(), 2U);
    const File twin{"src/sandbox/stripe/invoices/invoices.cc",
                    "#include \"sandbox/stripe/core/context.h\"\n"
                    "#include \"sandbox/stripe/subscriptions/subscriptions.h\"\n"};
    EXPECT_EQ(check_stripe_layers(twin).size(), 1U);
}

TEST(IncludesSelfTest, DrawingElsewhereIsNoticed) {
    const std::string text = "#include <pango/pangocairo.h>\n";
    EXPECT_EQ(check_drawing({"src/sandbox/x.cc", text}).size(), 1U);
    EXPECT_TRUE(check_drawing({"src/pdf/x.cc", text}).empty());
}

TEST(IncludesSelfTest, AClientThatNeedsTheServerOrALibraryIsNoticed) {
    const File bad{"clients/cpp/include/turnpike/client/x.h",
                   "#include <chrono>\n#include <curl/curl.h>\n#include \"base/money.h\"\n"};
    EXPECT_EQ(check_client(bad).size(), 2U);
    const File inside{
        "clients/cpp/src/x.cc",
        "#include \"x.h\"\n#include <curl/curl.h>\n#include \"turnpike/client/x.h\"\n"};
    EXPECT_TRUE(check_client(inside).empty());
}

TEST(IncludesSelfTest, APrivateStoreIsNoticed) {
    const File bad{"src/billing/close.cc", "#include \"invoicing/store.h\"\n"};
    EXPECT_EQ(check_store_privacy(bad).size(), 1U);
    const File own{"src/invoicing/service.cc", "#include \"invoicing/store.h\"\n"};
    EXPECT_TRUE(check_store_privacy(own).empty());
}

TEST(IncludesSelfTest, APureFileWithTheNetworkIsNoticed) {
    const File bad{"src/rating/overage.cc",
                   "#include <boost/asio.hpp>\n#include \"catalog/store.h\"\n"};
    EXPECT_EQ(check_pure(bad, {"src/rating/overage.cc"}).size(), 2U);
}

}  // namespace
}  // namespace turnpike::tidy
