#include <algorithm>
#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "app/commands/cli.h"
#include "app/config/version.h"
#include "app/setting_options.h"

namespace turnpike {
namespace {

void add_up_options(CLI::App& command, UpOptions& options) {
    command.add_option("--listen", options.listen, "the server's address");
    command.add_option("--sandbox-listen", options.sandbox_listen, "the sandbox's address");
    command.add_option("--data", options.data, "directory for everything it keeps");
    command.add_option("--database", options.database,
                       "ledger: sqlite:PATH or postgres://...; default: in the data directory");
}

/// "" for a seed. Written out, as CLI::Range takes what is too large for the largest one.
std::string complaint_about_seed(const std::string& text) {
    std::int64_t seed = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seed);
    const bool is_whole = error == std::errc() && end == text.data() + text.size();
    return is_whole && seed >= 0 ? "" : "give a number from 0 to 9223372036854775807, not " + text;
}

/// The command line, and what it asks for.
class CommandLine {
public:
    CommandLine() : app_("Turnpike: billing you own") {
        app_.set_version_flag("--version", std::string("turnpike ") + std::string(kVersion));
        app_.require_subcommand(1);
        add_servers();
        add_tools();
        add_data_tools();
        add_import();
        add_plan();
    }

    int run(int argc, char** argv) {
        try {
            app_.parse(argc, argv);
        } catch (const CLI::Success& asked) {
            return app_.exit(asked);  // --help, --version
        } catch (const CLI::ParseError& error) {
            const auto unknown = unknown_command({argv + 1, argv + argc});
            fmt::print(stderr, "turnpike: {}\n", unknown.value_or(error.what()));
            return 2;
        }
        return action_();
    }

private:
    /// What to say of the first word that should be a command and is none.
    std::optional<std::string> unknown_command(const std::vector<std::string>& words) const {
        const CLI::App* level = &app_;
        for (const auto& word : words) {
            const bool wants_command = level->get_require_subcommand_min() > 0;
            if (!wants_command || word.starts_with('-')) return std::nullopt;
            const auto known = level->get_subcommands([](const CLI::App*) { return true; });
            const auto found = std::ranges::find(known, word, &CLI::App::get_name);
            if (found == known.end())
                return fmt::format("unknown command: {}; {}", word, hint(known));
            level = *found;
        }
        return std::nullopt;
    }
    static std::string hint(const std::vector<const CLI::App*>& known) {
        std::string names;
        for (const auto* one : known) names += (names.empty() ? "" : ", ") + one->get_name();
        return "there are: " + names + " (see --help)";
    }

    CLI::App* command(const std::string& name, const std::string& help,
                      std::function<int()> action) {
        auto* made = app_.add_subcommand(name, help);
        made->callback([this, action = std::move(action)] { action_ = action; });
        return made;
    }

    void add_servers() {
        auto* up = command("up", "server, sandbox and demo data in one process, for a first look",
                           [this] { return command_up(up_); });
        up_.listen = "127.0.0.1:8080";
        up_.sandbox_listen = "127.0.0.1:12111";
        up_.data = "turnpike-data";
        up_.preset = "all";
        add_up_options(*up, up_);
        up->add_option("--preset", up_.preset, "interfaces to serve: all, or some of them");

        auto* smoke = command("smoke", "do the whole main job once and check every step",
                              [this] { return command_smoke(smoke_); });
        smoke_.listen = "127.0.0.1:0";
        smoke_.sandbox_listen = "127.0.0.1:0";
        smoke_.preset = "all";
        add_up_options(*smoke, smoke_);

        auto* serve = command("serve", "the server: API, webhooks, jobs",
                              [this] { return command_serve(flags_); });
        add_settings(*serve, flags_, ShownSettings::Every);

        auto* sandbox = command("sandbox", "offline twins of Stripe's and Razorpay's APIs",
                                [this] { return command_sandbox(sandbox_); });
        sandbox_.listen = "127.0.0.1:12111";
        sandbox_.data = "turnpike-sandbox";
        sandbox->add_option("--listen", sandbox_.listen, "address and port")->capture_default_str();
        sandbox->add_option("--razorpay-listen", sandbox_.razorpay_listen,
                            "address and port of Razorpay's API, such as 127.0.0.1:12112");
        sandbox->add_option("--data", sandbox_.data, "directory for its state")
            ->capture_default_str();
        sandbox->add_flag("--rate-limits", sandbox_.rate_limits,
                          "answer 429 beyond Stripe's limits of a test account");
        sandbox
            ->add_option("--customers-per-clock", sandbox_.customers_per_clock,
                         "customers on one test clock, and subscriptions of each; Stripe allows 3")
            ->check(CLI::Range(std::size_t{1}, std::size_t{1'000'000}))
            ->capture_default_str();
        sandbox->add_option("--chaos", sandbox_.chaos, "a file that says what goes wrong (JSON)");
        sandbox
            ->add_option("--chaos-seed", sandbox_.chaos_seed,
                         "a little of everything goes wrong, the same for the same number")
            ->check(complaint_about_seed);
    }

