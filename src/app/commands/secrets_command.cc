#include <fmt/format.h>

#include "app/commands/cli.h"
#include "app/commands/progress_bar.h"
#include "app/config/data_dir.h"
#include "app/config/master_keys.h"
#include "app/config/sealed_columns.h"
#include "app/ledger/ledger.h"
#include "audit/audit.h"

namespace turnpike {
namespace {

bool keeps_own_key(const Config& config) {
    return config.master_keys.is_empty() && config.master_key_file.empty();
}

/// The file of this data directory, with a new key before the old one; as it is when an earlier
/// rotation has stopped in between.
Result<std::monostate> add_key(const Config& config) {
    const auto text = read_text_file(own_key_file(config)).value_or("");
    const auto keys = read_master_keys(text);
    if (!keys) return failure(keys);
    if (keys->size() > 1) return std::monostate{};
    return write_text_file(own_key_file(config), make_master_key().reveal() + "\n" + text + "\n");
}

Result<std::monostate> drop_old_keys(const Config& config) {
    const auto text = read_text_file(own_key_file(config)).value_or("");
    return write_text_file(own_key_file(config), text.substr(0, text.find('\n')));
}

/// Both keys have to be there before anything is sealed again.
Result<std::monostate> prepare(const Config& config, sql::Database& db) {
    if (!keeps_own_key(config)) {
        const auto text = config.master_keys.is_empty()
                              ? read_text_file(config.master_key_file).value_or("")
                              : config.master_keys.reveal();
        const auto keys = read_master_keys(text);
        if (!keys) return failure(keys);
        if (keys->size() > 1) return std::monostate{};
        return invalid_argument("secrets.one_key",
                                "give the new master key and the old one, in this order, separated "
                                "by a comma; every server must know both before");
    }
    if (db.engine() == "postgres")
        return invalid_argument("secrets.one_key",
                                "on PostgreSQL other servers may run, which know no new key: set "
                                "TURNPIKE_MASTER_KEY to a new one and the one of " +
                                    own_key_file(config) + ", separated by a comma, for all");
    return add_key(config);
}

void tell_audit(sql::Database& db, const ResealReport& report) {
    RandomIdSource ids;
    AuditEntry entry{.at = SystemClock().now(),
                     .actor = "operator:command_line",
                     .action = "secrets.rotated",
                     .object_id = "",
                     .customer = "",
                     .request_id = ""};
    entry.detail["resealed"] = report.resealed;
    db.write_blocking([&](sql::Transaction& tx) {
        record(tx, entry, ids);
        return true;
    });
}

Result<ResealReport> rotate(const Config& config) {
    auto db = open_kept_ledger(config);
    if (!db) return failure(db);
    // With the old key alone, so that a wrong one is found before a new one is made.
    const auto before = open_secret_box(config, **db);
    if (!before) return failure(before);
    if (const auto ready = prepare(config, **db); !ready) return failure(ready);
    const auto box = open_secret_box(config, **db);
    if (!box) return failure(box);
    ProgressBar bar("sealing");
    const auto report = reseal(**db, *box, [&](std::uint64_t done) { bar.show(done, done); });
    bar.clear();
    if (!report) return failure(report);
    tell_audit(**db, *report);
    if (keeps_own_key(config))
        if (const auto dropped = drop_old_keys(config); !dropped) return failure(dropped);
    return report;
}

}  // namespace

int command_secrets_rotate(const SettingFlags& flags) {
    const auto config = config_of(flags, ConfigNeeds::Ledger);
    if (!config) return complain(config.error());
    const auto report = rotate(*config);
    if (!report) return complain(report.error());
    fmt::print("{} secrets, {} sealed again; ", report->checked, report->resealed);
    if (keeps_own_key(*config))
        fmt::print("{} holds the new key alone\n", own_key_file(*config));
    else
        fmt::print("the first master key opens them all, the others may be taken away\n");
    return 0;
}

}  // namespace turnpike
