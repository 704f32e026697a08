#include "metering/log/records/leb128.h"

#include <cstdint>
#include <limits>
#include <string>

#include <gtest/gtest.h>

namespace turnpike {
namespace {

TEST(Leb128, IsSevenBitsAByteTheLowestFirst) {
    struct Case {
        std::uint64_t number;
        std::string bytes;
    };
    const Case cases[] = {
        {0, std::string(1, '\0')},
        {127, "\x7F"},
        {128, {"\x80\x01", 2}},
        {624485, "\xE5\x8E\x26"},  // DWARF 5, 7.6
        {std::numeric_limits<std::uint64_t>::max(), std::string(9, '\xFF') + "\x01"},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.number);
        std::string out;
        put_number(out, c.number);
        EXPECT_EQ(out, c.bytes);
        NumberReader reader(out);
        EXPECT_EQ(reader.number(), c.number);
        EXPECT_TRUE(reader.rest().empty());
        EXPECT_FALSE(reader.is_bad());
    }
}

TEST(Leb128, SignedNumbersAreZigzag) {
    const auto least = std::numeric_limits<std::int64_t>::min();
    const auto most = std::numeric_limits<std::int64_t>::max();
    std::string out;
    for (const std::int64_t number : {std::int64_t{0}, std::int64_t{-1}, std::int64_t{1}})
        put_signed(out, number);
    EXPECT_EQ(out, std::string("\0\1\2", 3));
    for (const std::int64_t number : {least, most}) put_signed(out, number);
    NumberReader reader(out);
    for (const std::int64_t number :
         {std::int64_t{0}, std::int64_t{-1}, std::int64_t{1}, least, most})
        EXPECT_EQ(reader.signed_number(), number);
    EXPECT_FALSE(reader.is_bad());
}

TEST(Leb128, AfterTheFirstThatIsNoneEverythingIsNothing) {
    struct Case {
        const char* name;
        std::string bytes;
        void (*read)(NumberReader&);
    };
    const auto number = [](NumberReader& reader) { EXPECT_EQ(reader.number(), 0U); };
    const auto index = [](NumberReader& reader) { EXPECT_EQ(reader.index(), 0U); };
    const auto text = [](NumberReader& reader) { EXPECT_EQ(reader.text(4), ""); };
    const Case cases[] = {
        {"nothing", "", number},
        {"a number that is cut", "\x80", number},
        {"a number of 65 bits", std::string(9, '\xFF') + "\x02" + "abc", number},
        {"an index of 33 bits", std::string("\x80\x80\x80\x80\x10") + "abc", index},
        {"a text that is longer than what is left", "abc", text},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.name);
        NumberReader reader(c.bytes);
        c.read(reader);
        EXPECT_TRUE(reader.is_bad());
        EXPECT_EQ(reader.number(), 0U);
        EXPECT_EQ(reader.signed_number(), 0);
        EXPECT_EQ(reader.index(), 0U);
        EXPECT_EQ(reader.text(1), "");
        EXPECT_EQ(reader.rest(), "");
    }
}

}  // namespace
}  // namespace turnpike
