#pragma once

#include "catalog/catalog_file.h"
#include "catalog/guards.h"
#include "sql/sql.h"

namespace turnpike {

/// Those of all catalogs.
Guards load_guards(sql::Transaction& tx);

/// Replaces the guards of the file's catalog by the file's.
void save_guards(sql::Transaction& tx, const CatalogFile& file);

}  // namespace turnpike
