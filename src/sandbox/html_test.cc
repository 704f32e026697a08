#include "sandbox/html.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace turnpike::twin {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string header_of(const PageAnswer& page, std::string_view name) {
    for (const auto& [key, value] : page_response(page).headers)
        if (key == name) return value;
    return "";
}

TEST(PageResponse, KeepsFormsAtHomeUnlessTheyEndAtTheShop) {
    constexpr const char* kPolicy = "Content-Security-Policy";
    EXPECT_THAT(header_of({}, kPolicy), HasSubstr("form-action 'self'"));
    const std::string open = header_of({.leads_to_shop = true}, kPolicy);
    EXPECT_THAT(open, Not(HasSubstr("form-action")));
    EXPECT_THAT(open, HasSubstr("default-src 'none'"));
    EXPECT_THAT(open, HasSubstr("frame-ancestors 'none'"));
}

/// Under no-referrer, browsers send "Origin: null" with a page's own forms.
TEST(PageResponse, LetsItsFormsSayWhoseTheyAre) {
    EXPECT_EQ(header_of({}, "Referrer-Policy"), "same-origin");
}

}  // namespace
}  // namespace turnpike::twin
