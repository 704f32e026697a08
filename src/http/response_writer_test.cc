#include "http/response_writer.h"

#include <string>
#include <utility>

#include <gtest/gtest.h>

namespace turnpike::http {
namespace {

std::string written(const Headers& defaults, Headers own) {
    Response response;
    response.status = 204;
    response.headers = std::move(own);
    const DefaultHeaders usual(defaults);
    std::string out;
    append_response(out, response,
                    {.common = "Server: s\r\n", .defaults = usual, .request_id = ""});
    return out;
}

TEST(ResponseWriter, AnAnswersOwnHeaderTakesThePlaceOfTheUsualOne) {
    const Headers usual = {{"Referrer-Policy", "no-referrer"}, {"X-Frame", "none"}};
    struct Case {
        Headers own;
        std::string lines;
    };
    const Case cases[] = {
        {{}, "Referrer-Policy: no-referrer\r\nX-Frame: none\r\n"},
        {{{"Allow", "GET"}}, "Referrer-Policy: no-referrer\r\nX-Frame: none\r\nAllow: GET\r\n"},
        {{{"referrer-policy", "same-origin"}}, "X-Frame: none\r\nreferrer-policy: same-origin\r\n"},
        {{{"X-Frame", "all"}, {"Referrer-Policy", "origin"}},
         "X-Frame: all\r\nReferrer-Policy: origin\r\n"},
    };
    for (const Case& c : cases)
        EXPECT_EQ(written(usual, c.own),
                  "HTTP/1.1 204 No Content\r\nServer: s\r\n" + c.lines + "\r\n");
}

}  // namespace
}  // namespace turnpike::http
