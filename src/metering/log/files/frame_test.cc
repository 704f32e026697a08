#include "metering/log/files/frame.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "metering/log/log_testing.h"

namespace turnpike {
namespace {

using testing::sealed;
using State = FrameRead::State;

TEST(Frame, HasTheLayoutThatIsWrittenDown) {
    const std::string frame = sealed(0x0102, "abc");
    ASSERT_EQ(frame.size(), 24U);  // 16 + 3, up to a multiple of 8
    EXPECT_EQ(frame.substr(0, 4), std::string("\x03\0\0\0", 4));
    EXPECT_EQ(frame.substr(8, 8), std::string("\x02\x01\0\0\0\0\0\0", 8));
    EXPECT_EQ(frame.substr(16), std::string("abc\0\0\0\0\0", 8));
}

TEST(Frame, EndsWhereNothingWasWritten) {
    for (const std::size_t zeros : {0U, 3U, 16U, 4096U}) {
        SCOPED_TRACE(zeros);
        EXPECT_EQ(read_frame(std::string(zeros, '\0')).state, State::End);
    }
    EXPECT_EQ(read_frame("abc").state, State::Bad);
    EXPECT_EQ(read_frame(std::string("\0\0\0\0\1\0\0\0\0\0\0\0\0\0\0\0", 16)).state, State::Bad);
}

RC_GTEST_PROP(FrameProperties, WhatIsWrittenIsRead,
              (const std::string& more, std::uint64_t sequence, const std::string& behind)) {
    const std::string payload = "x" + more;
    const std::string frame = sealed(sequence, payload);
    const std::string bytes = frame + behind;
    const auto read = read_frame(bytes);
    RC_ASSERT(read.state == State::Frame);
    RC_ASSERT(read.payload == payload);
    RC_ASSERT(read.sequence == sequence);
    RC_ASSERT(read.size == frame.size());
    RC_ASSERT(read.size == frame_bytes(payload.size()));
}

RC_GTEST_PROP(FrameProperties, AnyFlippedBitOfItIsFound, (std::uint64_t sequence)) {
    const std::string payload = "x" + *rc::gen::arbitrary<std::string>();
    std::string frame = sealed(sequence, payload);
    // The padding carries nothing and is not looked at.
    const auto bit = *rc::gen::inRange<std::size_t>(0, 8 * (kFrameHeadBytes + payload.size()));
    frame[bit / 8] = static_cast<char>(frame[bit / 8] ^ (1 << (bit % 8)));
    RC_ASSERT(read_frame(frame).state == State::Bad);
}

RC_GTEST_PROP(FrameProperties, AnyCutOfItIsBad, (std::uint64_t sequence)) {
    const std::string payload = "x" + *rc::gen::arbitrary<std::string>();
    const std::string frame = sealed(sequence, payload);
    const auto length = *rc::gen::inRange<std::size_t>(1, frame.size());
    RC_ASSERT(read_frame(frame.substr(0, length)).state == State::Bad);
}

TEST(Frame, IsFoundBehindDamageAtAnyMultipleOf8) {
    const std::string frame = sealed(7, "later");
    EXPECT_TRUE(holds_frame_from(std::string(8, 'x') + frame, 7));
    EXPECT_TRUE(holds_frame_from(std::string(800, 'x') + frame + "xx", 6));
    EXPECT_FALSE(holds_frame_from(frame, 8)) << "an earlier frame is an old life of these bytes";
    EXPECT_FALSE(holds_frame_from(std::string(4, 'x') + frame, 7));
    EXPECT_FALSE(holds_frame_from(std::string(800, 'x'), 7));
    EXPECT_FALSE(holds_frame_from("", 7));
}

TEST(Frame, KnowsBlankSpaceFromWrittenSpace) {
    EXPECT_TRUE(is_blank_space(""));
    EXPECT_TRUE(is_blank_space(std::string(1, '\0')));
    std::string space(100, '\0');
    EXPECT_TRUE(is_blank_space(space));
    for (const std::size_t at : {0U, 1U, 50U, 99U}) {
        space[at] = 1;
        EXPECT_FALSE(is_blank_space(space)) << at;
        space[at] = '\0';
    }
}

TEST(FrameBuffer, CanBeUsedAgain) {
    FrameBuffer frame;
    frame.append("one");
    EXPECT_EQ(frame.payload_bytes(), 3U);
    EXPECT_EQ(frame.seal(1), sealed(1, "one"));
    frame.clear();
    frame.append("t");
    frame.append("wo");
    EXPECT_EQ(frame.seal(2), sealed(2, "two"));
}

}  // namespace
}  // namespace turnpike
