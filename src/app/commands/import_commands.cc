#include <filesystem>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <fmt/format.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include "app/commands/cli.h"
#include "app/commands/progress_bar.h"
#include "app/config/data_dir.h"
#include "app/serving/app.h"
#include "import/csv_reader.h"
#include "import/csv_shape.h"
#include "import/foreign_tables.h"
#include "import/take_over.h"
#include "json/value.h"

namespace turnpike {
namespace {

/// A file is read as a whole.
constexpr std::uintmax_t kFileBytesMax = std::uintmax_t{256} << 20;

std::string_view word_of(Remark::Kind kind) {
    return kind == Remark::Kind::Refused ? "refused" : "note";
}

Json shown_tally(const Tally& tally) {
    return Json{{"created", tally.created},
                {"already_there", tally.already_there},
                {"refused", tally.refused}};
}

void print_json(const ImportReport& report, const ImportOptions& options) {
    Json remarks = Json::array();
    for (const auto& [customer, remark] : report.remarks)
        remarks.push_back(Json{{"kind", word_of(remark.kind)},
                               {"code", remark.code},
                               {"row", remark.place},
                               {"customer", customer},
                               {"detail", remark.detail}});
    const Json shown{{"dry_run", options.dry_run},
                     {"customers", shown_tally(report.customers)},
                     {"subscriptions", shown_tally(report.subscriptions)},
                     {"usage", shown_tally(report.usage)},
                     {"remarks", std::move(remarks)}};
    fmt::print("{}\n", shown.dump(2));
}

void print_text(const ImportReport& report, const ImportOptions& options) {
    for (const auto& [customer, remark] : report.remarks)
        fmt::print("{:<8} {}{}: {}{}\n", word_of(remark.kind), remark.place,
                   customer.empty() ? "" : " (" + customer + ")", remark.code,
                   remark.detail.empty() ? "" : ": " + remark.detail);
    fmt::print("{:<14} {:>9} {:>14} {:>9}\n", "", "created", "already there", "refused");
    const auto line = [](std::string_view what, const Tally& tally) {
        fmt::print("{:<14} {:>9} {:>14} {:>9}\n", what, tally.created, tally.already_there,
                   tally.refused);
    };
    line("customers", report.customers);
    line("subscriptions", report.subscriptions);
    line("usage counts", report.usage);
    if (options.dry_run) fmt::print("a dry run: nothing was written\n");
}

/// Without columns when no file is named.
Result<TextTable> read_table_of(std::string_view name, const std::string& path) {
    if (path.empty()) return TextTable{};
    std::error_code error;
    const auto size = std::filesystem::file_size(path, error);
    if (!error && size > kFileBytesMax)
        return invalid_argument("config.invalid", path + " has more than 256 MiB; divide it");
    const auto text = read_text_file(path);
    if (!text) return invalid_argument("config.invalid", "cannot read " + path);
    auto table = read_csv(name, *text);
    if (!table) table.error().message = path + ": " + table.error().message;
    return table;
}

/// Reads the source when the catalogs that it is read by are known.
using ReadSource =
    std::function<Result<ForeignLedger>(const std::vector<ConfiguredCatalog>&, Instant now)>;

Result<ForeignLedger> read_source(const Config& config, const ReadSource& read) {
    const auto catalogs = configured_catalogs(config);
    if (!catalogs) return failure(catalogs);
    return read(*catalogs, SystemClock().now());
}

int complain_of_ledger(Error error) {
    if (error.reason == Reason("database.in_use"))
        error.message += "; stop the server for the time of an import";
    return complain(error);
}

int import_from(const SettingFlags& flags, const ImportOptions& options, const ReadSource& read) {
    const auto config = config_of(flags);
    if (!config) return complain(config.error());
    auto source = read_source(*config, read);
    if (!source) return complain(source.error());
    // Standard output is for the report.
    spdlog::set_default_logger(spdlog::stderr_logger_mt("import"));
    auto app = App::create(*config);
    if (!app) return complain_of_ledger(app.error());

    ProgressBar bar(options.dry_run ? "looking" : "importing");
    ImportOrder order{
        .mode = options.dry_run ? ImportOrder::Mode::Rehearse : ImportOrder::Mode::Write,
        .progress = [&bar](std::uint64_t done, std::uint64_t all) { bar.show(done, all); }};
    asio::io_context io;
    auto done = asio::co_spawn(io, take_over((*app)->billing, *std::move(source), std::move(order)),
                               asio::use_future);
    io.run();
    const auto report = done.get();
    bar.clear();
    if (!report) {
        Error error = report.error();
        error.message += "; what was taken over stays, and running it again goes on";
        complain(error);
        return 1;  // Whatever the provider refuses, no argument of ours was wrong.
    }
    if (options.json)
        print_json(*report, options);
    else
        print_text(*report, options);
    return report->has_refusals() ? 1 : 0;
}

}  // namespace

int command_import_attribution(const SettingFlags& flags, const ImportOptions& options) {
    const auto read = [&](const std::vector<ConfiguredCatalog>& catalogs,
                          Instant now) -> Result<ForeignLedger> {
        const auto catalog = catalog_of_preset(catalogs, "attribution");
        if (catalog.empty())
            return invalid_argument("config.invalid",
                                    "its customers buy from the preset attribution, which is not "
                                    "served here; give --preset attribution");
        const auto database = sql::ForeignDatabase::open(options.from);
        if (!database) return failure(database);
        auto tables = read_attribution_tables(**database);
        if (!tables) return failure(tables);
        return read_attribution(*std::move(tables), catalog, now);
    };
    return import_from(flags, options, read);
}

int command_import_csv(const SettingFlags& flags, const ImportOptions& options) {
    if (options.customers.empty() && options.subscriptions.empty())
        return complain(
            invalid_argument("config.invalid", "give --customers, --subscriptions, or both")
                .error());
    const auto read = [&](const std::vector<ConfiguredCatalog>& /*catalogs*/,
                          Instant now) -> Result<ForeignLedger> {
        auto customers = read_table_of("customers", options.customers);
        if (!customers) return failure(customers);
        auto subscriptions = read_table_of("subscriptions", options.subscriptions);
        if (!subscriptions) return failure(subscriptions);
        return read_customer_files({*std::move(customers), *std::move(subscriptions)}, now);
    };
    return import_from(flags, options, read);
}

}  // namespace turnpike
