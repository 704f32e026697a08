#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/time.h"

namespace turnpike {

/// One audit record as the database has it.
struct StoredRecord {
    std::string id;
    Instant at;
    std::string actor, action, object_id, customer, request_id, detail;
};

/// Where the chain ends: the number of its last record, counted from 1, and that one's hash.
struct ChainEnd {
    std::int64_t sequence = 0;
    std::string hash;  ///< hexadecimal; of an empty chain: 64 zeroes
    static ChainEnd beginning() { return {0, std::string(64, '0')}; }
    friend bool operator==(const ChainEnd&, const ChainEnd&) = default;
};

/// SHA-256 over the hash before, the record's number, and every field of it with its length: no
/// field can be changed, moved into another, or given to another record.
std::string chain_hash(std::string_view before, std::int64_t sequence, const StoredRecord& record);

}  // namespace turnpike
