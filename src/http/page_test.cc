#include "http/page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace turnpike::http {
namespace {

using ::testing::HasSubstr;

TEST(PlainPage, IsForPeople) {
    const auto page = plain_page(404, "R&D <Ltd>", "<p>Hello</p>");
    EXPECT_EQ(page.status, 404);
    for (const char* said :
         {"<html lang=\"en\">", "name=\"viewport\"", "<title>R&amp;D &lt;Ltd&gt;</title>",
          "<main>\n<h1>R&amp;D &lt;Ltd&gt;</h1>\n<p>Hello</p>\n</main>"})
        EXPECT_THAT(page.body, HasSubstr(said));
    EXPECT_EQ(*find_header(page.headers, "Cache-Control"), "no-store");
}

TEST(PlainPage, IsWhatABrowserWants) {
    Request request;
    EXPECT_FALSE(wants_page(request));
    request.headers = {{"Accept", "*/*"}};
    EXPECT_FALSE(wants_page(request)) << "curl";
    request.headers = {{"Accept", "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8"}};
    EXPECT_TRUE(wants_page(request));
}

}  // namespace
}  // namespace turnpike::http
