#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sql/sql.h"

/// What the inspector asks of the rows of object_store.h, over all kinds.
namespace turnpike::twin {

struct KindCount {
    std::string kind;
    std::int64_t objects = 0;
};
/// By name; deleted objects count, as lists of the inspector show them.
std::vector<KindCount> count_kinds(sql::Transaction& tx, std::string_view account);

struct ObjectLine {
    std::int64_t sequence = 0;
    std::string kind;
    std::string id;
    std::string status;        ///< "" if it has none
    std::int64_t created = 0;  ///< Unix seconds; 0: its document has no such member
    std::string body;          ///< JSON text
};
/// Which of an account's objects; empty fields do not filter. `related`: what belongs to an object
/// of this id, as a customer's or a part of it.
struct ObjectSearch {
    std::string account;
    std::string kind{};
    std::string related{};
    std::optional<std::int64_t> before{};  ///< those of a lower sequence
    std::int64_t limit = 50;
};
/// Newest first. Kinds of the sandbox's own are in no answer of this file.
std::vector<ObjectLine> search_objects(sql::Transaction& tx, const ObjectSearch& search);

/// Whether the account has such an object.
bool has_kind(sql::Transaction& tx, std::string_view account, std::string_view kind);
/// "turnpike.entitlement_grant": what the sandbox notes for itself.
bool is_own_kind(std::string_view kind);

/// Where an id occurs.
struct ObjectPlace {
    std::string account;
    std::string kind;
};
std::optional<ObjectPlace> find_place(sql::Transaction& tx, std::string_view id);

}  // namespace turnpike::twin
