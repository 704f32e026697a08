#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "app/config/config.h"
#include "base/error.h"

namespace turnpike {

/// What the settings flags of one command line said.
struct SettingFlags {
    std::map<std::string, std::string> values;  ///< setting key -> text
    std::string config_file;                    ///< --config, or TURNPIKE_CONFIG
};

/// Each command prints for people on standard output, complaints on standard error, and returns the
/// process's exit code: 0 done, 1 not done or differences found, 2 a wrong argument or setting.
int command_serve(const SettingFlags& flags);
int command_migrate(const SettingFlags& flags);
int command_doctor(const SettingFlags& flags);
int command_routes();
int command_plan_diff(const SettingFlags& flags);
int command_plan_apply(const SettingFlags& flags);
struct ReconcileOptions {
    std::string mode = "repair";
    bool allow_missing = false;
};
int command_reconcile(const SettingFlags& flags, const ReconcileOptions& options);

struct TokenOptions {
    std::string subject;
    std::string role = "user";
    std::string email;
    int hours = 1;
};
int command_token(const SettingFlags& flags, const TokenOptions& options);

struct KeyOptions {
    std::string name;
    std::string scopes;  ///< comma-separated; "": all
};
int command_key_create(const SettingFlags& flags, const KeyOptions& options);

struct UserOptions {
    std::string user;  ///< "usr_..." or an e-mail address
    std::string name;
    bool superuser = false;
};
/// The password comes from standard input: asked for twice on a terminal, else the first line.
int command_user_create(const SettingFlags& flags, const UserOptions& options);
int command_user_list(const SettingFlags& flags);
int command_user_deactivate(const SettingFlags& flags, const UserOptions& options);
int command_user_activate(const SettingFlags& flags, const UserOptions& options);
int command_user_reset_link(const SettingFlags& flags, const UserOptions& options);

struct ImportOptions {
    std::string from;                      ///< of attribution: a file or a postgres URL
    std::string customers, subscriptions;  ///< of csv: files; "" for none
    bool dry_run = false;
    bool json = false;
};
int command_import_attribution(const SettingFlags& flags, const ImportOptions& options);
int command_import_csv(const SettingFlags& flags, const ImportOptions& options);

struct UpOptions {
    std::string listen;
    std::string sandbox_listen;
    std::string data;
    std::string database;
    std::string access_log;  ///< "": in the data directory
    std::string preset;      ///< "": as `serve` has it
};
int command_up(const UpOptions& options);
int command_smoke(const UpOptions& options);

struct SandboxOptions {
    std::string listen;
    std::string razorpay_listen;  ///< "": Razorpay's twin does not run
    std::string data;
    bool rate_limits = false;
    std::int64_t customers_per_clock = 3;
    std::string chaos;                       ///< a file with a plan of misfortune; "": none
    std::optional<std::int64_t> chaos_seed;  ///< >= 0; of that plan, or of one at random
};
int command_sandbox(const SandboxOptions& options);

struct BenchHttpOptions {
    int seconds = 5;
    int connections = 64;
    std::string report;  ///< a Markdown file to write; "": only print
};
int command_bench_http(const BenchHttpOptions& options);

struct BenchIngestOptions {
    int seconds = 5;
    int connections = 8;
    int batch = 1000;
    int customers = 1000;
    int sync_delay_ms = 0;  ///< added to each fdatasync of the server
    std::string postgres;   ///< URL of a server to measure beside; "": none
    std::string report;     ///< as BenchHttpOptions
};
int command_bench_ingest(const BenchIngestOptions& options);

struct BenchConsumeOptions {
    int seconds = 5;
    int connections = 64;
    int sync_delay_ms = 0;         ///< as BenchIngestOptions
    std::string postgres, report;  ///< as BenchIngestOptions
};
int command_bench_consume(const BenchConsumeOptions& options);

struct BenchRestartOptions {
    std::uint64_t events = 10'000'000;
    std::string report;  ///< as BenchHttpOptions
};
int command_bench_restart(const BenchRestartOptions& options);

struct BenchSummaryOptions {
    std::uint64_t events = 10'000'000;
    int seconds = 5;
    std::string report;  ///< as BenchHttpOptions
};
int command_bench_summary(const BenchSummaryOptions& options);

struct BenchSandboxOptions {
    int calls = 1000;          ///< of each kind
    int subscriptions = 1000;  ///< on the clock that moves by a month
    std::string report;        ///< as BenchHttpOptions
};
int command_bench_sandbox(const BenchSandboxOptions& options);

struct AuditOptions {
    std::string head;  ///< a file of heads; "": the one beside the ledger
};
int command_audit_verify(const SettingFlags& flags, const AuditOptions& options);
int command_audit_head(const SettingFlags& flags);

int command_secrets_rotate(const SettingFlags& flags);

struct VerifyOptions {
    std::string data;
};
int command_verify(const VerifyOptions& options);

struct RecomputeOptions {
    std::string invoice;  ///< id; "" with `all`
    bool all = false;
    std::string since;  ///< with `all`: RFC 3339; "": from the beginning
};
int command_recompute(const SettingFlags& flags, const RecomputeOptions& options);

struct BackupOptions {
    std::string data, to;
    bool with_key = false;
};
int command_backup(const BackupOptions& options);
struct RestoreOptions {
    std::string from, data;
    bool force = false;
};
int command_restore(const RestoreOptions& options);

/// Settings resolved and checked.
/// Errors: InvalidArgument "config.file", "config.invalid", each in one line.
Result<Config> config_of(const SettingFlags& flags, ConfigNeeds needs = ConfigNeeds::Server);
/// What --name says as we keep it: by the API's rule of free text, and no card number.
/// Errors: InvalidArgument "config.invalid".
Result<std::string> kept_name(std::string_view name, std::size_t length_max);
/// As complain(); one that cannot have the ledger says which route of the running server does the
/// same.
int complain_or_name_route(Error error, std::string_view route);
/// Prints "turnpike: <message>" on standard error. \return the exit code: 2 for InvalidArgument,
/// which is a wrong argument or setting, 1 for everything else that fails.
int complain(const Error& error);

}  // namespace turnpike
