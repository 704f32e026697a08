// Framing over raw sockets: what two servers in a row could read differently is refused, and the
// connection closes (RFC 9112, section 11.2; the HTTP Garden's catalogue of disagreements).
#include <gtest/gtest.h>

#include "http/limits.h"
#include "http/testing.h"

namespace turnpike::http {
namespace {

using namespace std::string_literals;
using testing::body_of_answer, testing::header_of_answer, testing::status_of_answer;
using testing::RawClient, testing::TestServer, testing::plainly;

/// Tells what the handler saw: "POST /path [body]".
Response echo(const Request& request) {
    return text_response(200, std::string(to_text(request.method)) + " " + request.target + " [" +
                                  request.body + "]");
}

struct FramingCase {
    const char* name;
    std::string request;
    int status;
};

std::string with_headers(const std::string& headers) {
    return "GET / HTTP/1.1\r\nHost: a\r\n" + headers + "\r\n";
}
std::string chunked(const std::string& body) {
    return "POST /c HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + body;
}
std::string post(const std::string& headers, const std::string& body = "hello") {
    return "POST /p HTTP/1.1\r\nHost: a\r\n" + headers + "\r\n" + body;
}
std::string repeated(const std::string& text, int count) {
    std::string all;
    for (int i = 0; i < count; ++i) all += text;
    return all;
}

TEST(Framing, RefusesAndCloses) {
    const FramingCase cases[] = {
        {"length and chunked", post("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"), 400},
        {"chunked and length", post("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n"), 400},
        {"length 0 and chunked", post("Content-Length: 0\r\nTransfer-Encoding: chunked\r\n"), 400},
        {"two lengths that differ", post("Content-Length: 5\r\nContent-Length: 6\r\n"), 400},
        {"two equal lengths", post("Content-Length: 5\r\nContent-Length: 5\r\n"), 400},
        {"a list of lengths", post("Content-Length: 5, 5\r\n"), 400},
        {"length with a plus", post("Content-Length: +5\r\n"), 400},
        {"negative length", post("Content-Length: -5\r\n"), 400},
        {"hexadecimal length", post("Content-Length: 0x5\r\n"), 400},
        {"length with an underscore", post("Content-Length: 1_0\r\n"), 400},
        {"empty length", post("Content-Length: \r\n"), 400},
        {"length of 2^64", post("Content-Length: 18446744073709551616\r\n"), 400},
        {"length with a space inside", post("Content-Length: 5 5\r\n"), 400},
        {"chunked twice", post("Transfer-Encoding: chunked, chunked\r\n"), 400},
        {"chunked in two headers",
         post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"), 400},
        {"empty coding", post("Transfer-Encoding: \r\n"), 400},
        {"xchunked", post("Transfer-Encoding: xchunked\r\n"), 501},
        {"identity", post("Transfer-Encoding: identity\r\n"), 501},
        {"gzip before chunked", post("Transfer-Encoding: gzip, chunked\r\n"), 501},
        {"chunked before gzip", post("Transfer-Encoding: chunked, gzip\r\n"), 501},
        {"quoted chunked", post("Transfer-Encoding: \"chunked\"\r\n"), 501},
        {"chunked with a vertical tab",
         post("Transfer-Encoding: \x0b"
              "chunked\r\n"),
         400},
        {"chunked in HTTP/1.0",
         "POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},

        {"negative chunk", chunked("-2\r\nab\r\n0\r\n\r\n"), 400},
        {"chunk with a plus", chunked("+2\r\nab\r\n0\r\n\r\n"), 400},
        {"chunk with 0x", chunked("0x2\r\nab\r\n0\r\n\r\n"), 400},
        {"chunk above 2^63", chunked("8000000000000001\r\nab\r\n0\r\n\r\n"), 413},
        {"chunk above 2^64", chunked("10000000000000002\r\nab\r\n0\r\n\r\n"), 400},
        {"empty chunk size", chunked("\r\nab\r\n0\r\n\r\n"), 400},
        {"space before chunk size", chunked(" 2\r\nab\r\n0\r\n\r\n"), 400},
        {"chunk longer than its size", chunked("2\r\nabc\r\n0\r\n\r\n"), 400},
        {"chunk line ended by a bare newline", chunked("2\nab\r\n0\r\n\r\n"), 400},
        {"chunk extension hides a newline", chunked("2;a=\"\n\"\r\nab\r\n0\r\n\r\n"), 400},
        {"chunk extension without a name", chunked("2;\r\nab\r\n0\r\n\r\n"), 400},
        {"endless chunk extension", chunked("2;a=" + std::string(40'000, 'x')), 400},
        {"garbage trailers", chunked("2\r\nab\r\n0\r\nno colon here\r\n\r\n"), 400},
        {"length in the trailers", chunked("2\r\nab\r\n0\r\nContent-Length: 9\r\n\r\n"), 400},

        {"bare newline ends the request line", "GET / HTTP/1.1\nHost: a\r\n\r\n", 400},
        {"bare newline ends a header", "GET / HTTP/1.1\r\nHost: a\nX: b\r\n\r\n", 400},
        {"bare return in a value", with_headers("X: a\rb\r\n"), 400},
        {"NUL in a value", with_headers("X: a\0b\r\n"s), 400},
        {"NUL in a name", with_headers("X\0Y: b\r\n"s), 400},
        {"folded header", with_headers("X: a\r\n b\r\n"), 400},
        {"folded header with a tab", with_headers("X: a\r\n\tb\r\n"), 400},
        {"folded after an empty line", with_headers("X: \r\n b\r\n"), 400},
        {"folded transfer coding", post("Transfer-Encoding:\r\n chunked\r\n"), 400},
        {"space before the colon", with_headers("X : b\r\n"), 400},
        {"space before the first header", "GET / HTTP/1.1\r\n Host: a\r\n\r\n", 400},
        {"header without a name", with_headers(": b\r\n"), 400},
        {"header without a colon", with_headers("Xb\r\n"), 400},
        {"missing Host", "GET / HTTP/1.1\r\n\r\n", 400},
        {"two Hosts", with_headers("Host: a\r\n"), 400},
        {"empty Host", "GET / HTTP/1.1\r\nHost: \r\n\r\n", 400},
        {"Host with a path", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400},
        {"Host with a user", "GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", 400},
        {"Host list", "GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", 400},
        {"Host with a wild port", "GET / HTTP/1.1\r\nHost: a:80x\r\n\r\n", 400},
        {"Host with a port beyond the last", "GET / HTTP/1.1\r\nHost: a:65536\r\n\r\n", 400},

        {"two spaces in the request line", "GET  / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        {"tab in the request line", "GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        {"no version", "GET /\r\nHost: a\r\n\r\n", 400},
        {"HTTP/1.2", "GET / HTTP/1.2\r\nHost: a\r\n\r\n", 400},
        {"HTTP/0.9 with a version", "GET / HTTP/0.9\r\nHost: a\r\n\r\n", 400},
        {"HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400},
        {"lower-case version", "GET / http/1.1\r\nHost: a\r\n\r\n", 400},
        {"leading empty line", "\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        {"TLS hello", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n"s, 400},
        {"unknown method", "BREW / HTTP/1.1\r\nHost: a\r\n\r\n", 405},
        {"lower-case method", "get / HTTP/1.1\r\nHost: a\r\n\r\n", 405},
        {"CONNECT", "CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n", 405},
        {"TRACE", "TRACE / HTTP/1.1\r\nHost: a\r\n\r\n", 405},

        {"target without a slash", "GET a HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        {"star for GET", "GET * HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        {"fragment", "GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        {"raw UTF-8 in the target", "GET /\xC3\xA4 HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        {"control in the target", "GET /a\x01 HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        {"foreign scheme", "GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        {"absolute form without a host", "GET http:///x HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        {"absolute form with a user", "GET http://u@a/x HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        {"broken escape in the query", "GET /?a=%4 HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        {"NUL in the query", "GET /?a=%00 HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        {"overlong UTF-8 in the query", "GET /?a=%C0%AF HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        {"unknown expectation", post("Expect: miracles\r\nContent-Length: 5\r\n"), 417},

        {"target above 8 KiB", "GET /" + std::string(kTargetBytesMax, 'a') + " HTTP/1.1\r\n", 414},
        {"target without end", "GET /" + std::string(20'000, 'a'), 414},
        {"headers above 16 KiB", with_headers("X: " + std::string(kHeaderBytesMax, 'b') + "\r\n"),
         431},
        {"a header without end", "GET / HTTP/1.1\r\nX: " + std::string(20'000, 'b'), 431},
        {"many headers above 16 KiB",
         with_headers(repeated("X: " + std::string(500, 'b') + "\r\n", 40)), 431},
        {"101 headers", with_headers(repeated("X: b\r\n", 100)), 431},
        {"body above 1 MiB", post("Content-Length: 1048577\r\n", ""), 413},
        {"length of 2^63", post("Content-Length: 9223372036854775808\r\n", ""), 413},
        {"chunked body above 1 MiB",
         chunked(repeated("10000\r\n" + std::string(65'536, 'x') + "\r\n", 17)), 413},
    };
    TestServer server(plainly(echo));
    for (const auto& c : cases) {
        SCOPED_TRACE(c.name);
        RawClient client(server.port());
        client.send(c.request);
        // A second, harmless request behind the bad one must not be answered.
        client.send("GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n");
        const std::string answer = client.read_all();
        EXPECT_EQ(status_of_answer(answer), c.status) << answer.substr(0, 300);
        EXPECT_EQ(header_of_answer(answer, "Connection"), "close");
        EXPECT_EQ(header_of_answer(answer, "Content-Type"), "application/problem+json");
        EXPECT_EQ(header_of_answer(answer, "Content-Length"),
                  std::to_string(body_of_answer(answer).size()));
        EXPECT_EQ(answer.find("smuggled"), std::string::npos);
        EXPECT_TRUE(client.is_closed_within(std::chrono::seconds(1)));
    }
}

struct GoodCase {
    const char* name;
    std::string request;
    const char* seen;
};

const GoodCase kGoodCases[] = {
    {"plain", "GET /a?b=c HTTP/1.1\r\nHost: a\r\n\r\n", "GET /a?b=c []"},
    {"no space after the colon", "GET / HTTP/1.1\r\nHost:a\r\n\r\n", "GET / []"},
    {"empty header value", with_headers("X:\r\nY: \r\n"), "GET / []"},
    {"100 headers", with_headers(repeated("X: b\r\n", 99)), "GET / []"},
    {"Host with a port", "GET / HTTP/1.1\r\nHost: api.example.com:8443\r\n\r\n", "GET / []"},
    {"IPv6 Host", "GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n", "GET / []"},
    {"body by length", post("Content-Length: 5\r\n"), "POST /p [hello]"},
    {"length with leading zeros", post("Content-Length: 0005\r\n"), "POST /p [hello]"},
    {"length 0", post("Content-Length: 0\r\n", ""), "POST /p []"},
    {"POST without a body", post("", ""), "POST /p []"},
    {"body with NUL", post("Content-Length: 3\r\n", "a\0b"s), "POST /p [a\0b]"},
    {"chunks", chunked("5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n"), "POST /c [hello world]"},
    {"chunk sizes in either case", chunked("a\r\n0123456789\r\nA\r\n0123456789\r\n0\r\n\r\n"),
     "POST /c [01234567890123456789]"},
    {"chunk size with zeros", chunked("0005\r\nhello\r\n000\r\n\r\n"), "POST /c [hello]"},
    {"chunk extensions", chunked("5;a=b;c=\"d e\"\r\nhello\r\n0;x\r\n\r\n"), "POST /c [hello]"},
    {"trailers are dropped", chunked("5\r\nhello\r\n0\r\nX-Sum: 1\r\nHost: b\r\n\r\n"),
     "POST /c [hello]"},
    {"Chunked in capitals",
     "POST /c HTTP/1.1\r\nHost: a\r\nTRANSFER-ENCODING: Chunked\r\n\r\n"
     "1\r\nx\r\n0\r\n\r\n",
     "POST /c [x]"},
    {"absolute form", "GET http://b.example:80/x?y=1 HTTP/1.1\r\nHost: a\r\n\r\n", "GET /x?y=1 []"},
    {"absolute form without a path", "GET HTTPS://b HTTP/1.1\r\nHost: a\r\n\r\n", "GET / []"},
    {"absolute form, query only", "GET http://b?y=1 HTTP/1.1\r\nHost: a\r\n\r\n", "GET /?y=1 []"},
    {"star", "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", "OPTIONS * []"},
    {"8 KiB target",
     "GET /?" + std::string(kTargetBytesMax - 2, 'a') + " HTTP/1.1\r\nHost: a\r\n\r\n", nullptr},
};

/// Whatever the pieces the bytes come in, the request is the same.
TEST(Framing, AcceptsGoodRequestsWholeOrByteByByte) {
    TestServer server(plainly(echo));
    for (const auto& c : kGoodCases) {
        SCOPED_TRACE(c.name);
        // nullptr stands for a text too long to write down: the target comes back as it was sent.
        const std::string seen =
            c.seen != nullptr
                ? std::string(c.seen,
                              c.name == "body with NUL"s ? 13 : std::string_view(c.seen).size())
                : "GET /?" + std::string(kTargetBytesMax - 2, 'a') + " []";
        RawClient whole(server.port());
        whole.send(c.request);
        const std::string answer = whole.read_one();
        EXPECT_EQ(status_of_answer(answer), 200) << answer;
        EXPECT_EQ(body_of_answer(answer), seen);
        EXPECT_EQ(header_of_answer(answer, "Connection"), "");

        if (c.request.size() > 300) continue;
        RawClient pieces(server.port());
        for (const char byte : c.request) pieces.send(std::string_view(&byte, 1));
        EXPECT_EQ(body_of_answer(pieces.read_one()), seen);
        // Still in step: the next request on the same connection is understood.
        pieces.send("GET /next HTTP/1.1\r\nHost: a\r\n\r\n");
        EXPECT_EQ(body_of_answer(pieces.read_one()), "GET /next []");
    }
}

TEST(Framing, HeaderValuesAreNeverPercentDecoded) {
    TestServer server(plainly(
        [](const Request& request) { return text_response(200, *request.header("x-name")); }));
    RawClient client(server.port());
    client.send(with_headers("X-Name: a%0D%0ASet-Cookie: b\r\n"));
    EXPECT_EQ(body_of_answer(client.read_one()), "a%0D%0ASet-Cookie: b");
}

/// Headers of an earlier request on the connection never show in a later one.
TEST(Framing, RequestsDoNotLeakIntoEachOther) {
    TestServer server(plainly([](const Request& request) {
        std::string seen = request.path + ";";
        for (const auto& [name, value] : request.headers) seen += name + "=" + value + ";";
        for (const auto& [name, value] : request.query) seen += name + "=" + value + ";";
        return text_response(200, seen + request.body);
    }));
    RawClient client(server.port());
    client.send(
        "POST /1?q=1&r=2 HTTP/1.1\r\nHost: a\r\nX-A: 1\r\nX-B: 2\r\nContent-Length: 4\r\n"
        "\r\nbody");
    EXPECT_EQ(body_of_answer(client.read_one()),
              "/1;Host=a;X-A=1;X-B=2;Content-Length=4;q=1;r=2;body");
    client.send("GET /2 HTTP/1.1\r\nHost: b\r\n\r\n");
    EXPECT_EQ(body_of_answer(client.read_one()), "/2;Host=b;");
}

TEST(Framing, EndOfInputInsideARequestClosesWithoutAnAnswer) {
    TestServer server(plainly(echo));
    for (const char* const part : {"", "GET", "GET / HTTP/1.1\r\nHost: a\r\n",
                                   "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nabc",
                                   "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n"
                                   "\r\n5\r\nab"}) {
        SCOPED_TRACE(part);
        RawClient client(server.port());
        client.send(part);
        client.end();
        EXPECT_EQ(client.read_all(), "");
    }
}

}  // namespace
}  // namespace turnpike::http
