#include "sandbox/web_host.h"

#include <gtest/gtest.h>

namespace turnpike::twin {
namespace {

TEST(WebHost, IsWhatCouldBeReached) {
    struct Case {
        const char* url;
        bool good;
    };
    const Case cases[] = {
        {"https://example.com", true},
        {"http://EXAMPLE.com/Path", true},
        {"http://host?x", true},
        {"http://host#x", true},
        {"http://h/\xc3\xbc", true},
        {"http://m\xc3\xbcnchen.example/", true},
        // No host, or none of this kind.
        {"", false},
        {"host", false},
        {"//host/", false},
        {"ftp://host/", false},
        {"HTTP://host/", false},
        {"http://", false},
        {"https:///path", false},
        {"http://?host", false},
        {"http://:80/", false},
        {"http://a<b>/", false},
        // Who asks is no part of the host.
        {"http://user:word@host/x", true},
        {"http://user@host:8080", true},
        {"http://a@b:0@host/", true},
        {"http://user:8080@/", false},
        {"http://user@", false},
        {"http://host/@", true},
        // Ports.
        {"http://127.0.0.1:9/", true},
        {"http://localhost:65535/a?b=c#d", true},
        {"http://h:65536/", false},
        {"http://h:99999/", false},
        {"http://h:4294967376/", false},  // 2^32 + 80
        {"http://h:0/", false},
        {"http://h:00", false},
        {"http://h:", false},
        {"http://h:/", false},
        {"http://h:8o/", false},
        {"http://h:-1/", false},
        {"http://h:80:80/", false},
        {"http://h/a:99999", true},
        // Addresses of version 6.
        {"http://[::1]:8080/hook", true},
        {"http://[::1]", true},
        {"http://[2001:DB8::0]", true},
        {"http://[::1]:0", false},
        {"http://[::1]:65536", false},
        {"http://[::1]x/", false},
        {"http://[bad", false},
        {"http://[xyz]/", false},
        {"http://[]/", false},
        {"http://::1/", false},
        // Blanks.
        {"http://h/a b", false},
        {"http://h h/", false},
        {"http://h/a\r\nb", false},
        {"http://h/\x7f", false},
    };
    for (const Case& c : cases) EXPECT_EQ(names_a_web_host(c.url), c.good) << c.url;
}

}  // namespace
}  // namespace turnpike::twin