    void add_tools() {
        add_settings(*command("migrate", "bring the ledger's schema up to date",
                              [this] { return command_migrate(flags_); }),
                     flags_, ShownSettings::Ledger);
        add_settings(*command("doctor", "say what is missing or wrong, and how to mend it",
                              [this] { return command_doctor(flags_); }),
                     flags_, ShownSettings::Every);
        command("routes", "list every route and who may call it", [] { return command_routes(); });

        auto* reconcile = command("reconcile", "compare provider and ledger, and repair",
                                  [this] { return command_reconcile(flags_, reconcile_); });
        reconcile->add_option("--mode", reconcile_.mode, "repair, or report to only look")
            ->capture_default_str();
        reconcile->add_flag("--allow-missing", reconcile_.allow_missing,
                            "end subscriptions that the provider does not know, however many");
        add_settings(*reconcile, flags_, ShownSettings::Every);

        auto* recompute = command("recompute",
                                  "rate charges again from the stored events; exit code 1 if any "
                                  "differs from what was charged",
                                  [this] { return command_recompute(flags_, recompute_); });
        recompute->add_option("invoice", recompute_.invoice, "inv_..: the charges on one invoice");
        recompute->add_flag("--all", recompute_.all, "every charge");
        recompute->add_option("--since", recompute_.since,
                              "only charges frozen since then, such as 2026-01-31T00:00:00Z");
        add_settings(*recompute, flags_, ShownSettings::Ledger);

        auto* token = command("token", "mint a bearer token for development",
                              [this] { return command_token(flags_, token_); });
        token->add_option("--sub", token_.subject, "who the token is for")->required();
        token->add_option("--role", token_.role, "user or admin")->capture_default_str();
        token->add_option("--email", token_.email, "e-mail address in the token");
        token->add_option("--hours", token_.hours, "valid for so long")
            ->check(CLI::Range(1, 24 * 365))
            ->capture_default_str();
        add_settings(*token, flags_, ShownSettings::Tokens);

        auto* key = app_.add_subcommand("key", "seller API keys");
        key->require_subcommand(1);
        auto* create = key->add_subcommand("create", "make a key; it is shown once");
        create->callback([this] { action_ = [this] { return command_key_create(flags_, key_); }; });
        create->add_option("--name", key_.name, "what it is for")->required();
        create->add_option("--scopes", key_.scopes, "comma-separated; default: all");
        add_settings(*create, flags_, ShownSettings::Every);

        auto* secrets = app_.add_subcommand("secrets", "what the ledger keeps sealed");
        secrets->require_subcommand(1);
        auto* rotate = secrets->add_subcommand("rotate", "seal everything under a new master key");
        rotate->callback([this] { action_ = [this] { return command_secrets_rotate(flags_); }; });
        add_settings(*rotate, flags_, ShownSettings::Ledger);

        add_users();
        auto* audit = app_.add_subcommand("audit", "the record of who did what");
        audit->require_subcommand(1);
        auto* check = audit->add_subcommand("verify", "compute its chain of hashes again");
        check->callback(
            [this] { action_ = [this] { return command_audit_verify(flags_, audit_); }; });
        check->add_option("--head", audit_.head,
                          "file of signed heads; default: the one in the data directory");
        add_settings(*check, flags_, ShownSettings::Ledger);
        auto* head = audit->add_subcommand("head", "sign where the chain ends now");
        head->callback([this] { action_ = [this] { return command_audit_head(flags_); }; });
        add_settings(*head, flags_, ShownSettings::Ledger);

        add_bench();
    }

