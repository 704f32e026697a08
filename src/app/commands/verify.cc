#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "analytics/usage/rollup_check.h"
#include "app/commands/cli.h"
#include "app/commands/progress_bar.h"
#include "app/config/data_folder.h"
#include "app/ledger/ledger_check.h"
#include "metering/log/verification.h"
#include "sql/database.h"

namespace turnpike {
namespace {

/// Prints what is found, and remembers whether anything was wrong.
class Findings {
public:
    void problem(const std::string& what) {
        bar_.clear();
        fmt::print("PROBLEM  {}\n", what);
        ++problems_;
    }
    void note(const std::string& what) {
        bar_.clear();
        fmt::print("note     {}\n", what);
    }
    CheckListener listener() {
        return {
            .problem = [this](const std::string& what) { problem(what); },
            .note = [this](const std::string& what) { note(what); },
            .progress = [this](std::uint64_t done, std::uint64_t all) { bar_.show(done, all); }};
    }
    /// \return the exit code
    int conclude(const std::optional<UsageState>& usage) {
        bar_.clear();
        if (usage)
            fmt::print("{} events, {} of them corrected; {} counters\n", usage->events(),
                       usage->corrected_events(), usage->counters());
        if (problems_ == 0) fmt::print("all is right\n");
        if (problems_ > 0) fmt::print("{} problems; see above\n", problems_);
        return problems_ == 0 ? 0 : 1;
    }

private:
    ProgressBar bar_{"verify"};
    std::size_t problems_ = 0;
};

}  // namespace

int command_verify(const VerifyOptions& options) {
    const DataFolder folder{options.data};
    const auto present = folder.check_present();
    if (!present) return complain(present.error());
    // It is the server's lock: while this runs, none can start.
    const auto db = sql::Database::open({.url = "sqlite:" + folder.ledger()});
    if (!db) return complain(db.error());
    Findings findings;
    auto listener = findings.listener();
    RollupCheck rollups(**db);
    listener.records = [&](std::string_view records, const UsageState& so_far) {
        rollups.count(records, so_far);
    };
    std::optional<UsageState> usage;
    if (folder.has_usage_log()) {
        usage = verify_usage_log(folder.usage(), listener);
    } else {
        findings.note(folder.usage() + ": there is no usage log");
    }
    std::optional<LoggedUsage> logged;
    if (usage) logged.emplace(*usage, rollups);
    const ChargeFindings of_ledger = check_ledger(**db, logged);
    for (const auto& problem : of_ledger.problems)
        findings.problem(folder.ledger() + ": " + problem);
    if (of_ledger.to_adjust > 0)
        findings.note(
            fmt::format("{}: {} charges to be adjusted by the next close, for usage that "
                        "came late or was corrected",
                        folder.ledger(), of_ledger.to_adjust));
    return findings.conclude(usage);
}

}  // namespace turnpike
