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
    auto work = [&](sql::Transaction& tx, const OrgDeed& deed) -> Result<http::Response> {
        const auto invited = invite(tx, deed, *wanted, letters);
        if (!invited) return failure(invited);
        if (!invited->made) return no_room(invited->seat, Seats::Users, request);
        Json json = write_invitation(*invited->made, deed.now);
        json["letter"] = letters.sends_mail;
        if (!letters.sends_mail) json["token"] = invited->made->secret;
        auto response = http::json_response(201, json);
        response.headers.emplace_back("Cache-Control", "no-store");
        return response;
    };
    co_return co_await change(caller, request, active_member_of, work);
}

OrganizationsApi::Answer OrganizationsApi::delete_invitation(const Principal& caller,
                                                             const http::Request& request) {
    auto work = [&](sql::Transaction& tx, const OrgDeed& deed) -> Result<http::Response> {
        const auto withdrawn = withdraw_invitation(tx, deed, request.path_value("invitation"));
        if (!withdrawn) return failure(withdrawn);
        return http::ok(write_invitation(*withdrawn, deed.now));
    };
    co_return co_await change(caller, request, active_member_of, work);
}

OrganizationsApi::Answer OrganizationsApi::post_accept(const Principal& caller,
                                                       const http::Request& request) {
    const auto body = request.json();
    if (!body) co_return failure(body);
    const auto secret = read_only_member(*body, "token");
    if (!secret) co_return failure(secret);
    const Authority authority = authority_of(caller, request);
    auto work = [&](sql::Transaction& tx) -> Result<http::Response> {
        const OrgMaking making{authority, clock.now(), ids, catalog};
        const auto joined = accept_invitation(tx, *secret, caller, making);
        if (!joined) return failure(joined);
        const Json json = write_organization(joined->organization, joined->membership.role);
        return keep_answer(tx, caller, http::ok(json));
    };
    co_return co_await db.write(work);
}

}  // namespace turnpike
