#pragma once

#include "sql/testing.h"

namespace turnpike::sql {

/// A small table with every kind of constraint, beside the ledger's.
class ThingsTest : public DatabaseTest {
protected:
    void SetUp() override;

    void insert(std::string_view key, std::int64_t count);
    std::int64_t rows();
    /// -1 when absent.
    std::int64_t count_of(std::string_view key);
};

}  // namespace turnpike::sql
