#include "access/return_url.h"

#include <gtest/gtest.h>

namespace turnpike {
namespace {

AllowedOrigins shop() {
    return AllowedOrigins::create("https://billing.example.com/base",
                                  {"https://shop.example", "https://shop.example:8443",
                                   "http://localhost:3000", "https://xn--bcher-kva.example"})
        .value();
}

/// "" when it is let through.
std::string refusal_of(const std::string& url) {
    const auto checked = shop().check(url, "success_url");
    if (checked) {
        EXPECT_EQ(checked->text(), url);
        return "";
    }
    EXPECT_EQ(checked.error().code, ErrorCode::Unprocessable) << url;
    EXPECT_EQ(checked.error().fields.at(0).pointer, "/success_url");
    return std::string(checked.error().reason.text());
}

TEST(ReturnUrlTest, LeadsToAnAllowedOriginAsAWhole) {
    for (const char* url : {
             "https://shop.example",
             "https://shop.example/",
             "https://shop.example/done?a=b#c",
             "https://SHOP.example/done",
             "HTTPS://shop.example:443/",
             "https://shop.example:8443/x",
             "http://localhost:3000/back",
             "https://billing.example.com/anything",
             "https://xn--bcher-kva.example/",
             // A path may look like anything: the browser stays at the origin.
             "https://shop.example//evil.example",
             "https://shop.example/%2f%2fevil.example",
             "https://shop.example/?next=https://evil.example",
         })
        EXPECT_EQ(refusal_of(url), "") << url;
}

TEST(ReturnUrlTest, AnotherOriginIsRefused) {
    for (const char* url : {
             "https://evil.example/",
             "https://shop.example.evil.example/",
             "https://evil-shop.example/",
             "https://sub.shop.example/",
             "https://shop.example./",
             "http://shop.example/",
             "https://shop.example:444/",
             "https://shop.example:80/",
             "http://localhost:3001/",
             "https://localhost:3000/",
             "http://127.0.0.1:3000/",
             "https://xn--shp-0na.example/",
         })
        EXPECT_EQ(refusal_of(url), "billing.return_url_not_allowed") << url;
}

TEST(ReturnUrlTest, WhatBrowsersReadOtherwiseIsRefused) {
    for (const std::string url : {
             "",
             "/done",
             "done",
             "//evil.example",
             "//shop.example/",
             "https:evil.example",
             "https:/shop.example",
             "https:///evil.example",
             "https://",
             "https://:443/",
             "https://shop.example@evil.example/",
             "https://shop.example:x@evil.example/",
             "https://@shop.example/",
             "https://user:pw@shop.example/",
             "\\\\evil.example",
             "https:\\\\evil.example",
             "https://shop.example\\@evil.example",
             "https://evil.example\\.shop.example/",
             "/\\evil.example",
             "%2f%2fevil.example",
             "https:%2f%2fevil.example",
             "https://shop.example%2f@evil.example/",
             "https://shop.example%2f%2fevil.example",
             "https://evil.example%23.shop.example/",
             "https://shop%2eexample/",
             "javascript:alert(1)",
             "javascript://shop.example/%0aalert(1)",
             "data:text/html,x",
             "ftp://shop.example/",
             "file:///etc/passwd",
             "https://sh\xc3\xb6p.example/",
             "https://shop\xe3\x80\x82"
             "example/",
             "https://shop.ex\xef\xbd\x81mple/",
             "https://shop.example:/",
             "https://shop.example:0443/",
             "https://shop.example:0/",
             "https://shop.example:99999/",
             "https://shop.example:443:444/",
             "https://shop.example:4 4/",
             "https://shop.example/\tx",
             "https://shop.\nexample/",
             "java\tscript:alert(1)",
             " https://shop.example/",
             "https://shop.example/ ",
             "https://shop.example/\r\nX: y",
             "https://shop.example/\"onload",
             "https://[::1/",
         })
        EXPECT_EQ(refusal_of(url), "billing.bad_return_url") << url;
}

TEST(ReturnUrlTest, ALongOneIsRefused) {
    const std::string start = "https://shop.example/";
    EXPECT_EQ(refusal_of(start + std::string(kReturnUrlBytesMax - start.size(), 'a')), "");
    EXPECT_EQ(refusal_of(start + std::string(kReturnUrlBytesMax, 'a')), "billing.bad_return_url");
}

TEST(ReturnUrlTest, NothingButTheServerItselfIsAllowedByDefault) {
    const auto own = AllowedOrigins::create("http://10.0.0.5:8080", {}).value();
    EXPECT_TRUE(own.check("http://10.0.0.5:8080/", "return_url"));
    EXPECT_FALSE(own.check("http://localhost:8080/", "return_url"));
}

TEST(ReturnUrlTest, LoopbackMeansEveryPortOfThisMachine) {
    const auto local = AllowedOrigins::create("http://127.0.0.1:8080", {"loopback"}).value();
    for (const char* url : {"http://127.0.0.1:1/", "http://localhost:5173/x", "http://[::1]:9/",
                            "https://localhost/"})
        EXPECT_TRUE(local.check(url, "return_url")) << url;
    for (const char* url : {"http://localhost.evil.example/", "http://127.0.0.2/", "http://127.1/",
                            "https://shop.example/"})
        EXPECT_FALSE(local.check(url, "return_url")) << url;
}

TEST(ReturnUrlTest, AnOriginIsNothingMore) {
    for (const char* bad :
         {"", "shop.example", "https://shop.example/", "https://shop.example/path",
          "https://shop.example?x", "https://shop.example#x", "https://u@shop.example",
          "http://shop.example", "ftp://shop.example", "https://*.example", "*", "null"})
        EXPECT_FALSE(AllowedOrigins::create("https://a.example", {bad})) << bad;
}

}  // namespace
}  // namespace turnpike
