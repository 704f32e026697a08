#pragma once

#include <string>
#include <variant>

#include "base/error.h"
#include "metering/log/files/durable_file.h"

namespace turnpike {

/// Where the parts of a server's data are, when its ledger is the SQLite file in the folder.
struct DataFolder {
    std::string path;

    [[nodiscard]] std::string ledger() const { return path + "/ledger.db"; }
    [[nodiscard]] std::string usage() const { return path + "/usage"; }
    [[nodiscard]] bool has_usage_log() const { return exists(usage()); }

    /// Errors: InvalidArgument "data.no_ledger".
    [[nodiscard]] Result<std::monostate> check_present() const {
        if (exists(ledger())) return std::monostate{};
        return invalid_argument("data.no_ledger",
                                path +
                                    ": there is no ledger.db; give the folder of a server on "
                                    "SQLite (--data)");
    }
};

}  // namespace turnpike
