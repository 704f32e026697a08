#include "access/session_cookie.h"

#include <gtest/gtest.h>

namespace turnpike {
namespace {

std::string cookie_in(http::Headers headers) {
    const auto cookie = session_cookie(headers);
    return cookie ? std::string(*cookie) : "refused";
}

TEST(SessionCookie, IsFoundAmongOthers) {
    const std::string ours = std::string(kSessionCookie) + "=tps_1";
    EXPECT_EQ(cookie_in({}), "");
    EXPECT_EQ(cookie_in({{"Cookie", "a=b; c=d"}}), "");
    EXPECT_EQ(cookie_in({{"Cookie", ours}}), "tps_1");
    EXPECT_EQ(cookie_in({{"cookie", "a=b; " + ours + ";c=d"}}), "tps_1");
    EXPECT_EQ(cookie_in({{"Cookie", "a=b"}, {"Cookie", ours}}), "tps_1");
    EXPECT_EQ(cookie_in({{"Cookie", "x" + ours}}), "");
    EXPECT_EQ(cookie_in({{"Cookie", ";;=;" + std::string(kSessionCookie)}}), "");
    EXPECT_EQ(cookie_in({{"Cookie", ours + "; " + ours}}), "refused");
}

TEST(SessionCookie, ChangesComeFromThisSiteOnly) {
    struct Case {
        http::Method method;
        http::Headers headers;
        bool allowed;
    };
    using enum http::Method;
    const Case cases[] = {
        {Get, {}, true},
        {Head, {{"Sec-Fetch-Site", "cross-site"}}, true},
        {Post, {}, false},
        {Post, {{"Sec-Fetch-Site", "same-origin"}}, true},
        {Post, {{"Sec-Fetch-Site", "same-site"}}, false},
        {Post, {{"Sec-Fetch-Site", "cross-site"}}, false},
        {Post, {{"Sec-Fetch-Site", "none"}}, false},
        {Delete, {{"Origin", "https://pay.example.com"}, {"Host", "pay.example.com"}}, true},
        {Delete, {{"Origin", "http://localhost:8080"}, {"Host", "localhost:8080"}}, true},
        {Patch, {{"Origin", "https://evil.example"}, {"Host", "pay.example.com"}}, false},
        {Patch, {{"Origin", "https://pay.example.com.evil"}, {"Host", "pay.example.com"}}, false},
        {Put, {{"Origin", "null"}, {"Host", "null"}}, false},
        {Put, {{"Origin", "https://pay.example.com"}}, false},
        // What the browser says itself counts more than a name that can be chosen.
        {Post,
         {{"Sec-Fetch-Site", "cross-site"}, {"Origin", "https://a.example"}, {"Host", "a.example"}},
         false},
    };
    for (const Case& c : cases) {
        http::Request request;
        request.method = c.method;
        request.headers = c.headers;
        const auto allowed = check_same_site(request);
        EXPECT_EQ(allowed.has_value(), c.allowed) << &c - cases;
        if (!allowed) EXPECT_EQ(allowed.error().reason.text(), "access.cross_site");
    }
}

TEST(SessionCookie, IsOnlyForTheServer) {
    EXPECT_EQ(set_session_cookie("tps_1"),
              "__Host-turnpike_session=tps_1; Path=/; Secure; HttpOnly; SameSite=Lax");
    EXPECT_EQ(clear_session_cookie(),
              "__Host-turnpike_session=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0");
}

}  // namespace
}  // namespace turnpike
