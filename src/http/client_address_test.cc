#include "http/client_address.h"

#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace turnpike::http {
namespace {

Headers forwarded(const std::vector<std::string>& lines) {
    Headers headers{{"Host", "billing.example"}};
    for (const auto& line : lines) headers.emplace_back("x-forwarded-for", line);
    return headers;
}

TEST(ClientAddress, IsTheLastHopThatIsNoProxyOfOurs) {
    const auto proxies = *Networks::parse("127.0.0.1, 10.0.0.0/8, fd00::/8");
    struct Case {
        const char* what;
        const char* peer;
        std::vector<std::string> lines;
        const char* expected;
    };
    const std::vector<Case> cases{
        {"nothing was forwarded", "127.0.0.1", {}, "127.0.0.1"},
        {"one hop", "127.0.0.1", {"203.0.113.7"}, "203.0.113.7"},
        {"what the caller claims is left of it",
         "10.1.1.1",
         {"8.8.8.8, 203.0.113.7"},
         "203.0.113.7"},
        {"proxies behind each other",
         "10.1.1.1",
         {"203.0.113.7, 10.2.2.2, 10.3.3.3"},
         "203.0.113.7"},
        {"over two lines", "10.1.1.1", {"8.8.8.8, 203.0.113.7", "10.2.2.2"}, "203.0.113.7"},
        {"all of them proxies", "10.1.1.1", {"10.2.2.2"}, "10.2.2.2"},
        {"IPv6, in one spelling", "fd00::1", {"2001:DB8:0:0:0:0:0:7"}, "2001:db8::7"},
        {"IPv4, written as IPv6", "::ffff:127.0.0.1", {"::ffff:203.0.113.7"}, "203.0.113.7"},
        {"without proxies of ours nobody is believed", "203.0.113.9", {"8.8.8.8"}, "203.0.113.9"},
        {"empty (CVE-2026-46527)", "10.1.1.1", {""}, "10.1.1.1"},
        {"nothing but commas", "10.1.1.1", {" , ,, "}, "10.1.1.1"},
        {"an empty last hop", "10.1.1.1", {"8.8.8.8, "}, "10.1.1.1"},
        {"a name", "10.1.1.1", {"8.8.8.8, unknown"}, "10.1.1.1"},
        {"with a port", "10.1.1.1", {"8.8.8.8, 203.0.113.7:80"}, "10.1.1.1"},
        {"in brackets", "10.1.1.1", {"[2001:db8::7]"}, "10.1.1.1"},
        {"with a zone", "10.1.1.1", {"fe80::1%eth0"}, "10.1.1.1"},
        {"octal", "10.1.1.1", {"0313.0.113.7"}, "10.1.1.1"},
        {"a bad hop behind a good proxy", "10.1.1.1", {"8.8.8.8, x, 10.2.2.2"}, "10.2.2.2"},
        {"the end of a C string", "10.1.1.1", {std::string("203.0.113.7\0x", 13)}, "10.1.1.1"},
    };
    for (const auto& c : cases)
        EXPECT_EQ(client_address(proxies, c.peer, forwarded(c.lines)), c.expected) << c.what;
}

TEST(ClientAddress, OfAConnectionIsItsOwnWhereThereAreNoProxies) {
    EXPECT_EQ(client_address(Networks(), "127.0.0.1", forwarded({"8.8.8.8"})), "127.0.0.1");
    EXPECT_EQ(client_address(Networks(), "", forwarded({"8.8.8.8"})), "");
}

TEST(LimitedPeer, IsASubscribersNetworkOfIpv6) {
    EXPECT_EQ(limited_peer("203.0.113.7"), "203.0.113.7");
    EXPECT_EQ(limited_peer("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::/64");
    EXPECT_EQ(limited_peer("2001:db8:1:2::"), limited_peer("2001:db8:1:2:ffff:ffff:ffff:ffff"));
    EXPECT_NE(limited_peer("2001:db8:1:2::1"), limited_peer("2001:db8:1:3::1"));
    EXPECT_EQ(limited_peer("::ffff:203.0.113.7"), "203.0.113.7");
    EXPECT_EQ(limited_peer("::1"), "::/64");
    EXPECT_EQ(limited_peer("a"), "a");
    EXPECT_EQ(limited_peer(""), "");
}

}  // namespace
}  // namespace turnpike::http
