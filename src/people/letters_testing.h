#pragma once

#include <string>
#include <vector>

#include "crypto/secret_box.h"
#include "notices/notice.h"
#include "sql/database.h"

namespace turnpike::testing {

/// The secrets in the letters of that kind to that address that wait, oldest first.
inline std::vector<std::string> letter_codes(sql::Database& db, const SecretBox& box,
                                             std::string_view kind, std::string_view recipient) {
    const auto rows = db.read_blocking([&](sql::Transaction& tx) {
        return tx.all(
            "SELECT id, sealed_data FROM notices WHERE recipient = $1 AND kind = $2 "
            "AND state = 'pending' ORDER BY created_at, id",
            {recipient, kind});
    });
    std::vector<std::string> codes;
    for (const auto& row : rows) {
        ClaimedNotice notice{.id = row.id<NoticeId>(0),
                             .kind = {},
                             .recipient = {},
                             .values = {},
                             .sealed = row.text(1),
                             .created_at = {},
                             .give_up_at = {}};
        codes.push_back(open_values(box, notice).value().at("code"));
    }
    return codes;
}

}  // namespace turnpike::testing
