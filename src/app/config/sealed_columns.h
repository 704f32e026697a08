#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string_view>

#include "crypto/secret_box.h"
#include "sql/database.h"

namespace turnpike {

/// A column of sealed texts. Its name begins with "sealed_" (a test looks for those that are not
/// listed), its table has a key of one column, and the place of a text is "table.column" with the
/// row's key.
struct SealedColumn {
    std::string_view table, key, column;
};
/// All of the ledger; what `turnpike secrets rotate` seals again.
std::span<const SealedColumn> sealed_columns();

struct ResealReport {
    std::uint64_t resealed = 0;
    std::uint64_t checked = 0;
};
/// Seals everything under the box's first key. Safe beside a running server, and after a crash it
/// is done again from where it was: each page of rows is a transaction, and a row that was changed
/// meanwhile stays as it was changed.
/// Errors: those of SecretBox::open, when a secret opens with none of the keys.
Result<ResealReport> reseal(sql::Database& db, const SecretBox& box,
                            const std::function<void(std::uint64_t done)>& progress);

}  // namespace turnpike
