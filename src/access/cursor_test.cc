#include "access/cursor.h"

#include <gtest/gtest.h>

namespace turnpike {
namespace {

const CursorCodec kCodec(std::string(32, 'k'));
const PageMark kMark{from_unix_micros(1'700'000'000'123'456), "cus_01HF00000000000000000000AA"};

TEST(Cursor, OpensWhatItSealed) {
    const auto opened = kCodec.open("customers", kCodec.seal("customers", kMark));
    ASSERT_TRUE(opened);
    EXPECT_EQ(*opened, kMark);
    const PageMark ends[] = {{Instant::min(), ""}, {Instant::max(), "x"}, {Instant{}, "\x01"}};
    for (const auto& mark : ends) EXPECT_EQ(*kCodec.open("l", kCodec.seal("l", mark)), mark);
}

TEST(Cursor, BelongsToOneListingAndOneServer) {
    const auto text = kCodec.seal("invoices cus_1", kMark);
    EXPECT_FALSE(kCodec.open("invoices cus_2", text));
    EXPECT_FALSE(kCodec.open("invoices", text));
    EXPECT_FALSE(CursorCodec(std::string(32, 'j')).open("invoices cus_1", text));
}

TEST(Cursor, EveryChangedCharacterIsRefused) {
    const auto text = kCodec.seal("customers", kMark);
    for (std::size_t i = 0; i < text.size(); ++i) {
        auto changed = text;
        changed[i] = changed[i] == 'A' ? 'B' : 'A';
        const auto opened = kCodec.open("customers", changed);
        ASSERT_FALSE(opened) << i;
        EXPECT_EQ(opened.error().reason.text(), "access.cursor_invalid");
        EXPECT_EQ(opened.error().code, ErrorCode::InvalidArgument);
    }
    for (std::size_t length = 0; length < text.size(); ++length)
        EXPECT_FALSE(kCodec.open("customers", text.substr(0, length)));
    EXPECT_FALSE(kCodec.open("customers", text + "="));
    EXPECT_FALSE(kCodec.open("customers", std::string(100'000, 'A')));
}

TEST(Cursor, ListingAndMarkCannotBleedIntoEachOther) {
    const PageMark mark{Instant{}, "b"};
    EXPECT_FALSE(kCodec.open("a", kCodec.seal(std::string("a") + '\0', mark)));
    EXPECT_FALSE(kCodec.open("", kCodec.seal("x", mark)));
}

}  // namespace
}  // namespace turnpike
