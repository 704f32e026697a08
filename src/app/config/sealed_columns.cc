#include "app/config/sealed_columns.h"

#include <array>
#include <string>

#include "sql/sql.h"

namespace turnpike {
namespace {

constexpr auto kColumns = std::to_array<SealedColumn>({
    {"idempotency_keys", "id", "sealed_reply"},
    {"notices", "id", "sealed_data"},
    {"server_secrets", "name", "sealed_value"},
    {"webhook_endpoints", "id", "sealed_previous"},
    {"webhook_endpoints", "id", "sealed_secret"},
});

constexpr int kRowsPerPage = 200;

/// One page of a column, from behind `after`; \return the last key of it, "" at the end.
class ColumnPass {
public:
    ColumnPass(const SealedColumn& column, const SecretBox& box)
        : box_(box), place_(std::string(column.table) + "." + std::string(column.column)) {
        const std::string table(column.table), key(column.key), name(column.column);
        select_ = "SELECT " + key + ", " + name + " FROM " + table + " WHERE " + key +
                  " > $1 AND " + name + " IS NOT NULL ORDER BY " + key + " LIMIT $2";
        update_ = "UPDATE " + table + " SET " + name + " = $3 WHERE " + key + " = $1 AND " + name +
                  " = $2";
    }

    Result<std::string> page(sql::Transaction& tx, const std::string& after,
                             ResealReport& report) const {
        std::string last;
        for (const auto& row : tx.all(select_, {after, kRowsPerPage})) {
            last = row.text(0);
            ++report.checked;
            if (box_.is_of_first_key(row.text(1))) continue;
            const SecretPlace place{place_, last};
            const auto secret = box_.open(place, row.text(1));
            if (!secret) return failure(secret);
            tx.run(update_, {last, row.text(1), box_.seal(place, *secret)});
            ++report.resealed;
        }
        return last;
    }

private:
    const SecretBox& box_;
    const std::string place_;
    std::string select_, update_;
};

}  // namespace

std::span<const SealedColumn> sealed_columns() { return kColumns; }

Result<ResealReport> reseal(sql::Database& db, const SecretBox& box,
                            const std::function<void(std::uint64_t done)>& progress) {
    ResealReport report;
    for (const SealedColumn& column : kColumns) {
        const ColumnPass pass(column, box);
        std::string after;
        do {
            ResealReport now;
            const auto last = db.write_blocking([&](sql::Transaction& tx) {
                now = report;
                return pass.page(tx, after, now);
            });
            if (!last) return failure(last);
            report = now;
            after = *last;
            progress(report.checked);
        } while (!after.empty());
    }
    return report;
}

}  // namespace turnpike
