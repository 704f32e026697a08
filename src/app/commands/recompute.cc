#include "billing/overage/recompute.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <fmt/format.h>

#include "app/commands/cli.h"
#include "app/commands/progress_bar.h"
#include "app/ledger/ledger.h"
#include "metering/log_usage.h"
#include "metering/sql/sql_usage.h"

namespace turnpike {
namespace {

Result<RecomputeOrder> order_of(const RecomputeOptions& options) {
    RecomputeOrder order;
    if (options.invoice.empty() != options.all)
        return invalid_argument("config.invalid", "name an invoice, inv_.., or give --all");
    if (!options.invoice.empty()) {
        const auto invoice = InvoiceId::parse(options.invoice);
        if (!invoice || !options.since.empty())
            return invalid_argument("config.invalid",
                                    "one invoice is named as inv_.., and goes without --since");
        order.invoice = *invoice;
    }
    if (options.since.empty()) return order;
    const auto since = parse_rfc3339(options.since);
    if (!since)
        return invalid_argument("config.invalid",
                                "--since is a moment such as 2026-01-31T00:00:00Z");
    order.since = *since;
    return order;
}

std::unique_ptr<UsageStore> store_of(sql::Database& db, UsageLog* log, IdSource& ids) {
    if (log != nullptr) return std::make_unique<LogUsage>(db, *log);
    return std::make_unique<SqlUsage>(db, ids);
}

}  // namespace

int command_recompute(const SettingFlags& flags, const RecomputeOptions& options) {
    auto order = order_of(options);
    if (!order) return complain(order.error());
    const auto config = config_of(flags, ConfigNeeds::Ledger);
    if (!config) return complain(config.error());
    auto db = open_kept_ledger(*config);
    if (!db) {
        Error error = db.error();
        if (error.reason == Reason("database.in_use"))
            error.message += "; a running server does this itself: POST /v1/recomputations";
        return complain(error);
    }
    const auto log = open_usage(*config, **db);
    if (!log) return complain(log.error());
    RandomIdSource ids;
    const auto usage = store_of(**db, log->get(), ids);
    ProgressBar bar("recompute");
    asio::io_context io;
    const RecomputeProgress progress = [&](std::uint64_t done, std::uint64_t all) {
        bar.show(done, all);
    };
    auto work = recompute(**db, *usage, *std::move(order), progress);
    auto running = asio::co_spawn(io, std::move(work), asio::use_future);
    io.run();
    const auto report = running.get();
    bar.clear();
    if (!report) {
        complain(report.error());
        return 1;
    }
    for (const auto& d : report->differences)
        fmt::print("{} {}: stored {}, recomputed {}\n", d.object, d.field, d.stored, d.recomputed);
    fmt::print("{} charges rated again from {} events and corrections, {} differences\n",
               report->charges, report->entries, report->differences.size());
    return report->differences.empty() ? 0 : 1;
}

}  // namespace turnpike
