#include "people/organization_wire.h"
#include "people/organizations_api.h"
#include "people/projects.h"

namespace turnpike {
namespace {

PageMark mark_of_project(const Project& project) { return {project.created_at, project.id.text()}; }

Result<http::Response> answer(const Result<Project>& project) {
    if (!project) return failure(project);
    return http::ok(write_project(*project));
}

}  // namespace

OrganizationsApi::Answer OrganizationsApi::get_projects(const Principal& caller,
                                                        const http::Request& request) {
    return list(caller, request, "projects", Rows{list_projects, write_project, mark_of_project});
}

OrganizationsApi::Answer OrganizationsApi::post_project(const Principal& caller,
                                                        const http::Request& request) {
    const auto body = request.json();
    if (!body) co_return failure(body);
    const auto name = read_project_name(*body);
    if (!name) co_return failure(name);
    auto work = [&](sql::Transaction& tx, const OrgDeed& deed) -> Result<http::Response> {
        const auto made = create_project(tx, deed, *name);
        if (!made) return failure(made);
        if (!made->made) return no_room(made->seat, Seats::Projects, request);
        return http::json_response(201, write_project(*made->made));
    };
    co_return co_await change(caller, request, active_member_of, work);
}

OrganizationsApi::Answer OrganizationsApi::get_project(const Principal& caller,
                                                       const http::Request& request) {
    auto work = [&](sql::Transaction& tx) -> Result<Project> {
        const auto access = member_of(tx, caller, request.path_value("organization"));
        if (!access) return failure(access);
        auto project = load_project(tx, access->organization.id, request.path_value("project"));
        if (!project) return no_such_project();
        return *std::move(project);
    };
    co_return answer(co_await db.read(work));
}

OrganizationsApi::Answer OrganizationsApi::patch_project(const Principal& caller,
                                                         const http::Request& request) {
    const auto body = request.json();
    if (!body) co_return failure(body);
    const auto name = read_project_name(*body);
    if (!name) co_return failure(name);
    auto work = [&](sql::Transaction& tx, const OrgDeed& deed) {
        return answer(rename_project(tx, deed, request.path_value("project"), *name));
    };
    co_return co_await change(caller, request, active_member_of, work);
}

OrganizationsApi::Answer OrganizationsApi::post_archive(const Principal& caller,
                                                        const http::Request& request) {
    auto work = [&](sql::Transaction& tx, const OrgDeed& deed) {
        return answer(archive_project(tx, deed, request.path_value("project")));
    };
    co_return co_await change(caller, request, active_member_of, work);
}

}  // namespace turnpike
