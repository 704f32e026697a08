#include "sandbox/razorpay/webhook_url.h"

#include <gtest/gtest.h>

namespace turnpike::twin::razorpay {
namespace {

TEST(WebhookUrl, HasAHostAndAPortThatExists) {
    for (const char* url : {"http://127.0.0.1:9/", "https://example.com",
                            "http://localhost:65535/a?b=c#d", "http://[::1]:8080/hook",
                            "http://user:word@host/x", "http://host?x", "http://h/\xc3\xbc"})
        EXPECT_TRUE(is_webhook_url(url)) << url;
    for (const char* url : {"",
                            "http://",
                            "https:///path",
                            "http://[bad",
                            "http://[]/",
                            "http://[::1]x/",
                            "http://127.0.0.1:99999/",
                            "http://127.0.0.1:0/",
                            "http://127.0.0.1:/",
                            "http://h:8o/",
                            "http://h:-1/",
                            "http://:80/",
                            "http://h/a\r\nb",
                            "http://h/a b",
                            "http://h h/",
                            "http://h/\x7f",
                            "http://a<b>/",
                            "ftp://host/",
                            "//host/",
                            "host"})
        EXPECT_FALSE(is_webhook_url(url)) << url;
}

}  // namespace
}  // namespace turnpike::twin::razorpay
