#include "people/invitation_store.h"

#include "base/check.h"

namespace turnpike {
namespace {

constexpr std::string_view kInsertInvitation = R"sql(
    INSERT INTO invitations (id, hash, organization_id, email, email_key, role, state, created_at,
                             expires_at, invited_by)
    VALUES ($1, $2, $3, $4, $5, $6, 'open', $7, $8, $9)
        ON CONFLICT DO NOTHING
)sql";

constexpr std::string_view kFindInvitation = R"sql(
    SELECT id, organization_id, email, email_key, role, state, created_at, expires_at
      FROM invitations
     WHERE hash = $1
)sql";

constexpr std::string_view kLoadInvitation = R"sql(
    SELECT id, organization_id, email, email_key, role, state, created_at, expires_at
      FROM invitations
     WHERE organization_id = $1 AND id = $2
)sql";

constexpr std::string_view kEndInvitation = R"sql(
    UPDATE invitations SET state = $2 WHERE id = $1 AND state = 'open'
)sql";

constexpr std::string_view kExpireInvitations = R"sql(
    UPDATE invitations SET state = 'expired'
     WHERE organization_id = $1 AND state = 'open' AND expires_at <= $2
)sql";

constexpr std::string_view kCountOpen = R"sql(
    SELECT COUNT(*) FROM invitations WHERE organization_id = $1 AND state = 'open'
)sql";

constexpr std::string_view kCountOpenTo = R"sql(
    SELECT COUNT(*) FROM invitations
     WHERE organization_id = $1 AND email_key = $2 AND state = 'open'
)sql";

constexpr std::string_view kCountOver = R"sql(
    SELECT COUNT(*) FROM invitations
     WHERE organization_id = $1 AND state = 'open' AND expires_at <= $2
)sql";

constexpr std::string_view kListInvitations = R"sql(
    SELECT id, organization_id, email, email_key, role, state, created_at, expires_at
      FROM invitations
     WHERE organization_id = $6 AND created_at >= $1 AND created_at < $2
       AND (created_at, id) < ($3, $4)
     ORDER BY created_at DESC, id DESC
     LIMIT $5
)sql";

constexpr std::string_view kMembersEmail = R"sql(
    SELECT COUNT(*)
      FROM memberships m JOIN users u ON u.id = m.user_id
     WHERE m.organization_id = $1 AND u.email_key = $2
)sql";

constexpr std::string_view kMade = R"sql(
    SELECT created_at FROM invitations WHERE organization_id = $1
     ORDER BY created_at DESC LIMIT 1 OFFSET $2
)sql";

constexpr std::string_view kMadeTo = R"sql(
    SELECT created_at FROM invitations WHERE email_key = $1
     ORDER BY created_at DESC LIMIT 1 OFFSET $2
)sql";

constexpr std::string_view kMadeBy = R"sql(
    SELECT created_at FROM invitations WHERE invited_by = $1
     ORDER BY created_at DESC LIMIT 1 OFFSET $2
)sql";

constexpr std::string_view kOver = R"sql(
    SELECT DISTINCT organization_id FROM invitations
     WHERE state = 'open' AND expires_at <= $1
     LIMIT 100
)sql";

Invitation invitation_from_row(const sql::Row& row) {
    const auto role = parse_org_role(row.text(4));
    check(role.has_value(), "a stored role is one that we know");
    return {.id = row.id<InvitationId>(0),
            .organization = row.id<OrganizationId>(1),
            .email = row.text(2),
            .email_key = row.text(3),
            .role = *role,
            .state = row.text(5),
            .created_at = row.instant(6),
            .expires_at = row.instant(7)};
}

std::optional<Invitation> maybe_invitation(const std::optional<sql::Row>& row) {
    if (!row) return std::nullopt;
    return invitation_from_row(*row);
}

std::optional<Instant> when_of(const std::optional<sql::Row>& made) {
    return made ? std::optional(made->instant(0)) : std::nullopt;
}

}  // namespace

bool insert_invitation(sql::Transaction& tx, const Invitation& invitation, std::string_view hash,
                       const std::optional<UserId>& inviter) {
    return tx.run(kInsertInvitation,
                  {invitation.id, hash, invitation.organization, invitation.email,
                   invitation.email_key, to_text(invitation.role), invitation.created_at,
                   invitation.expires_at, inviter}) == 1;
}

std::optional<Invitation> find_invitation(sql::Transaction& tx, std::string_view hash) {
    return maybe_invitation(tx.one(kFindInvitation, {hash}));
}

std::optional<Invitation> load_invitation(sql::Transaction& tx, const OrganizationId& organization,
                                          std::string_view id) {
    return maybe_invitation(tx.one(kLoadInvitation, {organization, id}));
}

bool end_invitation(sql::Transaction& tx, const InvitationId& id, std::string_view state) {
    return tx.run(kEndInvitation, {id, state}) == 1;
}

std::int64_t expire_invitations(sql::Transaction& tx, const OrganizationId& organization,
                                Instant now) {
    return tx.run(kExpireInvitations, {organization, now});
}

bool has_open_invitation(sql::Transaction& tx, const OrganizationId& organization,
                         std::string_view email_key) {
    return tx.one(kCountOpenTo, {organization, email_key})->integer(0) > 0;
}

std::int64_t count_open_invitations(sql::Transaction& tx, const OrganizationId& organization) {
    return tx.one(kCountOpen, {organization})->integer(0);
}

std::optional<Instant> made_invitation(sql::Transaction& tx, const OrganizationId& organization,
                                       int newer) {
    return when_of(tx.one(kMade, {organization, newer}));
}

std::optional<Instant> made_invitation_to(sql::Transaction& tx, std::string_view email_key,
                                          int newer) {
    return when_of(tx.one(kMadeTo, {email_key, newer}));
}

std::optional<Instant> made_invitation_by(sql::Transaction& tx, const UserId& inviter, int newer) {
    return when_of(tx.one(kMadeBy, {inviter, newer}));
}

std::int64_t count_invitations_over(sql::Transaction& tx, const OrganizationId& organization,
                                    Instant now) {
    return tx.one(kCountOver, {organization, now})->integer(0);
}

std::vector<Invitation> list_invitations(sql::Transaction& tx, const OrganizationId& organization,
                                         const PageQuery& page) {
    std::vector<Invitation> invitations;
    for (const auto& row : tx.all(kListInvitations, {page.since, page.until, page.after.at,
                                                     page.after.id, page.fetch(), organization}))
        invitations.push_back(invitation_from_row(row));
    return invitations;
}

bool is_members_email(sql::Transaction& tx, const OrganizationId& organization,
                      std::string_view email_key) {
    return tx.one(kMembersEmail, {organization, email_key})->integer(0) > 0;
}

std::vector<OrganizationId> organizations_with_invitations_over(sql::Transaction& tx, Instant now) {
    std::vector<OrganizationId> organizations;
    for (const auto& row : tx.all(kOver, {now})) organizations.push_back(row.id<OrganizationId>(0));
    return organizations;
}

}  // namespace turnpike
