#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/id.h"
#include "base/time.h"

namespace turnpike {

/// A person. His password's hash is not here, so that it goes nowhere by accident.
struct User {
    UserId id;
    std::string external_id;           ///< the host's token's subject, or the id's text
    std::optional<std::string> email;  ///< as he gave it
    std::string email_key;             ///< folded; the id's text where there is no e-mail
    std::optional<std::string> name;
    bool is_superuser = false;
    bool has_password = false;
    std::optional<Instant> deactivated_at;
    std::optional<Instant> last_seen_at;  ///< signed in
    Instant created_at;
    std::int64_t version = 1;
};
inline bool is_active(const User& user) { return !user.deactivated_at; }

}  // namespace turnpike
