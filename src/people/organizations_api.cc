#include "people/organizations_api.h"

#include "json/object_reader.h"
#include "people/members.h"
#include "people/organization_wire.h"
#include "people/wire.h"

namespace turnpike {
namespace {

PageMark mark_of_organization(const Organization& organization) {
    return {organization.created_at, organization.id.text()};
}

PageMark mark_of_member(const MemberRow& member) {
    return {member.membership.created_at, member.membership.user.text()};
}

std::optional<OrgRole> role_of(const OrgAccess& access) {
    return access.is_seller ? std::nullopt : std::optional(access.role);
}

/// The organization as whoever changed it sees it.
Result<http::Response> answer(const OrgDeed& deed, const Result<Organization>& organization) {
    if (!organization) return failure(organization);
    return http::ok(write_organization(*organization, role_of(deed.access)));
}

Result<http::Response> answer(const Result<MemberRow>& member) {
    if (!member) return failure(member);
    return http::ok(write_member(*member));
}

}  // namespace

http::Response OrganizationsApi::no_room(const SeatState& seat, Seats seats,
                                         const http::Request& request) const {
    Json members = write_capacity(seat.capacity);
    members["feature"] = feature_of_seats(seats);
    if (seat.upgrade) {
        members["upgrade"]["plan"] = seat.upgrade->key;
        members["upgrade"]["name"] = seat.upgrade->name;
        if (!upgrade_url.empty()) members["upgrade_url"] = upgrade_url;
    }
    const Error error{ErrorCode::Forbidden, "organization.no_room",
                      "the organization's plan has no room for one more of its " +
                          std::string(feature_of_seats(seats))};
    return http::problem(error, request, members);
}

OrganizationsApi::Answer OrganizationsApi::get_organizations(const Principal& caller,
                                                             const http::Request& request) {
    const std::string listing = "organizations " + caller.name;
    const auto query = read_page(request, cursors, listing);
    if (!query) co_return failure(query);
    const bool is_seller =
        caller.kind == PrincipalKind::Admin || caller.kind == PrincipalKind::Seller;
    auto work = [&](sql::Transaction& tx) -> Result<std::vector<Organization>> {
        if (is_seller) return list_organizations(tx, std::nullopt, *query);
        const auto user = user_calling(tx, caller);
        if (!user) return failure(user);
        if (!*user) return std::vector<Organization>{};
        return list_organizations(tx, (*user)->id, *query);
    };
    auto fetched = co_await db.read(work);
    if (!fetched) co_return failure(fetched);
    const auto page = cut_page(*std::move(fetched), *query);
    Json data = Json::array();
    for (const auto& one : page.items) data.push_back(write_organization(one, std::nullopt));
    std::optional<PageMark> last;
    if (page.has_more) last = mark_of_organization(page.items.back());
    co_return list_response(std::move(data), cursors, listing, last);
}

OrganizationsApi::Answer OrganizationsApi::post_organization(const Principal& caller,
                                                             const http::Request& request) {
    const auto body = request.json();
    if (!body) co_return failure(body);
    const auto wanted = read_new_organization(*body);
    if (!wanted) co_return failure(wanted);
    const Authority authority = authority_of(caller, request);
    const auto role =
        caller.is_user() && !wanted->owner ? std::optional(OrgRole::Owner) : std::nullopt;
    auto work = [&](sql::Transaction& tx) -> Result<http::Response> {
        const OrgMaking making{authority, clock.now(), ids, catalog};
        const auto made = create_organization(tx, *wanted, caller, making);
        if (!made) return failure(made);
        return keep_answer(tx, caller, http::json_response(201, write_organization(*made, role)));
    };
    co_return co_await db.write(work);
}

OrganizationsApi::Answer OrganizationsApi::get_organization(const Principal& caller,
                                                            const http::Request& request) {
    auto work = [&](sql::Transaction& tx) {
        return member_of(tx, caller, request.path_value("organization"));
    };
    const auto access = co_await db.read(work);
    if (!access) co_return failure(access);
    co_return http::ok(write_organization(access->organization, role_of(*access)));
}

OrganizationsApi::Answer OrganizationsApi::patch_organization(const Principal& caller,
                                                              const http::Request& request) {
    const auto body = request.json();
    if (!body) co_return failure(body);
    const auto patch = read_organization_patch(*body);
    if (!patch) co_return failure(patch);
    auto work = [&](sql::Transaction& tx, const OrgDeed& deed) {
        return answer(deed, change_organization(tx, deed, *patch));
    };
    co_return co_await change(caller, request, active_member_of, work);
}

OrganizationsApi::Answer OrganizationsApi::post_deactivate(const Principal& caller,
                                                           const http::Request& request) {
    auto work = [](sql::Transaction& tx, const OrgDeed& deed) {
        return answer(deed, deactivate_organization(tx, deed));
    };
    co_return co_await change(caller, request, member_of, work);
}

OrganizationsApi::Answer OrganizationsApi::post_reactivate(const Principal& caller,
                                                           const http::Request& request) {
    auto work = [](sql::Transaction& tx, const OrgDeed& deed) {
        return answer(deed, reactivate_organization(tx, deed));
    };
    co_return co_await change(caller, request, member_of, work);
}

OrganizationsApi::Answer OrganizationsApi::post_transfer(const Principal& caller,
                                                         const http::Request& request) {
    const auto body = request.json();
    if (!body) co_return failure(body);
    const auto user = read_only_member(*body, "user");
    if (!user) co_return failure(user);
    auto work = [&](sql::Transaction& tx, const OrgDeed& deed) {
        return answer(transfer_ownership(tx, deed, *user));
    };
    co_return co_await change(caller, request, member_of, work);
}

OrganizationsApi::Answer OrganizationsApi::get_members(const Principal& caller,
                                                       const http::Request& request) {
    return list(caller, request, "members", Rows{list_members, write_member, mark_of_member});
}

OrganizationsApi::Answer OrganizationsApi::patch_member(const Principal& caller,
                                                        const http::Request& request) {
    const auto body = request.json();
    if (!body) co_return failure(body);
    const auto role = read_role(*body);
    if (!role) co_return failure(role);
    auto work = [&](sql::Transaction& tx, const OrgDeed& deed) {
        return answer(change_role(tx, deed, request.path_value("user"), *role));
    };
    co_return co_await change(caller, request, active_member_of, work);
}

OrganizationsApi::Answer OrganizationsApi::delete_member(const Principal& caller,
                                                         const http::Request& request) {
    auto work = [&](sql::Transaction& tx, const OrgDeed& deed) {
        return answer(remove_member(tx, deed, request.path_value("user")));
    };
    co_return co_await change(caller, request, active_member_of, work);
}

OrganizationsApi::Answer OrganizationsApi::post_leave(const Principal& caller,
                                                      const http::Request& request) {
    auto work = [](sql::Transaction& tx, const OrgDeed& deed) { return answer(leave(tx, deed)); };
    co_return co_await change(caller, request, member_of, work);
}

}  // namespace turnpike
