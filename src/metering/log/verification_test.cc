#include "metering/log/verification.h"

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "metering/log/files/log_directory.h"
#include "metering/log/identity/identity_hash.h"
#include "metering/log/identity/identity_set.h"
#include "metering/log/requests_testing.h"
#include "metering/log/segment/sealing.h"
#include "metering/log/state/usage_snapshot.h"
#include "metering/log/usage_log.h"

namespace turnpike {
namespace {

using testing::overwrite;
using testing::Requests;

struct Checked {
    std::vector<std::string> problems, notes;
    std::optional<UsageState> state;
};

Checked check_folder(const std::string& directory) {
    Checked checked;
    std::uint64_t done = 0, all = 0;
    checked.state = verify_usage_log(
        directory, {.problem = [&](const auto& what) { checked.problems.push_back(what); },
                    .note = [&](const auto& what) { checked.notes.push_back(what); },
                    .progress =
                        [&](std::uint64_t now, std::uint64_t of) {
                            EXPECT_LE(done, now);
                            done = now;
                            all = of;
                        }});
    EXPECT_EQ(done, all);
    return checked;
}

/// A usage log with one file of each kind: three requests in a sealed segment, two in the one
/// behind it; the identities of the first two events in a run, those of the third request's in the
/// snapshot.
class VerificationTest : public ::testing::Test {
protected:
    void SetUp() override {
        const std::string& log = folder_.path();
        for (const auto& part : {segments_in(log), identities_in(log), snapshots_in(log)})
            std::filesystem::create_directory(part);
        requests_.send({"a", "b"}, "cus_a", testing::window("pv_1", 0));
        requests_.name("cus_b");
        requests_.send_wide({"c"}, "cus_c", testing::window("pv_1", 0));
        const auto first = testing::finished_segment(segments_in(folder_.path()), requests_);
        ASSERT_TRUE(seal_segment(first, 4));
        const auto state = state_of(requests_.all());
        ASSERT_TRUE(save_snapshot(state, snapshots_in(folder_.path()), 4));

        std::string tail;
        std::uint64_t sequence = 3;
        for (const char* id : {"d", "e"}) {
            requests_.send({id}, "cus_a", testing::window("pv_1", 0));
            tail += testing::sealed(++sequence, requests_.payloads().back());
        }
        overwrite(in(kTail), 0, tail);
        save_identities({"a", "b"}, {"c"});
    }
    [[nodiscard]] std::string in(const std::string& name) const {
        return folder_.path() + "/" + name;
    }
    static UsageState state_of(std::string_view records) {
        UsageState state;
        RecordReader reader(records);
        while (const auto record = reader.next()) EXPECT_TRUE(state.apply(*record));
        return state;
    }
    /// Of events that Requests has sent: their contents are counted from 100 on.
    void save_identities(const std::vector<std::string>& in_run,
                         const std::vector<std::string>& in_snapshot,
                         std::uint32_t content = 100) const {
        for (const auto& part : {identities_in(folder_.path()), snapshots_in(folder_.path())})
            for (const auto& file : std::filesystem::directory_iterator(part))
                if (file.path().extension() != ".snapshot") std::filesystem::remove(file.path());
        const auto key = load_or_make_identity_key(in("identity-key"));
        auto set = IdentitySet::open({.dir = identities_in(folder_.path()), .key = *key});
        const auto durable = [] { return Result<std::monostate>(); };
        const auto insert = [&](const std::vector<std::string>& ids) {
            for (const std::string& id : ids)
                EXPECT_EQ(
                    *(*set)->batch().find_or_insert(identity_hash(*key, "test", id), content++),
                    Recall::New);
        };
        insert(in_run);
        (*set)->freeze();
        ASSERT_TRUE((*set)->write_frozen(durable));
        insert(in_snapshot);
        ASSERT_TRUE((*set)->save_snapshot(in(kIdentities), durable));
    }

