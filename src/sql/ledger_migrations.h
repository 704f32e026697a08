#pragma once

#include <span>

#include "sql/migrator.h"

namespace turnpike {

/// The ledger's schema: the files of migrations/, in order.
std::span<const sql::Migration> ledger_migrations();

}  // namespace turnpike
