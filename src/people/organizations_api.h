#pragma once

#include <string>
#include <string_view>
#include <type_traits>

#include <boost/asio/awaitable.hpp>

#include "access/cursor.h"
#include "access/keyed_request.h"
#include "access/page.h"
#include "access/principal.h"
#include "audit/authority.h"
#include "base/id.h"
#include "catalog/cache.h"
#include "http/message.h"
#include "json/value.h"
#include "people/letters.h"
#include "people/organizations.h"
#include "people/seats.h"
#include "sql/database.h"

namespace turnpike {

namespace asio = boost::asio;

/// Handlers of /v1/organizations and of accepting an invitation. The policy table has let the
/// caller in, and said which role the route needs; whether he has it is found out here.
struct OrganizationsApi {
    using Answer = asio::awaitable<Result<http::Response>>;

    sql::Database& db;
    const Clock& clock;
    IdSource& ids;
    CatalogCache& catalog;
    const CursorCodec& cursors;
    std::string upgrade_url;  ///< "": refusals name no page
    LetterDesk letters;

    /// GET /v1/organizations: a user's own; for the seller all. Paged as every listing.
    Answer get_organizations(const Principal& caller, const http::Request& request);
    /// POST /v1/organizations {"name", "slug", "catalog", "owner"}; 201. Only the seller names an
    /// owner, and must, and a catalog.
    Answer post_organization(const Principal& caller, const http::Request& request);
    Answer get_organization(const Principal& caller, const http::Request& request);
    /// PATCH {"name", "slug", "billing_email"}
    Answer patch_organization(const Principal& caller, const http::Request& request);
    Answer post_deactivate(const Principal& caller, const http::Request& request);
    Answer post_reactivate(const Principal& caller, const http::Request& request);
    /// POST .../transfer {"user"}
    Answer post_transfer(const Principal& caller, const http::Request& request);

    Answer get_members(const Principal& caller, const http::Request& request);
    /// PATCH .../members/{user} {"role"}
    Answer patch_member(const Principal& caller, const http::Request& request);
    Answer delete_member(const Principal& caller, const http::Request& request);
    Answer post_leave(const Principal& caller, const http::Request& request);

    Answer get_invitations(const Principal& caller, const http::Request& request);
    /// POST .../invitations {"email", "role"}; 201, or 403 with how many there are
    Answer post_invitation(const Principal& caller, const http::Request& request);
    Answer delete_invitation(const Principal& caller, const http::Request& request);
    /// POST /v1/invitations/accept {"token"}
    Answer post_accept(const Principal& caller, const http::Request& request);

    Answer get_projects(const Principal& caller, const http::Request& request);
    /// POST .../projects {"name"}; 201, or 403 with how many there are
    Answer post_project(const Principal& caller, const http::Request& request);
    Answer get_project(const Principal& caller, const http::Request& request);
    /// PATCH .../projects/{project} {"name"}
    Answer patch_project(const Principal& caller, const http::Request& request);
    Answer post_archive(const Principal& caller, const http::Request& request);

private:
    using Admit = Result<OrgAccess> (*)(sql::Transaction& tx, const Principal& caller,
                                        std::string_view ref);
    /// Answers with `work(tx, deed)`, done in the organization of the path in one transaction, and
    /// keeps the answer there.
    template <class Work>
    Answer change(const Principal& caller, const http::Request& request, Admit admit, Work work);
    /// How rows of an organization are found, written, and marked in a cursor.
    template <class Fetch, class Write, class Mark>
    struct Rows {
        Fetch fetch;
        Write write;
        Mark mark;
    };
    template <class Fetch, class Write, class Mark>
    Answer list(const Principal& caller, const http::Request& request, std::string_view what,
                Rows<Fetch, Write, Mark> rows);
    http::Response no_room(const SeatState& seat, Seats seats, const http::Request& request) const;
};

template <class Work>
OrganizationsApi::Answer OrganizationsApi::change(const Principal& caller,
                                                  const http::Request& request, Admit admit,
                                                  Work work) {
    const Authority authority = authority_of(caller, request);
    auto in_one = [&](sql::Transaction& tx) -> Result<http::Response> {
        const auto access = admit(tx, caller, request.path_value("organization"));
        if (!access) return failure(access);
        const OrgDeed deed{*access, authority, clock.now(), ids, catalog};
        Result<http::Response> answer = work(tx, deed);
        // A refusal is no deed: what stood in the way may be gone at the next time.
        if (!answer || answer->status >= 400) return answer;
        return keep_answer(tx, caller, *std::move(answer));
    };
    co_return co_await db.write(in_one);
}

template <class Fetch, class Write, class Mark>
OrganizationsApi::Answer OrganizationsApi::list(const Principal& caller,
                                                const http::Request& request, std::string_view what,
                                                Rows<Fetch, Write, Mark> rows) {
    const std::string listing =
        std::string(what) + " " + request.path_value("organization") + " " + caller.name;
    const auto query = read_page(request, cursors, listing);
    if (!query) co_return failure(query);
    using T = std::invoke_result_t<const Fetch&, sql::Transaction&, const OrganizationId&,
                                   const PageQuery&>;
    auto work = [&](sql::Transaction& tx) -> Result<T> {
        const auto access = member_of(tx, caller, request.path_value("organization"));
        if (!access) return failure(access);
        return rows.fetch(tx, access->organization.id, *query);
    };
    auto fetched = co_await db.read(work);
    if (!fetched) co_return failure(fetched);
    const auto page = cut_page(*std::move(fetched), *query);
    Json data = Json::array();
    for (const auto& row : page.items) data.push_back(rows.write(row));
    std::optional<PageMark> last;
    if (page.has_more) last = rows.mark(page.items.back());
    co_return list_response(std::move(data), cursors, listing, last);
}

}  // namespace turnpike
