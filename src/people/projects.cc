#include "people/projects.h"

#include <utility>

#include "people/organization_entry.h"
#include "people/seats.h"

namespace turnpike {
namespace {

void record_project(sql::Transaction& tx, const OrgDeed& deed, const char* action,
                    const Project& project) {
    auto entry = organization_entry(deed.access.organization, action, deed.authority, deed.now);
    entry.detail["project"] = project.id.text();
    record(tx, entry, deed.ids);
}

Result<Project> save_changed(sql::Transaction& tx, const OrgDeed& deed, Project project,
                             const char* action) {
    if (!save_project(tx, project))
        return conflict("project.changed", "somebody else changed the project meanwhile");
    ++project.version;
    record_project(tx, deed, action, project);
    return project;
}

}  // namespace

std::unexpected<Error> no_such_project() {
    return not_found("project.not_found", "there is no such project");
}

Result<Seated<Project>> create_project(sql::Transaction& tx, const OrgDeed& deed,
                                       const std::string& name) {
    const auto& organization = deed.access.organization;
    const auto seat = take_seat(tx, deed.catalog, organization, Seats::Projects, deed.now);
    if (!seat) return failure(seat);
    if (!seat->capacity.allowed) return Seated<Project>{std::nullopt, *seat};
    Project project{.id = deed.ids.make<ProjectId>(deed.now),
                    .organization = organization.id,
                    .name = name,
                    .archived_at = std::nullopt,
                    .created_at = deed.now};
    insert_project(tx, project);
    record_project(tx, deed, "project.created", project);
    return Seated<Project>{std::move(project), *seat};
}

Result<Project> rename_project(sql::Transaction& tx, const OrgDeed& deed, std::string_view ref,
                               const std::string& name) {
    auto project = load_project(tx, deed.access.organization.id, ref);
    if (!project) return no_such_project();
    if (project->archived_at) return conflict("project.archived", "the project is archived");
    if (project->name == name) return *std::move(project);
    project->name = name;
    return save_changed(tx, deed, *std::move(project), "project.updated");
}

Result<Project> archive_project(sql::Transaction& tx, const OrgDeed& deed, std::string_view ref) {
    lock_organization(tx, deed.access.organization.id);
    auto project = load_project(tx, deed.access.organization.id, ref);
    if (!project) return no_such_project();
    if (project->archived_at) return *std::move(project);
    project->archived_at = deed.now;
    give_back_seats(tx, deed.access.organization, Seats::Projects, 1);
    return save_changed(tx, deed, *std::move(project), "project.archived");
}

}  // namespace turnpike
