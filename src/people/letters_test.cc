#include "people/letters.h"

#include <gtest/gtest.h>

#include "access/keyed_testing.h"
#include "people/invitations.h"
#include "people/letters_testing.h"
#include "people/members.h"
#include "people/organizations_testing.h"
#include "people/password_resets.h"

namespace turnpike {
namespace {

using namespace std::chrono_literals;
using testing::code_of;
using testing::OrganizationsWorld;
using testing::seen;

/// As kTeamsCatalog, without a limit on how many there are.
constexpr const char* kRoomyCatalog = R"(
[[plans]]
key = "free"
name = "Free"
rank = 0
default = true
prices = [{ currency = "usd", interval = "month", amount = "0.00" }]
)";

class LettersTest : public sql::DatabaseTest {
protected:
    void SetUp() override {
        sql::DatabaseTest::SetUp();
        if (IsSkipped()) return;
        world_ = std::make_unique<OrganizationsWorld>(db(), kRoomyCatalog);
        olga_ = world_->sign_up("olga");
        acme_ = world_->organization(olga_);
    }
    LetterDesk& desk() { return world_->api.letters; }
    /// Every notice that is about to be sent, opened.
    std::vector<LetterValues> due(Instant at) {
        std::vector<LetterValues> letters;
        const auto claimed = db().write_blocking(
            [&](sql::Transaction& tx) { return claim_notices(tx, at, at + 1min, 1'000); });
        for (const auto& one : claimed) letters.push_back(open_values(world_->box, one).value());
        return letters;
    }
    std::string stored() {
        std::string all;
        const auto rows = db().read_blocking(
            [](sql::Transaction& tx) { return tx.all("SELECT data, sealed_data FROM notices"); });
        for (const auto& row : rows) all += row.text(0) + row.maybe_text(1).value_or("");
        return all;
    }
    Result<std::monostate> ask_reset(const std::string& email) {
        return db().write_blocking([&](sql::Transaction& tx) {
            return request_reset(tx, {email, "req"}, desk(), world_->clock.now(), world_->ids);
        });
    }
    Json withdraw(const Json& invitation) {
        return seen(world_->call(&OrganizationsApi::delete_invitation, olga_, OrgRole::Admin,
                                 {{"organization", acme_}, {"invitation", invitation["id"]}}))
            .body;
    }

    std::unique_ptr<OrganizationsWorld> world_;
    Principal olga_;
    std::string acme_;
};
INSTANTIATE_TEST_SUITE_P(, LettersTest, sql::both_engines(), sql::engine_name);

TEST_P(LettersTest, TheSecretIsInTheLetterAlone) {
    const auto invited = seen(world_->invite(olga_, acme_, "bob@example.com")).body;
    EXPECT_EQ(invited["letter"], true);
    EXPECT_FALSE(invited.contains("token"));
    const auto code = world_->letter("bob@example.com");
    EXPECT_TRUE(code.starts_with("tpi_"));
    EXPECT_FALSE(stored().contains(code)) << "it stands sealed";
    EXPECT_FALSE(stored().contains("Acme"));
}

TEST_P(LettersTest, WithoutAMailServerTheAnswerHasIt) {
    desk().sends_mail = false;
    const auto invited = seen(world_->invite(olga_, acme_, "bob@example.com")).body;
    EXPECT_EQ(invited["letter"], false);
    EXPECT_EQ(code_of(world_->accept(world_->sign_up("bob"), invited["token"])), "ok");
    EXPECT_EQ(world_->count("notices"), 0);
}

TEST_P(LettersTest, LeadsToThePagesOfTheHost) {
    desk().pages = {"https://app.example/join#{token}", "https://app.example/reset?t={token}&x=1"};
    ASSERT_TRUE(world_->invite(olga_, acme_, "bob@example.com", "admin"));
    ASSERT_TRUE(ask_reset("olga@example.com"));
    const auto letters = due(world_->clock.now());
    ASSERT_EQ(letters.size(), 2U);
    // Both are of one moment, and so in no order.
    const bool is_first = letters[0].contains("organization");
    const LetterValues& invitation = letters[is_first ? 0 : 1];
    const LetterValues& reset = letters[is_first ? 1 : 0];
    EXPECT_TRUE(invitation.at("page_url").starts_with("https://app.example/join#tpi_"));
    EXPECT_EQ(invitation.at("organization"), "Acme, Inc.");
    EXPECT_EQ(invitation.at("role"), "admin");
    EXPECT_EQ(invitation.at("inviter"), "olga (olga@example.com)");
    // Made at 22:13:20 on 14 November 2023, and good for seven days.
    EXPECT_EQ(invitation.at("expires_at"), "21 November 2023 at 22:13 UTC");
    EXPECT_FALSE(invitation.contains("code"));
    EXPECT_TRUE(reset.at("page_url").starts_with("https://app.example/reset?t=tpr_"));
    EXPECT_TRUE(reset.at("page_url").ends_with("&x=1"));
}

TEST_P(LettersTest, TheSellerInvitesInHisOwnName) {
    const auto root = world_->sign_up("root", Superuser::Yes);
    ASSERT_TRUE(world_->invite(root, acme_, "bob@example.com"));
    const auto letters = due(world_->clock.now());
    ASSERT_EQ(letters.size(), 1U);
    EXPECT_FALSE(letters[0].contains("inviter"));
    EXPECT_EQ(letters[0].at("by_seller"), "");
}

TEST_P(LettersTest, WhatIsSentIsForgotten) {
    ASSERT_TRUE(world_->invite(olga_, acme_, "bob@example.com"));
    const auto now = world_->clock.now();
    db().write_blocking([&](sql::Transaction& tx) {
        mark_notice_sent(tx, claim_notices(tx, now, now + 1min, 1).at(0), now);
        return true;
    });
    EXPECT_EQ(stored(), "{}");
}

TEST_P(LettersTest, WhatIsOfNoMoreUseIsNotSent) {
    ASSERT_TRUE(ask_reset("olga@example.com"));
    const auto sweep = [&](Instant at) {
        return db().write_blocking([&](sql::Transaction& tx) { return sweep_notices(tx, at); });
    };
    EXPECT_EQ(sweep(world_->clock.now() + kResetLife), 0);
    EXPECT_EQ(sweep(world_->clock.now() + kResetLife + 1s), 1);
    EXPECT_EQ(stored(), "{}");
}

TEST_P(LettersTest, AWithdrawnInvitationIsNotSent) {
    const auto invited = seen(world_->invite(olga_, acme_, "bob@example.com")).body;
    EXPECT_EQ(withdraw(invited)["state"], "withdrawn");
    EXPECT_TRUE(due(world_->clock.now()).empty());
    EXPECT_EQ(stored(), "{}");
}

TEST_P(LettersTest, NobodysMailboxIsFlooded) {
    for (int i = 0; i < kInvitationLettersPerDay; ++i)
        withdraw(seen(world_->invite(olga_, acme_, "bob@example.com")).body);
    const auto refused = world_->invite(olga_, acme_, "bob@example.com");
    EXPECT_EQ(code_of(refused), "invitation.too_many_letters");
    EXPECT_EQ(refused.error().retry_after_s, 86'400) << "the first of them was sent just now";
    const auto other = world_->organization(olga_, "Other");
    EXPECT_EQ(code_of(world_->invite(olga_, other, "bob@EXAMPLE.com")),
              "invitation.too_many_letters");
    EXPECT_EQ(code_of(world_->invite(olga_, other, "BoB@example.com")),
              "invitation.too_many_letters")
        << "the same mailbox";
    EXPECT_EQ(code_of(world_->invite(olga_, acme_, "carl@example.com")), "ok");
    world_->clock.advance(24h);
    EXPECT_EQ(code_of(world_->invite(olga_, acme_, "bob@example.com")), "ok");
}

TEST_P(LettersTest, AnOrganizationInvitesOnlySoMany) {
    for (int i = 0; i < kInvitationsPerDay; ++i)
        ASSERT_TRUE(world_->invite(olga_, acme_, "u" + std::to_string(i) + "@example.com"));
    EXPECT_EQ(code_of(world_->invite(olga_, acme_, "last@example.com")), "invitation.too_many");
    const auto root = world_->sign_up("root", Superuser::Yes);
    EXPECT_EQ(code_of(world_->invite(root, acme_, "last@example.com")), "ok") << "for the seller";
}

// 60 and 40 of two organizations are the hundred of one person.
TEST_P(LettersTest, AUserInvitesOnlySoManyOverAllHisOrganizations) {
    const auto other = world_->organization(olga_, "Other");
    for (int i = 0; i < kInvitationsPerDay; ++i)
        ASSERT_TRUE(world_->invite(olga_, i < 60 ? acme_ : other,
                                   "u" + std::to_string(i) + "@example.com"));
    EXPECT_EQ(code_of(world_->invite(olga_, acme_, "last@example.com")), "invitation.too_many");
    EXPECT_EQ(code_of(world_->invite(olga_, other, "last@example.com")), "invitation.too_many");
    const auto root = world_->sign_up("root", Superuser::Yes);
    EXPECT_EQ(code_of(world_->invite(root, other, "last@example.com")), "ok") << "for the seller";
    world_->clock.advance(24h);
    EXPECT_EQ(code_of(world_->invite(olga_, acme_, "last@example.com")), "ok");
}

TEST_P(LettersTest, WhoIsInvitedSignsUpWithHisToken) {
    ASSERT_TRUE(world_->invite(olga_, acme_, "bob@example.com"));
    const auto token = world_->letter("bob@example.com");
    const auto check = [&](const char* email, std::string_view secret, Instant at) {
        const auto invited = db().read_blocking(
            [&](sql::Transaction& tx) { return check_invited(tx, email, secret, at); });
        return invited ? std::string("ok") : std::string(invited.error().reason.text());
    };
    const auto now = world_->clock.now();
    EXPECT_EQ(check("Bob@EXAMPLE.com", token, now), "ok") << "the same mailbox";
    EXPECT_EQ(check("mallory@example.com", token, now), "people.sign_up_closed");
    EXPECT_EQ(check("bob@example.com", "", now), "people.sign_up_closed");
    EXPECT_EQ(check("bob@example.com", token, now + kInvitationLife), "people.sign_up_closed");
    EXPECT_EQ(code_of(world_->accept(world_->sign_up("bob"), token)), "ok");
    EXPECT_EQ(check("bob@example.com", token, now), "people.sign_up_closed") << "used";
}

TEST_P(LettersTest, AResetWithoutAMailServerIsRefusedForEverybody) {
    desk().sends_mail = false;
    for (const char* email : {"olga@example.com", "nobody@example.com", "nonsense"})
        EXPECT_EQ(ask_reset(email).error().reason, Reason("people.no_letters"));
    EXPECT_EQ(world_->count("password_resets"), 0);
}

// The effect is committed, and the process dies before it has answered.
TEST_P(LettersTest, ARepetitionAfterACrashIsAnsweredAlike) {
    KeyedRequests keys(db(), world_->box, world_->clock, world_->ids);
    desk().sends_mail = false;
    const auto repeat = [&](OrganizationsWorld::Handler handler, const Principal& who,
                            OrganizationsWorld::Path path, const Json& body) {
        auto request = testing::request_with(body.is_null() ? "" : to_text(body));
        request.path_values = std::move(path);
        const auto call = [&](const Principal& asking, const http::Request& asked) {
            return testing::run((world_->api.*handler)(asking, asked));
        };
        const auto [first, again] = testing::repeat_after_crash(keys, who, request, call);
        EXPECT_TRUE(first) << first.error().message;
        EXPECT_TRUE(again);
        if (again && first) {
            EXPECT_EQ(again->status, first->status);
            EXPECT_EQ(again->body, first->body);
        }
        return seen(first).body;
    };
    using Api = OrganizationsApi;
    olga_.needed_role = OrgRole::Owner;
    const OrganizationsWorld::Path acme{{"organization", acme_}};
    repeat(&Api::post_organization, olga_, {}, {{"name", "Second"}});
    const auto invited = repeat(&Api::post_invitation, olga_, acme, {{"email", "bob@example.com"}});
    auto bob = world_->sign_up("bob");
    bob.needed_role = OrgRole::Owner;
    repeat(&Api::post_accept, bob, {}, {{"token", invited["token"]}});
    const auto project = repeat(&Api::post_project, olga_, acme, {{"name", "Apollo"}});
    repeat(&Api::post_archive, olga_, {{"organization", acme_}, {"project", project["id"]}}, {});
    repeat(&Api::post_transfer, olga_, acme, {{"user", bob.user->text()}});
    repeat(&Api::post_deactivate, bob, acme, {});
    repeat(&Api::post_reactivate, bob, acme, {});
    olga_.needed_role = OrgRole::Member;
    repeat(&Api::post_leave, olga_, acme, {});
    EXPECT_EQ(world_->count("organizations"), 2) << "Acme and Second";
    EXPECT_EQ(world_->count("invitations"), 1);
    EXPECT_EQ(world_->count("projects"), 1);
}

// A refusal has changed nothing, so that the same request may succeed when there is room.
TEST_P(LettersTest, ARefusalIsNotKept) {
    world_->sell(testing::kTeamsCatalog);
    KeyedRequests keys(db(), world_->box, world_->clock, world_->ids);
    auto request = testing::request_with(R"({"email":"late@example.com"})");
    request.path_values = {{"organization", acme_}};
    for (const char* name : {"a", "b"})
        ASSERT_TRUE(world_->invite(olga_, acme_, std::string(name) + "@example.com"));
    auto caller = olga_;
    caller.needed_role = OrgRole::Admin;
    const auto call = [&](const Principal& asking, const http::Request& asked) {
        return testing::run(world_->api.post_invitation(asking, asked));
    };
    const auto [first, again] = testing::repeat_after_crash(keys, caller, request, call);
    EXPECT_EQ(first->status, 403);
    EXPECT_FALSE(again) << "it runs afresh";
}

}  // namespace
}  // namespace turnpike
