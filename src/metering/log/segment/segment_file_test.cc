#include "metering/log/segment/segment_file.h"

#include <csignal>
#include <filesystem>

#include <gtest/gtest.h>
#include <sys/resource.h>

#include "metering/log/log_testing.h"

namespace turnpike {
namespace {

using testing::bytes_of;
using testing::overwrite;
using testing::ScratchFolder;
using testing::sealed;
using State = SegmentEnd::State;

constexpr std::size_t kBytes = 1 << 16;

class SegmentFileTest : public ::testing::Test {
protected:
    /// A segment from sequence 1 on with these payloads.
    SegmentPlace segment_with(const std::vector<std::string>& payloads) {
        auto file = SegmentFile::allocate(folder_.path(), kBytes);
        EXPECT_TRUE(file);
        EXPECT_TRUE(file->begin(1));
        std::uint64_t sequence = 1;
        for (const auto& payload : payloads) EXPECT_TRUE(file->append(sealed(sequence++, payload)));
        return {file->path(), 1};
    }

    struct Scanned {
        SegmentEnd end;
        std::vector<std::string> payloads;
    };
    static Scanned scan(const SegmentPlace& place, std::uint64_t from = 1) {
        Scanned scanned;
        const auto end = scan_segment(place, from, [&](std::uint64_t, std::string_view payload) {
            scanned.payloads.emplace_back(payload);
            return Result<std::monostate>();
        });
        EXPECT_TRUE(end);
        scanned.end = *end;
        return scanned;
    }

    ScratchFolder folder_;
};

using Texts = std::vector<std::string>;

TEST_F(SegmentFileTest, GivesBackWhatWasAppended) {
    const auto place = segment_with({"one", "two", "three"});
    EXPECT_EQ(std::filesystem::file_size(place.path), kBytes);
    EXPECT_TRUE(place.path.ends_with("/00000000000000000001.log"));
    const auto all = scan(place);
    EXPECT_EQ(all.payloads, (Texts{"one", "two", "three"}));
    EXPECT_EQ(all.end.state, State::Clean);
    EXPECT_EQ(all.end.next_sequence, 4U);
    EXPECT_EQ(all.end.offset, 72U);  // three frames of 24 bytes
    EXPECT_EQ(scan(place, 3).payloads, Texts{"three"});
}

TEST_F(SegmentFileTest, TellsATornTailFromDamage) {
    const std::string noise(24, 'x');
    const struct {
        const char* name;
        std::size_t offset;
        std::string bytes;
        State state;
        std::size_t frames;
    } cases[] = {
        {"half of the last frame", 48 + 12, std::string(12, '\0'), State::Torn, 2},
        {"its head only is gone", 48, std::string(16, '\0'), State::Torn, 2},
        {"garbage behind it", 72, noise, State::Torn, 3},
        {"garbage far behind it", 4096, noise, State::Torn, 3},
        {"one byte in the middle", 24 + 17, "X", State::Damaged, 1},
        {"zeros in the middle", 24, std::string(24, '\0'), State::Damaged, 1},
        {"one byte of the first", 3, "X", State::Damaged, 0},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.name);
        const auto place = segment_with({"one", "two", "three"});
        overwrite(place.path, c.offset, c.bytes);
        const auto scanned = scan(place);
        EXPECT_EQ(scanned.end.state, c.state);
        EXPECT_EQ(scanned.payloads.size(), c.frames);
        EXPECT_EQ(scanned.end.next_sequence, c.frames + 1);
    }
}

TEST_F(SegmentFileTest, GoesOnAfterATornTailAndLeavesNothingOfIt) {
    const auto place = segment_with({"one", "two"});
    // A crash tore a large frame 3: its head is there, and a copy of a later frame inside of it.
    const std::string torn =
        sealed(3, std::string(16, 'y') + sealed(4, "old") + std::string(99, 'y'));
    overwrite(place.path, 48, torn.substr(0, 48));
    ASSERT_EQ(scan(place).end.state, State::Torn);

    auto file = SegmentFile::reopen(place, scan(place).end, kBytes);
    ASSERT_TRUE(file);
    EXPECT_EQ(file->room(), kBytes - 48);
    EXPECT_TRUE(file->append(sealed(3, "new")));
    const auto scanned = scan(place);
    EXPECT_EQ(scanned.payloads, (Texts{"one", "two", "new"}));
    EXPECT_EQ(scanned.end.state, State::Clean);
    EXPECT_EQ(bytes_of(place.path).find_first_not_of('\0', 72), std::string::npos);
}

TEST_F(SegmentFileTest, AVisitorsErrorEndsTheScan) {
    const auto place = segment_with({"one", "two"});
    int visits = 0;
    const auto end = scan_segment(place, 1, [&](std::uint64_t, std::string_view) {
        ++visits;
        return Result<std::monostate>(fail(ErrorCode::Unavailable, "usage_log.damaged", "no"));
    });
    ASSERT_FALSE(end);
    EXPECT_EQ(end.error().reason, Reason("usage_log.damaged"));
    EXPECT_EQ(visits, 1);
}

TEST_F(SegmentFileTest, AreListedInOrderAndNothingElseIs) {
    for (const std::uint64_t first : {200U, 3U, 10U}) {
        auto file = SegmentFile::allocate(folder_.path(), kBytes);
        ASSERT_TRUE(file);
        ASSERT_TRUE(file->begin(first));
    }
    ASSERT_TRUE(SegmentFile::allocate(folder_.path(), kBytes));
    for (const char* other : {"/key", "/12.log", "/0000000000000000000x.log"})
        std::ofstream(folder_.path() + other) << "x";
    const auto found = list_segments(folder_.path());
    ASSERT_TRUE(found);
    ASSERT_EQ(found->size(), 3U);
    EXPECT_EQ((*found)[0].first_sequence, 3U);
    EXPECT_EQ((*found)[1].first_sequence, 10U);
    EXPECT_EQ((*found)[2].first_sequence, 200U);
    EXPECT_EQ(list_segments(folder_.path() + "/absent").error().reason,
              Reason("usage_log.unreachable"));
}

/// The system refuses files beyond a size, as a full disk refuses space.
class FileSizeLimit {
public:
    explicit FileSizeLimit(rlim_t bytes) {
        std::signal(SIGXFSZ, SIG_IGN);
        ::getrlimit(RLIMIT_FSIZE, &before_);
        const rlimit lower{bytes, before_.rlim_max};
        ::setrlimit(RLIMIT_FSIZE, &lower);
    }
    ~FileSizeLimit() { ::setrlimit(RLIMIT_FSIZE, &before_); }

private:
    rlimit before_{};
};

TEST_F(SegmentFileTest, NamesTheDiskThatHasNoSpace) {
    {
        const FileSizeLimit limit(kBytes / 2);
        const auto refused = SegmentFile::allocate(folder_.path(), kBytes);
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error().reason, Reason("usage_log.disk_full"));
        EXPECT_TRUE(std::filesystem::is_empty(folder_.path()));
    }
    EXPECT_TRUE(SegmentFile::allocate(folder_.path(), kBytes));
}

TEST_F(SegmentFileTest, SaysThatAWriteFailed) {
    auto file = SegmentFile::allocate(folder_.path(), kBytes);
    ASSERT_TRUE(file);
    ASSERT_TRUE(file->begin(1));
    const FileSizeLimit limit(8);
    const auto written = file->append(sealed(1, "one"));
    ASSERT_FALSE(written);
    EXPECT_EQ(written.error().reason, Reason("usage_log.write_failed"));
}

}  // namespace
}  // namespace turnpike
