#include "catalog/qualified_name.h"

#include <gtest/gtest.h>

namespace turnpike {
namespace {

TEST(QualifiedName, ReadsAndWritesWhatNamesLookLike) {
    struct Case {
        const char* text;
        QualifiedName name;
    };
    const Case cases[] = {
        {"pro", {"", "pro"}},
        {"learning-app~premium", {"learning-app", "premium"}},
        {"learning-app~auth0|42@x.y", {"learning-app", "auth0|42@x.y"}},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.text);
        EXPECT_EQ(QualifiedName::parse(c.text), c.name);
        EXPECT_EQ(c.name.text(), c.text);
    }
}

TEST(QualifiedName, NothingElseIsOne) {
    for (const char* text : {"", "~", "~pro", "learning-app~", "a~b~c", "a~~b"})
        EXPECT_FALSE(QualifiedName::parse(text)) << text;
}

}  // namespace
}  // namespace turnpike
