#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "people/organizations.h"

namespace turnpike {

/// The one wording for absent projects and other organizations'.
std::unexpected<Error> no_such_project();

Result<Seated<Project>> create_project(sql::Transaction& tx, const OrgDeed& deed,
                                       const std::string& name);
/// Errors: NotFound "project.not_found"; Conflict "project.archived", "project.changed".
Result<Project> rename_project(sql::Transaction& tx, const OrgDeed& deed, std::string_view project,
                               const std::string& name);
/// For good; gives the seat back. The second time changes nothing.
///
/// Errors: NotFound "project.not_found"; Conflict "project.changed".
Result<Project> archive_project(sql::Transaction& tx, const OrgDeed& deed,
                                std::string_view project);

}  // namespace turnpike
