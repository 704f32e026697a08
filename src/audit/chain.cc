#include "audit/chain.h"

#include "base/encoding.h"
#include "crypto/crypto.h"

namespace turnpike {

std::string chain_hash(std::string_view before, std::int64_t sequence, const StoredRecord& record) {
    std::string bytes = "turnpike audit 1\n";
    const auto add = [&](std::string_view field) {
        bytes += std::to_string(field.size());
        bytes += ':';
        bytes += field;
    };
    add(before);
    add(std::to_string(sequence));
    add(record.id);
    add(std::to_string(unix_micros(record.at)));
    add(record.actor);
    add(record.action);
    add(record.object_id);
    add(record.customer);
    add(record.request_id);
    add(record.detail);
    return to_hex(sha256(bytes));
}

}  // namespace turnpike
