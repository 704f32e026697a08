#include <chrono>
#include <sstream>

#include <fmt/format.h>

#include "app/commands/cli.h"
#include "app/commands/progress_bar.h"
#include "app/config/data_dir.h"
#include "app/config/master_keys.h"
#include "app/ledger/audit_keeper.h"
#include "app/ledger/ledger.h"
#include "base/encoding.h"

namespace turnpike {
namespace {

/// The ledger with the key that its heads are signed with.
struct AuditedLedger {
    std::unique_ptr<sql::Database> db;
    SigningKey key;
};

Result<AuditedLedger> open_audited(const Config& config) {
    auto db = open_kept_ledger(config);
    if (!db) return failure(db);
    const auto box = open_secret_box(config, **db);
    if (!box) return failure(box);
    const auto seed = server_secret(**db, *box, kAuditSeed, SigningKey::kSeedBytes);
    if (!seed) return failure(seed);
    return AuditedLedger{*std::move(db), SigningKey(*seed)};
}

/// Every line of the file. Without --head, the file beside the ledger may be missing.
Result<std::vector<SignedHead>> heads_in(const Config& config, const std::string& given,
                                         const SigningKey& key) {
    std::vector<SignedHead> heads;
    const std::string path = given.empty() ? audit_head_file(config) : given;
    const auto text = read_text_file(path);
    if (!text && given.empty()) return heads;
    if (!text) return invalid_argument("config.invalid", "--head: cannot read " + path);
    std::istringstream lines(*text);
    for (std::string line; std::getline(lines, line);) {
        if (line.empty()) continue;
        auto head = read_head(line, key.public_key());
        if (!head) {
            head.error().message = path + ": " + head.error().message;
            return failure(head);
        }
        heads.push_back(*std::move(head));
    }
    return heads;
}

}  // namespace

int command_audit_verify(const SettingFlags& flags, const AuditOptions& options) {
    const auto config = config_of(flags, ConfigNeeds::Ledger);
    if (!config) return complain(config.error());
    const auto ledger = open_audited(*config);
    if (!ledger) return complain(ledger.error());
    const auto heads = heads_in(*config, options.head, ledger->key);
    if (!heads) return complain(heads.error());
    ProgressBar bar("reading");
    std::size_t problems = 0;
    const AuditListener listener{
        .problem =
            [&](const std::string& what) {
                bar.clear();
                fmt::print("PROBLEM  {}\n", what);
                ++problems;
            },
        .note =
            [&](const std::string& what) {
                bar.clear();
                fmt::print("note     {}\n", what);
            },
        .progress = [&](std::uint64_t done, std::uint64_t all) { bar.show(done, all); }};
    const auto began = std::chrono::steady_clock::now();
    const auto records = verify_audit(*ledger->db, *heads, listener);
    bar.clear();
    const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(
        std::chrono::steady_clock::now() - began);
    fmt::print("{} records and {} heads in {} ms\n", records, heads->size(), took.count());
    if (problems == 0) fmt::print("all is right\n");
    if (problems > 0) fmt::print("{} problems; see above\n", problems);
    return problems == 0 ? 0 : 1;
}

int command_audit_head(const SettingFlags& flags) {
    const auto config = config_of(flags, ConfigNeeds::Ledger);
    if (!config) return complain(config.error());
    const auto ledger = open_audited(*config);
    if (!ledger) return complain(ledger.error());
    const auto end = ledger->db->read_blocking(audit_end);
    fmt::print("{}\n", write_head(sign_head(ledger->key, end, SystemClock().now())));
    return 0;
}

}  // namespace turnpike