    void add_users() {
        auto* user = app_.add_subcommand("user", "people who sign in with a password");
        user->require_subcommand(1);
        const auto add = [this, user](const char* name, const char* help, auto run) {
            auto* made = user->add_subcommand(name, help);
            made->callback([this, run] { action_ = [this, run] { return run(flags_, user_); }; });
            return made;
        };
        auto* create = add("create", "make a user; the password is read from standard input",
                           command_user_create);
        create->add_option("--email", user_.user, "e-mail address")->required();
        create->add_option("--name", user_.name, "what others see");
        create->add_flag("--superuser", user_.superuser, "may do everything");
        auto* list = user->add_subcommand("list", "every user");
        list->callback([this] { action_ = [this] { return command_user_list(flags_); }; });
        auto* off =
            add("deactivate", "end all sessions and let nobody sign in", command_user_deactivate);
        auto* on = add("activate", "take a deactivation back", command_user_activate);
        auto* link = add("reset-link", "make a token that sets a new password, for an hour",
                         command_user_reset_link);
        for (auto* one : {off, on, link})
            one->add_option("user", user_.user, "e-mail address or usr_ id")->required();
        for (auto* one : {create, list, off, on, link})
            add_settings(*one, flags_, ShownSettings::Ledger);
    }

    static void add_count(CLI::App& command, const char* name, int& value, const char* help,
                          CLI::Range range) {
        command.add_option(name, value, help)->check(range)->capture_default_str();
    }
    static void add_events(CLI::App& command, std::uint64_t& events) {
        command.add_option("--events", events, "that it has")
            ->check(CLI::Range(1, 1'000'000'000))
            ->capture_default_str();
    }
    /// What all that write usage have.
    static void add_writing(CLI::App& command, int& sync_delay_ms, std::string& postgres) {
        add_count(command, "--sync-delay-ms", sync_delay_ms,
                  "added to each fdatasync of the server", CLI::Range(0, 1'000));
        command.add_option("--postgres", postgres, "URL of a PostgreSQL server that does the same");
    }
    template <class Options>
    CLI::App* add_measurement(CLI::App& bench, const char* name, const char* help, Options& options,
                              int (*run)(const Options&)) {
        auto* made = bench.add_subcommand(name, help);
        made->callback(
            [this, &options, run] { action_ = [&options, run] { return run(options); }; });
        made->add_option("--report", options.report, "Markdown file to write");
        return made;
    }

    void add_bench() {
        auto* bench = app_.add_subcommand("bench", "measure, beside a reference in the same run");
        bench->require_subcommand(1);
        const CLI::Range seconds(1, 600);

        auto* http = add_measurement(*bench, "http", "limit check beside nginx `return 204`",
                                     bench_, command_bench_http);
        add_count(*http, "--seconds", bench_.seconds, "for each run", seconds);
        add_count(*http, "--connections", bench_.connections, "kept open", CLI::Range(1, 10'000));

        auto* ingest = add_measurement(*bench, "ingest", "durable events beside PostgreSQL",
                                       ingest_, command_bench_ingest);
        add_count(*ingest, "--seconds", ingest_.seconds, "of sending", seconds);
        add_count(*ingest, "--connections", ingest_.connections, "that send at the same time",
                  CLI::Range(1, 256));
        add_count(*ingest, "--batch", ingest_.batch, "events of a request", CLI::Range(1, 10'000));
        add_count(*ingest, "--customers", ingest_.customers, "that the events are of",
                  CLI::Range(1, 1'000'000));
        add_writing(*ingest, ingest_.sync_delay_ms, ingest_.postgres);

        auto* consume = add_measurement(*bench, "consume",
                                        "one customer's hard limit, durable, beside PostgreSQL",
                                        consume_, command_bench_consume);
        add_count(*consume, "--seconds", consume_.seconds, "until the limit, about", seconds);
        add_count(*consume, "--connections", consume_.connections, "kept open",
                  CLI::Range(1, 1'000));
        add_writing(*consume, consume_.sync_delay_ms, consume_.postgres);

        auto* restart = add_measurement(*bench, "restart", "time to the first 200 of /readyz",
                                        restart_, command_bench_restart);
        add_events(*restart, restart_.events);

        auto* summary = add_measurement(*bench, "summary", "a customer's usage of 20 meters",
                                        summary_, command_bench_summary);
        add_events(*summary, summary_.events);
        add_count(*summary, "--seconds", summary_.seconds, "of asking", seconds);

        auto* sandbox = add_measurement(*bench, "sandbox", "calls to Stripe's twin, and a month",
                                        sandbox_bench_, command_bench_sandbox);
        add_count(*sandbox, "--calls", sandbox_bench_.calls, "of each kind",
                  CLI::Range(1, 100'000));
        add_count(*sandbox, "--subscriptions", sandbox_bench_.subscriptions,
                  "on the clock that moves by a month", CLI::Range(1, 100'000));
    }

    void add_data_tools() {
        auto* verify = command("verify", "read all data of a stopped server and check it",
                               [this] { return command_verify(verify_); });
        verify->add_option("--data", verify_.data, "the server's data directory")->required();
        auto* backup = command("backup", "copy the data of a server on SQLite, running or stopped",
                               [this] { return command_backup(backup_); });
        backup->add_option("--data", backup_.data, "the server's data directory")->required();
        backup->add_option("--to", backup_.to, "a folder that is not there yet")->required();
        backup->add_flag("--with-key", backup_.with_key,
                         "the master key, too: whoever has the copy can read its secrets");
        auto* restore = command("restore", "put a backup back, after checking every byte",
                                [this] { return command_restore(restore_); });
        restore->add_option("--from", restore_.from, "the backup's folder")->required();
        restore->add_option("--data", restore_.data, "the data directory to make")->required();
        restore->add_flag("--force", restore_.force,
                          "even where there is data; it is kept as DATA.before-restore");
    }

    void add_import() {
        auto* import = app_.add_subcommand(
            "import",
            "take customers, subscriptions and usage of another system over; exit code 1 if "
            "anything is refused");
        import->require_subcommand(1);
        auto* attribution = import->add_subcommand(
            "attribution", "from the database of a back end for the attribution interface");
        attribution->callback(
            [this] { action_ = [this] { return command_import_attribution(flags_, import_); }; });
        attribution
            ->add_option("--from", import_.from, "SQLite file or postgres://...; it is only read")
            ->required();
        auto* csv = import->add_subcommand("csv", "from CSV files");
        csv->callback([this] { action_ = [this] { return command_import_csv(flags_, import_); }; });
        csv->add_option("--customers", import_.customers,
                        "columns: customer, email, name, catalog, created_at");
        csv->add_option("--subscriptions", import_.subscriptions,
                        "columns: customer, plan, provider, provider_subscription_id, and others "
                        "that docs/import.md has");
        for (auto* one : {attribution, csv}) {
            one->add_flag("--dry-run", import_.dry_run, "write nothing, and report the same");
            one->add_flag("--json", import_.json, "the report as JSON");
            add_settings(*one, flags_, ShownSettings::Every);
        }
    }

    void add_plan() {
        auto* plan = app_.add_subcommand("plan", "the catalog as a file");
        plan->require_subcommand(1);
        auto* diff = plan->add_subcommand("diff", "what would change; exit code 1 if anything");
        diff->callback([this] { action_ = [this] { return command_plan_diff(flags_); }; });
        add_settings(*diff, flags_, ShownSettings::Plans);
        auto* apply = plan->add_subcommand("apply", "make the ledger's catalog equal to the file");
        apply->callback([this] { action_ = [this] { return command_plan_apply(flags_); }; });
        add_settings(*apply, flags_, ShownSettings::Plans);
    }

    CLI::App app_;
    std::function<int()> action_ = [] { return 2; };
    SettingFlags flags_;
    UpOptions up_, smoke_;
    SandboxOptions sandbox_;
    TokenOptions token_;
    KeyOptions key_;
    UserOptions user_;
    BenchHttpOptions bench_;
    BenchIngestOptions ingest_;
    BenchConsumeOptions consume_;
    BenchRestartOptions restart_;
    BenchSummaryOptions summary_;
    BenchSandboxOptions sandbox_bench_;
    ReconcileOptions reconcile_;
    RecomputeOptions recompute_;
    ImportOptions import_;
    VerifyOptions verify_;
    BackupOptions backup_;
    AuditOptions audit_;
    RestoreOptions restore_;
};

}  // namespace
}  // namespace turnpike

int main(int argc, char** argv) {
    try {
        turnpike::CommandLine line;
        return line.run(argc, argv);
    } catch (const std::exception& error) {
        fmt::print(stderr, "turnpike: {}\n", error.what());
        return EXIT_FAILURE;
    }
}
