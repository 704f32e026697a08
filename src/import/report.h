#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "import/foreign_customer.h"

namespace turnpike {

/// What became of the things of one kind.
struct Tally {
    std::int64_t created = 0;
    std::int64_t already_there = 0;
    std::int64_t refused = 0;
    friend bool operator==(const Tally&, const Tally&) = default;
};

struct CustomerRemark {
    std::string customer;  ///< external id, fit to be printed; "" of a table or column
    Remark remark;
};

/// What an import did, or would do.
struct ImportReport {
    Tally customers, subscriptions, usage;
    std::vector<CustomerRemark> remarks;

    [[nodiscard]] bool has_refusals() const;
};

}  // namespace turnpike
