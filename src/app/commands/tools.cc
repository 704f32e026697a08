#include <algorithm>
#include <chrono>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <fmt/format.h>

#include "access/api_key.h"
#include "access/jwt.h"
#include "access/policy.h"
#include "app/commands/cli.h"
#include "app/config/data_dir.h"
#include "app/ledger/ledger.h"
#include "app/serving/app.h"
#include "app/serving/routes.h"
#include "billing/life/reconcile.h"
#include "catalog/plan_warnings.h"
#include "catalog/service.h"
#include "customers/customer.h"
#include "http/text.h"
#include "keys/service.h"
#include "sql/ledger_migrations.h"
#include "sql/migrator.h"

namespace turnpike {
namespace {

std::string_view word_for(Who who) {
    switch (who) {
        case Who::Public: return "public";
        case Who::OptionalCredential: return "public, known by a credential";
        case Who::Customer: return "customer";
        case Who::Seller: return "seller";
        case Who::CustomerOrSeller: return "customer or seller";
        case Who::Admin: return "admin";
        case Who::Gateway: return "gateway";
        case Who::User: return "user";
        case Who::Member: return "member";
    }
    return "";
}

void print_differences(const std::vector<CatalogDifference>& differences) {
    for (const auto& difference : differences) fmt::print("{}\n", to_text(difference));
}

/// Beside the differences, which programs may read.
void print_warnings(const std::vector<std::string>& warnings) {
    for (const auto& warning : warnings) fmt::print(stderr, "turnpike: warning: {}\n", warning);
}

/// "usage:write, billing:read"; every scope when empty.
Result<std::vector<Scope>> scopes_of(const std::string& text) {
    std::vector<Scope> scopes;
    for (std::size_t start = 0; start < text.size();) {
        const auto comma = std::min(text.find(',', start), text.size());
        const auto name = http::trimmed(std::string_view(text).substr(start, comma - start));
        const auto scope = parse_scope(name);
        if (!scope)
            return invalid_argument("config.invalid",
                                    fmt::format("--scopes: there is no scope '{}'; there are: {}",
                                                name, scope_names()));
        scopes.push_back(*scope);
        start = comma + 1;
    }
    if (scopes.empty()) scopes = every_scope();
    return scopes;
}

/// What nobody could use a token for, or the server would refuse.
Result<Claims> claims_of(const TokenOptions& options, Instant now) {
    if (options.role != "user" && options.role != "admin")
        return invalid_argument("config.invalid", "--role is user or admin");
    // A user's subject becomes the customer's external id.
    const auto good = options.role == "user" ? check_external_id(options.subject) : Result<void>();
    if (!good) return invalid_argument("config.invalid", "--sub: " + good.error().message);
    Claims claims{.subject = options.subject,
                  .role = options.role == "admin" ? Role::Admin : Role::User,
                  .email = std::nullopt,
                  .issued_at = now,
                  .expires_at = now + std::chrono::hours(options.hours)};
    if (!options.email.empty()) claims.email = options.email;
    return claims;
}

/// The setting, or what `turnpike up` keeps in the folder. "": there is neither.
std::string jwt_secret_of(const SettingValues& values) {
    const auto& given = values.find("auth.jwt_secret")->second.text;
    if (!given.empty()) return given;
    return read_text_file(values.find("data")->second.text + "/" + kJwtSecretFile).value_or("");
}

/// A token that the server of the same settings has accepted in a rehearsal.
Result<std::string> mint_accepted(const JwtConfig& jwt, const Claims& claims, Instant now) {
    auto token = mint_hs256(jwt, claims);
    if (!token) return token;
    const auto keys = KeySet::make(jwt);
    if (!keys) return failure(keys);
    const auto accepted = verify(*keys, *token, now);
    if (!accepted)
        return invalid_argument("config.invalid",
                                "the server would refuse it: " + accepted.error().message);
    return token;
}

}  // namespace

int complain_or_name_route(Error error, std::string_view route) {
    if (error.reason == Reason("database.in_use"))
        error.message += fmt::format("; a running server does this itself: {}", route);
    return complain(error);
}

int command_migrate(const SettingFlags& flags) {
    const auto config = config_of(flags, ConfigNeeds::Ledger);
    if (!config) return complain(config.error());
    const auto ready = prepare_ledger_dir(*config);
    if (!ready) return complain(ready.error());
    auto db = sql::Database::open({.url = config->database_url});
    if (!db) return complain(db.error());
    const auto applied = sql::migrate(**db, ledger_migrations(), SystemClock().now());
    if (!applied) return complain(applied.error());
    if (applied->empty()) fmt::print("the schema is up to date\n");
    for (const int number : *applied) fmt::print("applied migration {}\n", number);
    return 0;
}

int command_routes() {
    for (const auto& route : all_routes()) {
        const auto method = http::to_text(route.method);
        const auto* policy = policy_of(method, route.pattern);
        fmt::print("{:<7} {:<52} {}{}\n", method, route.pattern, word_for(policy->who),
                   policy->scope ? " (" + std::string(to_text(*policy->scope)) + ")" : "");
    }
    return 0;
}

int command_plan_diff(const SettingFlags& flags) {
    const auto config = config_of(flags, ConfigNeeds::Ledger);
    if (!config) return complain(config.error());
    const auto catalogs = configured_catalogs(*config);
    if (!catalogs) return complain(catalogs.error());
    auto db = open_kept_ledger(*config);
    if (!db) return complain(db.error());
    bool all_equal = true;
    for (const auto& [preset, file] : *catalogs) {
        const auto differences =
            (*db)->read_blocking([&](sql::Transaction& tx) { return differences_from(tx, file); });
        if (catalogs->size() > 1) fmt::print("catalog {}:\n", file.catalog);
        if (differences.empty()) fmt::print("the ledger's catalog equals the file\n");
        print_differences(differences);
        print_warnings(
            (*db)->read_blocking([&](sql::Transaction& tx) { return plan_warnings(tx, file); }));
        all_equal = all_equal && differences.empty();
    }
    return all_equal ? 0 : 1;
}

int command_plan_apply(const SettingFlags& flags) {
    const auto config = config_of(flags, ConfigNeeds::Ledger);
    if (!config) return complain(config.error());
    const auto catalogs = configured_catalogs(*config);
    if (!catalogs) return complain(catalogs.error());
    auto db = open_migrated_ledger(*config);
    if (!db) return complain(db.error());
    RandomIdSource ids;
    for (const auto& [preset, file] : *catalogs) {
        const auto changed = (*db)->write_blocking([&](sql::Transaction& tx) {
            return apply_catalog(tx, file, SystemClock().now(), ids);
        });
        if (!changed) return complain(changed.error());
        if (catalogs->size() > 1) fmt::print("catalog {}:\n", file.catalog);
        if (changed->empty()) fmt::print("nothing to change\n");
        print_differences(*changed);
        print_warnings(
            (*db)->read_blocking([&](sql::Transaction& tx) { return plan_warnings(tx, file); }));
    }
    return 0;
}

int command_reconcile(const SettingFlags& flags, const ReconcileOptions& options) {
    const auto& mode = options.mode;
    if (mode != "repair" && mode != "report")
        return complain(
            {ErrorCode::InvalidArgument, "config.invalid", "--mode is repair or report"});
    const auto config = config_of(flags);
    if (!config) return complain(config.error());
    constexpr std::string_view kRoute = "POST /v1/reconciliations";
    if (const auto kept = check_kept_ledger(*config); !kept)
        return complain_or_name_route(kept.error(), kRoute);
    auto app = App::create(*config);
    if (!app) return complain_or_name_route(app.error(), kRoute);
    auto& billing = (*app)->billing;
    asio::io_context io;
    ReconcileOrder order{
        .mode = mode == "report" ? ReconcileMode::Report : ReconcileMode::Repair,
        .missing = options.allow_missing ? MissingThere::Any : MissingThere::Bounded,
        .authority = {"job:reconcile", ""},
    };
    auto done = asio::co_spawn(io, reconcile_providers(billing, std::move(order), std::nullopt),
                               asio::use_future);
    io.run();
    const auto report = done.get();
    if (!report) {
        complain(report.error());
        return 1;  // Whatever the provider refuses, no argument of ours was wrong.
    }
    for (const auto& d : report->differences)
        fmt::print("{} {} {}: ledger {}, provider {}{}\n", d.provider_name, d.object, d.field,
                   d.ledger, d.provider, d.repaired ? " (repaired)" : "");
    fmt::print("{} subscriptions and {} invoices compared, {} differences\n",
               report->subscriptions_checked, report->invoices_checked, report->differences.size());
    const bool open =
        std::ranges::any_of(report->differences, [](const Difference& d) { return !d.repaired; });
    return open ? 1 : 0;
}

int command_token(const SettingFlags& flags, const TokenOptions& options) {
    const auto values = resolve_settings(flags.values, process_environment(), flags.config_file);
    if (!values) return complain(values.error());
    const Instant now = std::chrono::floor<std::chrono::seconds>(SystemClock().now());
    const auto claims = claims_of(options, now);
    if (!claims) return complain(claims.error());
    JwtConfig jwt;
    jwt.hs256_secret = jwt_secret_of(*values);
    jwt.issuer = values->find("auth.issuer")->second.text;
    jwt.audience = values->find("auth.audience")->second.text;
    auto token = mint_accepted(jwt, *claims, now);
    if (!token && jwt.hs256_secret.empty())
        token.error().message +=
            "; set TURNPIKE_JWT_SECRET to the server's, or name the folder of turnpike up (--data)";
    if (!token) return complain(token.error());
    fmt::print("{}\n", *token);
    return 0;
}

int command_key_create(const SettingFlags& flags, const KeyOptions& options) {
    const auto name = kept_name(options.name, kKeyNameMax);
    if (!name) return complain(name.error());
    const auto scopes = scopes_of(options.scopes);
    if (!scopes) return complain(scopes.error());
    const auto config = config_of(flags);
    if (!config) return complain(config.error());
    auto db = open_kept_ledger(*config);
    if (!db) return complain_or_name_route(db.error(), "POST /v1/api_keys");
    RandomIdSource ids;
    Principal console;
    console.kind = PrincipalKind::Admin;
    console.name = "operator:command_line";
    const KeyGrant grant{console, "", key_mode(*config)};
    KeyRequest request;
    request.name = *name;
    request.scopes = *scopes;
    const auto made = (*db)->write_blocking([&](sql::Transaction& tx) {
        return create_key(tx, request, grant, SystemClock().now(), ids);
    });
    if (!made) return complain(made.error());
    fmt::print("{}\n", made->secret);
    return 0;
}

}  // namespace turnpike
