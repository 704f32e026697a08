#include "catalog/feature.h"

#include <gtest/gtest.h>

namespace turnpike {
namespace {

using enum FeatureKind;

TEST(Feature, ValuesAreTextsOfTheirKind) {
    struct Case {
        FeatureKind kind;
        const char* text;
        FeatureValue value;
    };
    const Case cases[] = {
        {Boolean, "true", true},
        {Boolean, "false", false},
        {Configuration, "30", std::string("30")},
        {Configuration, "unlimited", std::string("unlimited")},
        {Capacity, "0", turnpike::Capacity{0}},
        {Capacity, "1000000000", turnpike::Capacity{1'000'000'000}},
        {Capacity, "unlimited", turnpike::Capacity{}},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.text);
        EXPECT_EQ(parse_feature_value(c.kind, c.text), c.value);
        EXPECT_EQ(to_text(c.value), c.text);
    }
}

TEST(Feature, WhatIsNoneOfItsKindIsRefused) {
    for (const char* text : {"", "yes", "1", "TRUE"})
        EXPECT_FALSE(parse_feature_value(Boolean, text)) << text;
    for (const char* text : {"", "-1", "1.5", "1000000001", "many", "99999999999999999999"})
        EXPECT_FALSE(parse_feature_value(Capacity, text)) << text;
    EXPECT_FALSE(parse_feature_value(Configuration, std::string(256, 'x')));
}

TEST(Feature, SomeValuesGiveMore) {
    struct Case {
        FeatureValue one, other;
        bool more;
    };
    const Case cases[] = {
        {true, false, true},
        {true, true, false},
        {false, true, false},
        {turnpike::Capacity{30}, turnpike::Capacity{5}, true},
        {turnpike::Capacity{5}, turnpike::Capacity{5}, false},
        {turnpike::Capacity{}, turnpike::Capacity{5}, true},
        {turnpike::Capacity{5}, turnpike::Capacity{}, false},
        {turnpike::Capacity{}, turnpike::Capacity{}, false},
        {std::string("weekly"), std::string(), true},
        {std::string("weekly"), std::string("daily"), false},
    };
    for (const Case& c : cases)
        EXPECT_EQ(gives_more(c.one, c.other), c.more) << to_text(c.one) << " " << to_text(c.other);
}

TEST(Feature, WhatIsAbsentIsOff) {
    EXPECT_FALSE(is_on(absent_value(Boolean)));
    EXPECT_FALSE(is_on(absent_value(Configuration)));
    EXPECT_FALSE(is_on(absent_value(Capacity)));
    EXPECT_TRUE(is_on(turnpike::Capacity{}));
}

}  // namespace
}  // namespace turnpike
