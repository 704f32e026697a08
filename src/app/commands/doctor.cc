#include <cerrno>
#include <filesystem>
#include <system_error>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <fmt/format.h>
#include <unistd.h>

#include "access/jwt_keys.h"
#include "app/commands/cli.h"
#include "app/config/data_dir.h"
#include "app/config/master_keys.h"
#include "app/ledger/ledger.h"
#include "app/serving/app.h"
#include "base/encoding.h"
#include "billing/provider/price_adoption.h"
#include "catalog/service.h"
#include "payments/stripe/provider.h"
#include "sql/ledger_migrations.h"
#include "sql/migrator.h"

namespace turnpike {
namespace {

/// Prints findings and remembers whether one was bad.
class Examination {
public:
    void good(const std::string& what) { fmt::print("  ok     {}\n", what); }
    void note(const std::string& what, const std::string& hint) {
        fmt::print("  note   {}\n         {}\n", what, hint);
    }
    void bad(const std::string& what, const std::string& remedy) {
        fmt::print("  WRONG  {}\n         {}\n", what, remedy);
        healthy_ = false;
    }
    [[nodiscard]] bool healthy() const { return healthy_; }

private:
    bool healthy_ = true;
};

void examine_settings(Examination& exam, const SettingValues& values) {
    const auto problems = check_settings(values);
    for (const auto& problem : problems)
        exam.bad(problem.key + ": " + problem.problem, problem.remedy);
    if (problems.empty()) exam.good("settings");
}

void examine_keys(Examination& exam, const Config& config) {
    if (config.jwks_file.empty()) return;
    const auto text = read_text_file(config.jwks_file);
    JwtConfig jwt;
    jwt.jwks = text.value_or("");
    const auto keys = KeySet::make(jwt);
    if (!keys)
        return exam.bad("JWKS file " + config.jwks_file + ": " + keys.error().message,
                        "fetch the key set again");
    exam.good("JWKS file");
    for (const auto& left_out : keys->notes()) exam.note("JWKS file", left_out);
}

void examine_catalog(Examination& exam, const Config& config) {
    const auto catalogs = configured_catalogs(config);
    if (!catalogs)
        return exam.bad("catalog: " + catalogs.error().message, "mend the file, then plan diff");
    for (const ConfiguredCatalog& one : *catalogs)
        exam.good(fmt::format("catalog {}: {} plans", one.file.catalog, one.file.plans.size()));
}

/// What the ledger says to the configured prices; whether they fit is asked at Stripe.
void examine_price_links(Examination& exam, sql::Database& db, const Config& config) {
    const auto catalogs = configured_catalogs(config);
    if (!catalogs) return;  // examine_catalog() has told why
    for (const ConfiguredPrice& price : config.stripe_prices) {
        const auto sold = db.read_blocking([&](sql::Transaction& tx) -> Result<bool> {
            const auto catalog = load_catalog(tx);
            const auto key = catalog_of_preset(*catalogs, price.preset);
            const auto* plan = catalog.plan(key, price.plan);
            if (plan == nullptr) return false;
            return is_sold_under(tx, *plan, stripe::kProviderName, price.price);
        });
        if (sold) continue;
        const auto what = fmt::format("{}: {}", price.setting, sold.error().message);
        if (sold.error().code == ErrorCode::Conflict)
            exam.note(what, "until then Turnpike makes one there itself when it is needed");
        else
            exam.bad(what, "name another price, or leave the setting out");
    }
}

/// That a ledger can be made there; making it is not ours.
void examine_place(Examination& exam, const std::string& file) {
    const auto folder = std::filesystem::absolute(file).parent_path().string();
    if (access(folder.c_str(), W_OK | X_OK) != 0)
        return exam.bad(
            fmt::format("ledger: {}: {}", folder, std::generic_category().message(errno)),
            "give a file in a directory that this user may write (--database)");
    exam.note("ledger: there is none yet", "serve makes it at its first start");
}

void examine_ledger(Examination& exam, const Config& config) {
    const auto ready = prepare_ledger_dir(config);
    if (!ready)
        return exam.bad("data directory: " + ready.error().message,
                        "give a directory that this user may write (--data)");
    exam.good("data directory " + config.data_dir);
    if (const auto missing = missing_ledger_file(config)) return examine_place(exam, *missing);
    auto db = sql::Database::open({.url = config.database_url});
    if (!db) {
        if (db.error().reason == Reason("database.in_use"))
            return exam.note("ledger: a server is using it", "that is fine while it runs");
        return exam.bad("ledger: " + db.error().message, "check --database and that it is up");
    }
    exam.good(fmt::format("ledger on {}", (*db)->engine()));
    int missing = 0;
    for (const auto& step : sql::migration_status(**db, ledger_migrations()))
        if (!step.applied) ++missing;
    if (missing > 0)
        return exam.note(fmt::format("schema: {} migrations to apply", missing),
                         "serve applies them at start; or: turnpike migrate");
    exam.good("schema");
    const auto secrets = open_secret_box(config, **db);
    if (!secrets)
        exam.bad("master key: " + secrets.error().message,
                 "a ledger's secrets open with its own master key only (docs/security.md)");
    else
        exam.good("master key");
    examine_price_links(exam, **db, config);
}

void examine_access_log(Examination& exam, const Config& config) {
    if (config.access_log == "off" || config.access_log == "-") return;
    const SystemClock clock;
    const auto log = http::AccessLogFile::open(config.access_log, clock);
    if (!log)
        return exam.bad(log.error().message,
                        "give a file that this user may write, '-' or 'off' (--access-log)");
    exam.good("access log " + config.access_log);
}

/// True when whoever listens there answers as a server of ours does.
bool server_answers(const Config& config) {
    http::Client client({.threads = 1});
    const bool is_version_6 = config.host.contains(':');
    const auto host = is_version_6 ? "[" + config.host + "]" : config.host;
    const auto reply =
        client.send_blocking({.url = fmt::format("http://{}:{}/healthz", host, config.port),
                              .timeout = std::chrono::seconds(2)});
    return reply && reply->status == 200;
}

asio::awaitable<http::Response> answer_nothing(http::Request& /*request*/) {
    co_return http::text_response(503, "");
}

void examine_address(Examination& exam, const Config& config) {
    http::ServerConfig server;
    server.host = config.host;
    server.port = config.port;
    const auto bound = http::Server::start(server, answer_nothing);
    const auto address = fmt::format("{}:{}", config.host, config.port);
    if (bound) return exam.good("address " + address);
    if (server_answers(config))
        return exam.note("address " + address + ": a server answers there already",
                         "that is fine when it is this one");
    exam.bad(bound.error().message, "give a free address of this machine (--listen)");
}

/// Behind a proxy, all callers would share the limits of one peer.
void examine_proxies(Examination& exam, const Config& config) {
    const bool is_behind_tls = config.public_url.starts_with("https://");
    if (!is_behind_tls || !config.trusted_proxies.empty()) return;
    exam.note("public_url is https, so a proxy stands in front, and none is trusted",
              "all callers count as one peer; give its address (--trusted-proxies 127.0.0.1)");
}

Result<http::Reply> ask_stripe(http::Client& client, const Config& config,
                               const std::string& path) {
    http::Call call{.url = config.stripe_api_base + path};
    call.headers = {{"Authorization", "Bearer " + config.stripe_secret_key}};
    return client.send_blocking(call);
}

/// That amounts and intervals agree is what serve looks at when it starts.
void examine_prices(Examination& exam, http::Client& client, const Config& config) {
    for (const ConfiguredPrice& price : config.stripe_prices) {
        const auto reply = ask_stripe(client, config, "/v1/prices/" + price.price);
        if (!reply) return exam.bad("Stripe: " + reply.error().message, "try again");
        const auto setting = fmt::format("{}: price {}", price.setting, price.price);
        if (reply->status == 200)
            exam.good(setting + " is at Stripe");
        else
            exam.bad(fmt::format("{}: Stripe answers {}", setting, reply->status),
                     "copy the price's id of this account and mode, or leave the setting out");
    }
}

void examine_stripe(Examination& exam, const Config& config) {
    http::Client client({.threads = 1});
    const auto reply = ask_stripe(client, config, "/v1/customers?limit=1");
    if (!reply)
        return exam.bad("Stripe: " + reply.error().message,
                        "check STRIPE_API_BASE and the network; try: turnpike sandbox");
    if (reply->status == 401)
        return exam.bad("Stripe refuses the key", "copy STRIPE_SECRET_KEY again");
    if (reply->status != 200)
        return exam.bad(fmt::format("Stripe answers {}", reply->status), "look at its status page");
    exam.good("Stripe answers at " + config.stripe_api_base);
    examine_prices(exam, client, config);
}

void examine_razorpay(Examination& exam, const Config& config) {
    http::Client client({.threads = 1});
    http::Call call{.url = config.razorpay_api_base + "/v1/plans?count=1"};
    const auto keys = config.razorpay_key_id + ":" + config.razorpay_key_secret;
    call.headers = {{"Authorization", "Basic " + to_base64(keys)}};
    const auto reply = client.send_blocking(call);
    if (!reply)
        return exam.bad("Razorpay: " + reply.error().message,
                        "check RAZORPAY_API_BASE and the network; try: turnpike sandbox");
    if (reply->status == 401)
        return exam.bad("Razorpay refuses the keys",
                        "copy RAZORPAY_KEY_ID and RAZORPAY_KEY_SECRET again");
    if (reply->status != 200)
        return exam.bad(fmt::format("Razorpay answers {}", reply->status),
                        "look at its status page");
    exam.good("Razorpay answers at " + config.razorpay_api_base);
    if (config.razorpay_account_id.empty())
        exam.note("razorpay.account_id: webhooks of any account with the secret are taken",
                  "set RAZORPAY_ACCOUNT_ID to refuse those of others");
}

void examine_providers(Examination& exam, const Config& config) {
    if (config.has_stripe()) examine_stripe(exam, config);
    if (config.has_razorpay()) examine_razorpay(exam, config);
}

}  // namespace

int command_doctor(const SettingFlags& flags) {
    const auto values = resolve_settings(flags.values, process_environment(), flags.config_file);
    if (!values) return complain(values.error());
    Examination exam;
    examine_settings(exam, *values);
    const auto config = read_config(*values);
    if (config) {
        examine_keys(exam, *config);
        examine_catalog(exam, *config);
        examine_ledger(exam, *config);
        examine_access_log(exam, *config);
        examine_address(exam, *config);
        examine_proxies(exam, *config);
        examine_providers(exam, *config);
    }
    fmt::print("{}\n", exam.healthy() ? "all is well" : "something is wrong; see above");
    return exam.healthy() ? 0 : 1;
}

}  // namespace turnpike
