#pragma once

#include <string>

#include "app/config/config.h"
#include "base/error.h"
#include "crypto/secret_box.h"
#include "sql/database.h"

namespace turnpike {

/// The file that keeps the master key where none is configured (mode 0600). While a key is rotated
/// it holds two, one a line.
std::string own_key_file(const Config& config);

/// What secrets in this ledger are sealed with: the configured master key, or the one in the data
/// directory, which is made for a ledger that holds no secret yet. Whether it is the right one is
/// known when it comes back: a secret of the ledger was opened with it.
///
/// Errors: InvalidArgument "secrets.no_key" when the ledger's key is not here, "secrets.wrong_key",
///         "secrets.damaged", "secrets.bad_key"; Unavailable "data.unusable".
Result<SecretBox> open_secret_box(const Config& config, sql::Database& db);

/// A secret that the servers of this ledger share, made at the first asking; `bytes` of randomness.
/// Errors: those of SecretBox::open.
Result<Secret> server_secret(sql::Database& db, const SecretBox& box, const std::string& name,
                             std::size_t bytes);

}  // namespace turnpike