    static constexpr const char* kSealed = "segments/00000000000000000001.sealed";
    static constexpr const char* kTail = "segments/00000000000000000004.log";
    static constexpr const char* kCounters = "snapshots/00000000000000000004.snapshot";
    static constexpr const char* kIdentities = "snapshots/00000000000000000004.identities";
    static constexpr const char* kRun = "identities/windows-00000001-00000001.run";
    testing::ScratchFolder folder_;
    Requests requests_;
};

TEST_F(VerificationTest, FindsNothingWhereAllIsRight) {
    const auto checked = check_folder(folder_.path());
    EXPECT_EQ(checked.problems, std::vector<std::string>());
    EXPECT_EQ(checked.notes, std::vector<std::string>());
    ASSERT_TRUE(checked.state);
    EXPECT_EQ(checked.state->events(), 5U);
    EXPECT_EQ(checked.state->counter({"cus_a", ""}, "api_calls", testing::kStart)->used,
              Quantity::whole(4));
    const auto log = UsageLog::open({folder_.path(), testing::kSmallSegmentBytes, 1'000});
    ASSERT_TRUE(log) << "a server can use this folder: " << log.error().message;
}

TEST_F(VerificationTest, NamesEachDamagedFile) {
    const struct {
        const char* file;
        std::size_t at;
    } cases[] = {{kSealed, 20},    {kSealed, 100},       {kTail, 20}, {kCounters, 20},
                 {kIdentities, 8}, {kIdentities, 4'100}, {kRun, 8},   {kRun, 4'100},
                 {kRun, 8'200},    {"identity-key", 3}};
    for (const auto& c : cases) {
        SCOPED_TRACE(c.file + (":" + std::to_string(c.at)));
        const std::string good = testing::bytes_of(in(c.file));
        ASSERT_LT(c.at, good.size());
        overwrite(in(c.file), c.at, std::string(1, static_cast<char>(good[c.at] ^ 0x20)));
        const auto checked = check_folder(folder_.path());
        ASSERT_FALSE(checked.problems.empty());
        EXPECT_TRUE(checked.problems.front().contains(in(c.file))) << checked.problems.front();
        overwrite(in(c.file), 0, good);
    }
    EXPECT_TRUE(check_folder(folder_.path()).problems.empty());
}

TEST_F(VerificationTest, NamesWhatIsMissing) {
    const struct {
        const char* file;
        const char* expected;
    } cases[] = {
        {kSealed, "it begins at frame 4, and frame 1 is missing"},
        {kTail, "the segment behind it, from frame 4 on, is missing"},
        {kRun, "follows window 1, and the last run ends with 0"},
        {"identity-key", "identity-key: it is missing"},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.file);
        std::filesystem::rename(in(c.file), in("elsewhere"));
        const auto checked = check_folder(folder_.path());
        ASSERT_FALSE(checked.problems.empty());
        EXPECT_TRUE(checked.problems.front().contains(c.expected)) << checked.problems.front();
        std::filesystem::rename(in("elsewhere"), in(c.file));
    }
}

TEST_F(VerificationTest, HoldsIdentitiesAgainstTheEvents) {
    const struct {
        const char* name;
        std::vector<std::string> in_run, in_snapshot;
        std::uint32_t content;
        const char* expected;  ///< "": all is right
    } cases[] = {
        {"as it is", {"a", "b"}, {"c"}, 100, ""},
        {"later ones may be known", {"a", "b"}, {"c", "d"}, 100, ""},
        {"all in the snapshot", {}, {"a", "b", "c"}, 100, ""},
        {"another in the run", {"a", "x"}, {"c"}, 100, "the identities of the first 2 events"},
        {"another content in the run", {"b", "a"}, {"c"}, 100, "the first 2 events"},
        {"one is missing", {"a", "b"}, {}, 100, "it lacks the identities of 1 events"},
        {"one is nobody's", {"a", "b"}, {"c", "x"}, 100, "1 identities that no event has"},
        {"another content", {}, {"a", "b", "c"}, 99, "another content for 3 events"},
        {"more than there are", {"a", "b", "c", "d", "e", "f"}, {}, 100, "the log has 5 events"},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.name);
        save_identities(c.in_run, c.in_snapshot, c.content);
        const auto checked = check_folder(folder_.path());
        const std::string expected = c.expected;
        ASSERT_EQ(checked.problems.size(), expected.empty() ? 0U : 1U);
        if (!expected.empty()) {
            EXPECT_TRUE(checked.problems.front().contains(expected)) << checked.problems.front();
        }
    }
}

TEST_F(VerificationTest, HoldsTheSnapshotOfCountersAgainstTheSegments) {
    // One that lacks the third request.
    const std::string& first = requests_.payloads()[0];
    ASSERT_TRUE(save_snapshot(state_of(first), snapshots_in(folder_.path()), 4));
    const auto checked = check_folder(folder_.path());
    ASSERT_FALSE(checked.problems.empty());
    std::string all;
    for (const auto& problem : checked.problems) {
        EXPECT_TRUE(problem.starts_with(in(kCounters))) << problem;
        all += problem + "\n";
    }
    EXPECT_TRUE(all.contains("it does not know counter 1 (cus_c, the default plan, api_calls"))
        << all;
    EXPECT_TRUE(all.contains("it does not know name 1 of table 0")) << all << "of cus_b";
    EXPECT_TRUE(
        all.contains("the snapshot says 1 arrivals, 2 events, the segments say 2 arrivals, "
                     "3 events"))
        << all;

    std::filesystem::remove(in(kCounters));
    ASSERT_TRUE(save_snapshot(state_of(first), snapshots_in(folder_.path()), 3));
    EXPECT_TRUE(
        check_folder(folder_.path()).problems.front().contains("no segment begins at frame 3"));
}

TEST_F(VerificationTest, ATornTailIsNoDamage) {
    const auto size = testing::sealed(4, requests_.payloads()[3]).size();
    overwrite(in(kTail), size + kFrameHeadBytes, "X");
    const auto checked = check_folder(folder_.path());
    EXPECT_TRUE(checked.problems.empty());
    ASSERT_EQ(checked.notes.size(), 1U);
    EXPECT_TRUE(checked.notes.front().contains("tore a frame at byte " + std::to_string(size)))
        << checked.notes.front();
}

}  // namespace
}  // namespace turnpike
