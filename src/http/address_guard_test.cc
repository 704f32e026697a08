#include "http/address_guard.h"

#include <gtest/gtest.h>

#include "http/client.h"
#include "http/cloud_metadata.h"
#include "http/testing.h"

namespace turnpike::http {
namespace {

using testing::plainly, testing::TestServer;

AddressGuard strict() { return {PlainHttp::Refused, Networks()}; }
AddressGuard opened(const char* networks) {
    return {PlainHttp::Refused, *Networks::parse(networks)};
}

// The addresses are those of reliability.md, section 3 (SSRF), and of IANA's two registries.
TEST(IsPublic, RefusesEverythingWithASpecialPurpose) {
    for (const char* const text : {"127.0.0.1",
                                   "127.255.255.254",
                                   "0.0.0.0",
                                   "10.0.0.1",
                                   "100.64.0.1",
                                   "100.127.255.255",
                                   "169.254.169.254",
                                   "172.16.0.1",
                                   "172.31.255.255",
                                   "192.0.0.8",
                                   "192.168.1.1",
                                   "198.18.0.1",
                                   "198.19.255.255",
                                   "192.0.2.1",
                                   "203.0.113.9",
                                   "224.0.0.1",
                                   "255.255.255.255",
                                   "::",
                                   "::1",
                                   "::ffff:10.0.0.1",
                                   "::ffff:127.0.0.1",
                                   "::10.0.0.1",
                                   "64:ff9b::a00:1",
                                   "64:ff9b:1::1",
                                   "fd00:ec2::254",
                                   "fc00::1",
                                   "fe80::1",
                                   "fec0::1",
                                   "ff02::1",
                                   "2001::1",
                                   "2001:db8::1",
                                   "2002:a00:1::1",
                                   "3fff::1",
                                   "100::1",
                                   "5f00::1"}) {
        SCOPED_TRACE(text);
        const auto address = parse_address(text);
        ASSERT_TRUE(address);
        EXPECT_FALSE(is_public(*address));
    }
}

TEST(IsPublic, AllowsWhatIsRouted) {
    for (const char* const text :
         {"1.1.1.1", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "172.15.255.255",
          "172.32.0.0", "223.255.255.255", "2606:4700::1111", "2a00:1450::1", "::ffff:1.1.1.1"}) {
        SCOPED_TRACE(text);
        const auto address = parse_address(text);
        ASSERT_TRUE(address);
        EXPECT_TRUE(is_public(*address));
    }
}

TEST(AddressGuard, RefusesAtTheMomentOfSaving) {
    const AddressGuard guard = strict();
    for (const char* const url : {
             "https://127.1/",
             "https://0x7f.1/",
             "https://2130706433/",
             "https://017700000001/",
             "https://[::1]/",
             "https://[::ffff:10.0.0.1]/",
             "https://[64:ff9b::a00:1]/",
             "https://169.254.169.254/latest/meta-data/",
             "https://[fd00:ec2::254]/",
             "https://100.64.0.1/",
             "https://localhost/",
             "https://LOCALHOST./",
             "https://printer.local/",
             "https://metadata.google.internal/",
             "https://metadata/",
             "https://a.localhost/",
             "http://example.com/",
             "https://example.com:22/",
             "https://example.com:6379/",
             "https://user:secret@example.com/",
             "https://user@example.com/",
             "gopher://example.com/",
             "file:///etc/passwd",
             "ftp://example.com/",
             "//example.com/",
             "https:example.com",
             "https://",
             "https://exam ple.com/",
             "https://example.com\\@evil.example/",
             "https://example.com/\r\nX: y",
             "https://ex\xc3\xa4mple.com/",
             "",
         }) {
        SCOPED_TRACE(url);
        const auto target = guard.check(url);
        ASSERT_FALSE(target);
        EXPECT_EQ(target.error().reason.text(), "http.forbidden_target");
    }
    EXPECT_FALSE(guard.check("https://example.com/" + std::string(2'048, 'a')));
}

TEST(AddressGuard, AllowsPlainPublicTargets) {
    for (const char* const url : {"https://example.com/hook?a=b", "https://example.com:8443/x",
                                  "https://1.1.1.1/", "https://[2606:4700::1111]/hook"}) {
        SCOPED_TRACE(url);
        EXPECT_TRUE(strict().check(url));
    }
    const AddressGuard test_mode{PlainHttp::Allowed, Networks()};
    EXPECT_TRUE(test_mode.check("http://example.com/"));
    EXPECT_TRUE(test_mode.check("http://example.com:8080/"));
    EXPECT_FALSE(test_mode.check("http://example.com:25/"));
    EXPECT_FALSE(test_mode.check("http://127.0.0.1/"));
}

TEST(AddressGuard, OpensOnlyTheNetworksThatItIsTold) {
    const AddressGuard guard = opened("127.0.0.0/8, fd00::/8");
    EXPECT_TRUE(guard.check("http://127.0.0.1:9999/hook"));
    EXPECT_TRUE(guard.check("http://[fd00::7]:443/"));
    EXPECT_TRUE(guard.check("http://localhost:1024/"));
    EXPECT_FALSE(guard.check("http://10.0.0.1/"));
    EXPECT_FALSE(guard.check("http://1.1.1.1/")) << "plain http stays inside";
    EXPECT_FALSE(guard.check("https://1.1.1.1:25/"));
    for (const char* const url : {"http://[fd00::7]:25/", "http://127.0.0.1:22/",
                                  "https://example.com:22/", "http://hooks.corp.internal:1023/"})
        EXPECT_FALSE(guard.check(url)) << url;
}

// What clouds document: AWS, Google and most others 169.254.169.254 (ECS 169.254.170.2), in IPv6
// fd00:ec2::254 and fd20:ce::254; Alibaba 100.100.100.200, Oracle 192.0.0.192, Azure
// 168.63.129.16.
TEST(AddressGuard, NeverOpensACloudsMetadata) {
    const AddressGuard guard = opened("0.0.0.0/0, ::/0");
    for (const char* const url :
         {"http://169.254.169.254/latest/meta-data/", "http://169.254.170.2/",
          "http://[fd00:ec2::254]/", "http://[fd20:ce::254]/", "http://[fe80::1]/",
          "http://[::ffff:169.254.169.254]/", "http://100.100.100.200/", "http://192.0.0.192/",
          "http://168.63.129.16/", "http://metadata/", "http://metadata.google.internal/",
          "http://METADATA.azure.internal/", "http://instance-data.ec2.internal/",
          "http://metadata.goog/"}) {
        SCOPED_TRACE(url);
        const auto target = guard.check(url);
        ASSERT_FALSE(target);
        EXPECT_EQ(target.error().reason.text(), "http.forbidden_target");
    }
    // Whatever name leads there: what is connected to is looked at as well (transfer.cc).
    EXPECT_TRUE(is_cloud_metadata(*parse_address("169.254.169.254")));
    EXPECT_FALSE(is_cloud_metadata(*parse_address("10.0.0.1")));
    EXPECT_FALSE(guard.allows(*parse_address("169.254.169.254")));
    EXPECT_TRUE(guard.allows(*parse_address("10.0.0.1")));
    EXPECT_TRUE(guard.check("http://metadata.example.com/")) << "a name of the public internet";
    EXPECT_TRUE(guard.check("http://10.0.0.1/"));
}

TEST(AddressGuard, AsksForEveryAddressAtEachCall) {
    const auto refused = strict().resolve("https://127.0.0.1/");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().reason.text(), "http.forbidden_target");

    const auto found = opened("127.0.0.0/8, ::1").resolve("http://localhost:80/");
    ASSERT_TRUE(found) << found.error().message;
    EXPECT_FALSE(found->empty());
    // A name whose addresses are inside is saved where some network is open, and leads nowhere.
    const auto inside = opened("10.0.0.0/8").resolve("http://localhost:80/");
    ASSERT_FALSE(inside);
    EXPECT_EQ(inside.error().reason.text(), "http.forbidden_target");
}

TEST(Networks, ParseTheirNotation) {
    const auto networks = Networks::parse(" 10.1.0.0/16,192.168.7.9 , 2001:db8::/33");
    ASSERT_TRUE(networks);
    EXPECT_TRUE(networks->contain(*parse_address("10.1.255.255")));
    EXPECT_FALSE(networks->contain(*parse_address("10.2.0.0")));
    EXPECT_TRUE(networks->contain(*parse_address("192.168.7.9")));
    EXPECT_FALSE(networks->contain(*parse_address("192.168.7.8")));
    EXPECT_TRUE(networks->contain(*parse_address("2001:db8:7fff::1")));
    EXPECT_FALSE(networks->contain(*parse_address("2001:db8:8000::1")));
    for (const char* const bad : {"10.0.0.0/33", "::/129", "10.0.0/8", "here", "10.0.0.0/", "1/8"})
        EXPECT_FALSE(Networks::parse(bad)) << bad;
}

// The whole way: a name that the operator's networks hold is reached, another is not.
TEST(GuardedClient, ConnectsOnlyToCheckedAddresses) {
    TestServer server(plainly([](const Request&) { return text_response(200, "here"); }));
    const auto ask = [&](AddressGuard guard) {
        Client client({.threads = 1, .guard = std::move(guard)});
        return client.send_blocking(
            {.url = "http://localhost:" + std::to_string(server.port()) + "/"});
    };
    const auto reached = ask(opened("127.0.0.0/8, ::1"));
    ASSERT_TRUE(reached) << reached.error().message;
    EXPECT_EQ(reached->body, "here");
    const auto refused = ask(opened("10.0.0.0/8"));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().reason.text(), "http.forbidden_target");
}

TEST(GuardedClient, KeepsTheBeginningOfALongAnswerWhereThatIsAsked) {
    TestServer server(
        plainly([](const Request&) { return text_response(200, std::string(9'000, 'x')); }));
    Client client({.threads = 1});
    const auto reply = client.send_blocking(
        {.url = server.url(), .reply_bytes_max = 4'096, .long_reply = LongReply::Cut});
    ASSERT_TRUE(reply) << reply.error().message;
    EXPECT_EQ(reply->status, 200);
    EXPECT_EQ(reply->body, std::string(4'096, 'x'));
}

}  // namespace
}  // namespace turnpike::http
