#pragma once

#include <string>
#include <utility>

#include "audit/audit.h"
#include "people/organization.h"

namespace turnpike {

/// What was done to an organization, for its customer's audit; names nobody but by id.
inline AuditEntry organization_entry(const Organization& organization, std::string action,
                                     const Authority& authority, Instant now) {
    return {.at = now,
            .actor = authority.actor,
            .action = std::move(action),
            .object_id = organization.id.text(),
            .customer = organization.customer.text(),
            .request_id = authority.request_id};
}

}  // namespace turnpike
