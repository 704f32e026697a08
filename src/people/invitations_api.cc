#include "people/invitations.h"
#include "people/organization_wire.h"
#include "people/organizations_api.h"
#include "people/wire.h"

namespace turnpike {
namespace {

PageMark mark_of_invitation(const Invitation& invitation) {
    return {invitation.created_at, invitation.id.text()};
}

}  // namespace

OrganizationsApi::Answer OrganizationsApi::get_invitations(const Principal& caller,
                                                           const http::Request& request) {
    const auto write = [now = clock.now()](const Invitation& one) {
        return write_invitation(one, now);
    };
    return list(caller, request, "invitations", Rows{list_invitations, write, mark_of_invitation});
}

OrganizationsApi::Answer OrganizationsApi::post_invitation(const Principal& caller,
                                                           const http::Request& request) {
    const auto body = request.json();
    if (!body) co_return failure(body);
    const auto wanted = read_new_invitation(*body);
    if (!wanted) co_return failure(wanted);
    auto work = [&](sql::Transaction& tx, const OrgDeed& deed) {
        return invite(tx, deed, *wanted);
    };
    const auto invited = co_await change(caller, request, active_member_of, work);
    if (!invited) co_return failure(invited);
    if (!invited->made) co_return no_room(invited->seat, Seats::Users, request);
    // For who brings invitations himself, beside the letter; nobody is told it again.
    Json json = write_invitation(*invited->made, clock.now());
    json["token"] = invited->made->secret;
    auto response = http::json_response(201, json);
    response.headers.emplace_back("Cache-Control", "no-store");
    co_return response;
}

OrganizationsApi::Answer OrganizationsApi::delete_invitation(const Principal& caller,
                                                             const http::Request& request) {
    auto work = [&](sql::Transaction& tx, const OrgDeed& deed) {
        return withdraw_invitation(tx, deed, request.path_value("invitation"));
    };
    const auto withdrawn = co_await change(caller, request, active_member_of, work);
    if (!withdrawn) co_return failure(withdrawn);
    co_return http::ok(write_invitation(*withdrawn, clock.now()));
}

OrganizationsApi::Answer OrganizationsApi::post_accept(const Principal& caller,
                                                       const http::Request& request) {
    const auto body = request.json();
    if (!body) co_return failure(body);
    const auto secret = read_only_member(*body, "token");
    if (!secret) co_return failure(secret);
    const Authority authority = authority_of(caller, request);
    auto work = [&](sql::Transaction& tx) {
        const OrgMaking making{authority, clock.now(), ids, catalog};
        return accept_invitation(tx, *secret, caller, making);
    };
    const auto joined = co_await db.write(work);
    if (!joined) co_return failure(joined);
    co_return http::ok(write_organization(joined->organization, joined->membership.role));
}

}  // namespace turnpike
