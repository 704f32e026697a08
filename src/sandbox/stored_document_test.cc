#include "sandbox/stored_document.h"

#include <string>

#include <gtest/gtest.h>

#include "json/value.h"

namespace turnpike::twin {
namespace {

/// What parse_json() makes of it is what a row means.
class StoredDocument : public ::testing::TestWithParam<const char*> {};

TEST_P(StoredDocument, IsWhatTheStrictReaderReads) {
    const auto strict = parse_json(GetParam());
    ASSERT_TRUE(strict.has_value());
    const Json read = read_stored(to_text(*strict));
    EXPECT_EQ(read, *strict);
    EXPECT_EQ(to_text(read), to_text(*strict));
}

INSTANTIATE_TEST_SUITE_P(Values, StoredDocument,
                         ::testing::Values("null", "true", "false", "0", "-1", "\"\"", "[]", "{}",
                                           R"({"a":{"b":[1,2,{"c":null}]},"d":[],"e":{}})",
                                           R"({"z":1,"a":2,"m":3})",
                                           "[9223372036854775807,-9223372036854775808]",
                                           "18446744073709551615", "[12.5,-0.25,1e3]",
                                           R"(["\"\\\/\b\f\n\r\t","é\u0001\ud83d\ude00"])"));

TEST(StoredDocumentKinds, OfIntegersAreThoseOfTheStrictReader) {
    EXPECT_TRUE(read_stored("7").is_number_unsigned());
    EXPECT_FALSE(read_stored("-7").is_number_unsigned());
    EXPECT_TRUE(read_stored("-7").is_number_integer());
    EXPECT_TRUE(read_stored("7.5").is_number_float());
}

}  // namespace
}  // namespace turnpike::twin
