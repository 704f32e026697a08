#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/time.h"
#include "json/json.h"
#include "sql/sql.h"

namespace turnpike::twin {

/// An account's objects as one transaction sees them: each is read and parsed once, and written
/// when save() is called, once for however many times it was put. Objects are written in the order
/// in which they were first put, so that they are numbered in the order of creation.
///
/// Rows are behind until save(): call it before a query over them, and before a savepoint.
class ObjectCache {
public:
    using Shared = std::shared_ptr<const Json>;

    ObjectCache(sql::Transaction& tx, std::string account)
        : tx_(&tx), account_(std::move(account)) {}

    /// nullptr when there is none. Tombstones are found.
    Shared find(std::string_view kind, const std::string& id);
    /// The same for a row's text, of an object whose row is up to date.
    Shared take(std::string_view kind, const std::string& id, std::string_view text);
    void put(const Json& object);
    void put_due(std::string_view kind, const std::string& id, std::optional<Instant> when,
                 const std::string& test_clock);
    void remove(std::string_view kind, const std::string& id);

    /// Writes what waits.
    void save();
    /// save(), if something of this kind waits.
    void save_if_any(std::string_view kind);
    /// Also what waits is gone.
    void clear();

private:
    struct Due {
        std::optional<Instant> when;
        std::string test_clock;
    };
    struct Entry {
        Shared object;  ///< nullptr: there is none
        Shared stored;  ///< what the row holds; nullptr: none, or that is not known
        std::optional<Due> due{};
        bool waits = false;
    };

    Entry& entry_of(std::string_view kind, const std::string& id);
    void wait(std::string_view kind, const std::string& key, Entry& entry);
    void write(Entry& entry);

    sql::Transaction* tx_;
    std::string account_;
    std::unordered_map<std::string, Entry> entries_;  ///< by kind and id
    std::vector<std::string> waiting_;                ///< keys, in the order of writing
    std::vector<std::string> waiting_kinds_;
};

}  // namespace turnpike::twin
