#pragma once

#include "sql/sql.h"

namespace turnpike::twin {

/// A savepoint: a refused request's effects go, while what was written before it stays. One at a
/// time in a transaction.
class UndoPoint {
public:
    explicit UndoPoint(sql::Transaction& tx) : tx_(tx) { tx_.run("SAVEPOINT sandbox_operation"); }
    void undo() { tx_.run("ROLLBACK TO SAVEPOINT sandbox_operation"); }
    void close() { tx_.run("RELEASE SAVEPOINT sandbox_operation"); }

private:
    sql::Transaction& tx_;
};

}  // namespace turnpike::twin
