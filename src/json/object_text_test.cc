#include "json/object_text.h"

#include <cstdint>
#include <limits>

#include <gtest/gtest.h>

#include "json/value.h"

namespace turnpike {
namespace {

TEST(ObjectText, WritesWhatJsonWrites) {
    const char* const texts[] = {"",       "plain", "quote\"", "back\\slash",
                                 "line\n", "\x7F",  "é",       "cut \xC3"};
    for (const char* const text : texts) {
        SCOPED_TRACE(text);
        Json json;
        json["text"] = text;
        json["yes"] = true;
        json["no"] = false;
        json["least"] = std::numeric_limits<std::int64_t>::min();
        json["nested"] = Json{{"a", Json::array({1, "b", nullptr})}};
        EXPECT_EQ(ObjectText()
                      .text("text", text)
                      .flag("yes", true)
                      .flag("no", false)
                      .number("least", std::numeric_limits<std::int64_t>::min())
                      .json("nested", json["nested"])
                      .take(),
                  to_text(json));
    }
}

TEST(ObjectText, IsAnObjectWithoutMembersToo) { EXPECT_EQ(ObjectText().take(), "{}"); }

}  // namespace
}  // namespace turnpike
