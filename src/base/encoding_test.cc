#include "base/encoding.h"

#include <string>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace turnpike {
namespace {

struct Vector {
    const char* plain;
    const char* encoded;
};

// RFC 4648, section 10.
TEST(Base64, AgreesWithTheRfcVectors) {
    const Vector vectors[] = {
        {"", ""},
        {"f", "Zg=="},
        {"fo", "Zm8="},
        {"foo", "Zm9v"},
        {"foob", "Zm9vYg=="},
        {"fooba", "Zm9vYmE="},
        {"foobar", "Zm9vYmFy"},
    };
    for (const auto& v : vectors) {
        SCOPED_TRACE(v.plain);
        EXPECT_EQ(to_base64(v.plain), v.encoded);
        EXPECT_EQ(from_base64(v.encoded), v.plain);
        std::string bare = v.encoded;
        while (bare.ends_with('=')) bare.pop_back();
        EXPECT_EQ(to_base64url(v.plain), bare);
        EXPECT_EQ(from_base64url(bare), v.plain);
    }
}

// RFC 4648, section 10, in lower case.
TEST(Hex, AgreesWithTheRfcVectors) {
    const Vector vectors[] = {
        {"", ""}, {"f", "66"}, {"fo", "666f"}, {"foo", "666f6f"}, {"foobar", "666f6f626172"},
    };
    for (const auto& v : vectors) {
        EXPECT_EQ(to_hex(v.plain), v.encoded);
        EXPECT_EQ(from_hex(v.encoded), v.plain);
    }
    for (const auto* bad : {"6", "6g", "6F", " 66", "0x66"}) EXPECT_EQ(from_hex(bad), std::nullopt);
}

// RFC 7515, appendix C.
TEST(Base64Url, AgreesWithTheJwsExample) {
    const std::string bytes = {3, '\xEC', '\xFF', '\xE0', '\xC1'};
    EXPECT_EQ(to_base64url(bytes), "A-z_4ME");
    EXPECT_EQ(from_base64url("A-z_4ME"), bytes);
    EXPECT_EQ(to_base64(bytes), "A+z/4ME=");
}

TEST(Base64, RefusesWhatIsNotCanonical) {
    const std::string_view refused[] = {
        "Zg",     "Zg=",   "Zg===",    "=",        "==",
        "====",   "Z===",  "Zm9v====", "Zg==Zg==", "Z=g=",
        "Zh==",  // the four bits behind the byte are not zero
        "Zm9=",  // nor are these two
        "Zm9v\n", " Zm9v", "Zm9-",     "Zm9_",     std::string_view("Zm9\0", 4),
        "A-z_",
    };
    for (const auto text : refused) {
        SCOPED_TRACE(text);
        EXPECT_EQ(from_base64(text), std::nullopt);
    }
}

TEST(Base64Url, RefusesWhatIsNotCanonical) {
    for (const std::string_view text : {"Zg==", "Z", "Zm9vY", "Zh", "Zm9v+g", "Zm9v/w", "Zm 9v"}) {
        SCOPED_TRACE(text);
        EXPECT_EQ(from_base64url(text), std::nullopt);
    }
}

RC_GTEST_PROP(Encodings, RoundTrip, (const std::string& bytes)) {
    RC_ASSERT(from_hex(to_hex(bytes)) == bytes);
    RC_ASSERT(from_base64(to_base64(bytes)) == bytes);
    RC_ASSERT(from_base64url(to_base64url(bytes)) == bytes);
}

RC_GTEST_PROP(Encodings, EachValueHasOneText, (const std::string& text)) {
    if (const auto bytes = from_base64(text)) RC_ASSERT(to_base64(*bytes) == text);
    if (const auto bytes = from_base64url(text)) RC_ASSERT(to_base64url(*bytes) == text);
    if (const auto bytes = from_hex(text)) RC_ASSERT(to_hex(*bytes) == text);
}

TEST(PercentDecode, ReadsEscapes) {
    EXPECT_EQ(percent_decode("items%5B0%5D%5bprice%5d", PlusSign::Literal), "items[0][price]");
    EXPECT_EQ(percent_decode("a+b%2Bc", PlusSign::Literal), "a+b+c");
    EXPECT_EQ(percent_decode("a+b%2Bc", PlusSign::IsSpace), "a b+c");
    EXPECT_EQ(percent_decode("%E2%82%AC", PlusSign::Literal), "\xE2\x82\xAC");
    EXPECT_EQ(percent_decode("%2541", PlusSign::Literal), "%41");  // once, not twice
    EXPECT_EQ(percent_decode("", PlusSign::Literal), "");
}

TEST(PercentDecode, RefusesBadEscapesAndNul) {
    for (const std::string_view text :
         {"%", "%4", "a%", "a%4", "%zz", "%4g", "%g4", "%%41", "%00"}) {
        SCOPED_TRACE(text);
        EXPECT_EQ(percent_decode(text, PlusSign::Literal), std::nullopt);
    }
}

TEST(PercentDecode, RefusesANulThatIsNotEncoded) {
    using namespace std::string_view_literals;
    EXPECT_EQ(percent_decode("a\0b"sv, PlusSign::Literal), std::nullopt);
    EXPECT_EQ(percent_decode("a+\0"sv, PlusSign::IsSpace), std::nullopt);
}

TEST(PercentEncode, LeavesOnlyUnreservedCharacters) {
    EXPECT_EQ(percent_encode("AZaz09-._~"), "AZaz09-._~");
    EXPECT_EQ(percent_encode("a b+c/d?e[0]=\xE2\x82\xAC"), "a%20b%2Bc%2Fd%3Fe%5B0%5D%3D%E2%82%AC");
}

RC_GTEST_PROP(PercentEncode, RoundTrips, (const std::string& text)) {
    RC_PRE(!text.contains('\0'));
    RC_ASSERT(percent_decode(percent_encode(text), PlusSign::Literal) == text);
    RC_ASSERT(percent_decode(percent_encode(text), PlusSign::IsSpace) == text);
}

}  // namespace
}  // namespace turnpike
