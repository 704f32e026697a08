#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "access/principal.h"
#include "base/error.h"
#include "base/id.h"
#include "base/time.h"

namespace turnpike {

/// Several people who buy together. What it buys belongs to its customer.
struct Organization {
    OrganizationId id;
    std::string slug;  ///< its name in links; unique
    std::string name;
    CustomerId customer;
    std::optional<Instant> deactivated_at;
    std::string deactivated_by;  ///< "", "member" or "seller": only staff takes staff's back
    Instant created_at;
    std::int64_t version = 1;
    std::optional<std::string> billing_email{};  ///< its customer's
};
inline bool is_active(const Organization& organization) { return !organization.deactivated_at; }

struct Project {
    ProjectId id;
    OrganizationId organization;
    std::string name;
    std::optional<Instant> archived_at;
    Instant created_at;
    std::int64_t version = 1;
};

/// "Acme, Inc." becomes "acme-inc": ASCII's letters and digits, at most 40 of them.
std::string slug_of(std::string_view name);
/// Words of lower-case letters and digits with single hyphens between, at most 60 characters.
///
/// Errors: InvalidArgument "organization.invalid_slug".
Result<void> check_slug(std::string_view slug);

}  // namespace turnpike
