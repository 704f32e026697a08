#include "http/content_coding.h"

#include <vector>

#include <gtest/gtest.h>
#include <zlib.h>
#include <zstd.h>

namespace turnpike::http {
namespace {

std::string gzipped(std::string_view text) {
    z_stream state{};
    EXPECT_EQ(deflateInit2(&state, 9, Z_DEFLATED, MAX_WBITS + 16, 9, Z_DEFAULT_STRATEGY), Z_OK);
    std::string out(deflateBound(&state, text.size()) + 64, '\0');
    std::string in(text);
    state.next_in = static_cast<Bytef*>(static_cast<void*>(in.data()));
    state.avail_in = static_cast<uInt>(in.size());
    state.next_out = static_cast<Bytef*>(static_cast<void*>(out.data()));
    state.avail_out = static_cast<uInt>(out.size());
    EXPECT_EQ(deflate(&state, Z_FINISH), Z_STREAM_END);
    out.resize(state.total_out);
    deflateEnd(&state);
    return out;
}

std::string zstd(std::string_view text, int window_log = 0) {
    ZSTD_CCtx* const context = ZSTD_createCCtx();
    ZSTD_CCtx_setParameter(context, ZSTD_c_windowLog, window_log);
    ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
    std::string out(ZSTD_compressBound(text.size()) + 64, '\0');
    ZSTD_inBuffer in{text.data(), text.size(), 0};
    ZSTD_outBuffer to{out.data(), out.size(), 0};
    // As a stream, so that the frame does not say how long it is.
    EXPECT_FALSE(ZSTD_isError(ZSTD_compressStream2(context, &to, &in, ZSTD_e_continue)));
    EXPECT_EQ(ZSTD_compressStream2(context, &to, &in, ZSTD_e_end), 0U);
    out.resize(to.pos);
    ZSTD_freeCCtx(context);
    return out;
}

/// Not repeating, so that its encoding is longer than a few bytes.
std::string sample(std::size_t bytes) {
    std::string text;
    std::uint32_t state = 1;
    while (text.size() < bytes) {
        state = state * 1'664'525 + 1'013'904'223;
        text += std::to_string(state) + (state % 3 == 0 ? "\n" : " ");
    }
    text.resize(bytes);
    return text;
}

struct Coded {
    const char* name;
    ContentCoding coding;
    std::string (*encode)(std::string_view);
};
const Coded kCoded[] = {
    {"identity", ContentCoding::Identity, [](std::string_view text) { return std::string(text); }},
    {"gzip", ContentCoding::Gzip, gzipped},
    {"zstd", ContentCoding::Zstd, [](std::string_view text) { return zstd(text); }},
};

/// "" when it is decoded.
std::string reason(ContentCoding coding, std::string_view body, std::size_t decoded_max = 1 << 20) {
    const auto decoded = decoded_body(coding, body, decoded_max);
    return decoded ? "" : std::string(decoded.error().reason.text());
}

TEST(ContentCoding, IsOneThatWeRead) {
    struct Case {
        const char* name;
        Headers headers;
        std::optional<ContentCoding> coding;
    };
    const Case cases[] = {
        {"no header", {}, ContentCoding::Identity},
        {"identity", {{"Content-Encoding", "identity"}}, ContentCoding::Identity},
        {"gzip", {{"content-encoding", " GZip "}}, ContentCoding::Gzip},
        {"its old name", {{"Content-Encoding", "x-gzip"}}, ContentCoding::Gzip},
        {"zstd", {{"Content-Encoding", "zstd"}}, ContentCoding::Zstd},
        {"brotli", {{"Content-Encoding", "br"}}, std::nullopt},
        {"deflate", {{"Content-Encoding", "deflate"}}, std::nullopt},
        {"two in a list", {{"Content-Encoding", "gzip, zstd"}}, std::nullopt},
        {"twice the same", {{"Content-Encoding", "gzip, gzip"}}, std::nullopt},
        {"two headers", {{"Content-Encoding", "gzip"}, {"Content-Encoding", "gzip"}}, std::nullopt},
        {"an empty header", {{"Content-Encoding", ""}}, std::nullopt},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.name);
        Request request;
        request.headers = c.headers;
        EXPECT_EQ(content_coding(request), c.coding);
    }
}

TEST(BodyDecoder, GivesTheBytesBackInPiecesOfAnySize) {
    const std::string text = sample(100'000);
    for (const auto& [name, coding, encode] : kCoded) {
        const std::string body = encode(text);
        for (const std::size_t piece : {1U, 7U, 4'096U, 99'999U, 100'000U, 200'000U}) {
            SCOPED_TRACE(std::string(name) + " " + std::to_string(piece));
            BodyDecoder decoder(coding, body, text.size());
            std::string decoded;
            std::vector<char> space(piece);
            std::size_t count = piece;
            while (count == piece) {
                const auto read = decoder.read(space);
                ASSERT_TRUE(read) << read.error().message;
                count = *read;
                decoded.append(space.data(), count);
            }
            EXPECT_TRUE(decoded == text);
        }
        EXPECT_EQ(decoded_body(coding, body, text.size()), text);
        EXPECT_EQ(decoded_body(coding, encode(""), 0), "");
    }
}

TEST(BodyDecoder, ReadsSeveralMembersOrFramesAsOneBody) {
    for (const auto& [name, coding, encode] : kCoded) {
        SCOPED_TRACE(name);
        EXPECT_EQ(decoded_body(coding, encode("ab") + encode("") + encode("cd"), 4), "abcd");
    }
}

TEST(BodyDecoder, RefusesMorePartsThanAnybodyNeeds) {
    const auto parts = [](const Coded& coded, std::size_t count) {
        const std::string part = coded.encode("");
        std::string body;
        for (std::size_t i = 0; i < count; ++i) body += part;
        return body;
    };
    for (const Coded& coded : kCoded) {
        if (coded.coding == ContentCoding::Identity) continue;
        SCOPED_TRACE(coded.name);
        EXPECT_EQ(reason(coded.coding, parts(coded, 16'384), 10), "");
        EXPECT_EQ(reason(coded.coding, parts(coded, 16'385), 10), "http.bad_encoding");
    }
}

TEST(BodyDecoder, RefusesOneByteOverItsBound) {
    const std::string text = sample(70'000);
    for (const auto& [name, coding, encode] : kCoded) {
        SCOPED_TRACE(name);
        const std::string body = encode(text);
        EXPECT_EQ(reason(coding, body, 70'000), "");
        EXPECT_EQ(reason(coding, body, 69'999), "http.decoded_too_large");
        EXPECT_EQ(reason(coding, body, 0), "http.decoded_too_large");
    }
}

TEST(BodyDecoder, ABombIsRefusedAtItsBound) {
    const std::string zeros(std::size_t{64} << 20, '\0');
    for (const auto& [name, coding, encode] : {kCoded[1], kCoded[2]}) {
        SCOPED_TRACE(name);
        const std::string bomb = encode(zeros);
        ASSERT_LT(bomb.size(), 100'000U);
        BodyDecoder decoder(coding, bomb, std::size_t{1} << 20);
        std::vector<char> space(64 << 10);
        std::size_t decoded = 0;
        Result<std::size_t> count = 0;
        while ((count = decoder.read(space))) decoded += *count;
        EXPECT_EQ(count.error().reason.text(), "http.decoded_too_large");
        EXPECT_EQ(decoded, std::size_t{1} << 20);
    }
}

TEST(BodyDecoder, RefusesEveryCut) {
    const std::string text = sample(2'000);
    for (const auto& [name, coding, encode] : {kCoded[1], kCoded[2]}) {
        const std::string body = encode(text);
        for (std::size_t length = 0; length < body.size(); ++length)
            EXPECT_EQ(reason(coding, std::string_view(body).substr(0, length)), "http.bad_encoding")
                << name << " cut to " << length;
    }
}

TEST(BodyDecoder, RefusesWhatIsNotSound) {
    for (const auto& [name, coding, encode] : {kCoded[1], kCoded[2]}) {
        SCOPED_TRACE(name);
        const std::string body = encode(sample(2'000));
        std::string flipped = body;
        flipped[body.size() / 2] = static_cast<char>(flipped[body.size() / 2] ^ 0x10);
        EXPECT_EQ(reason(coding, flipped), "http.bad_encoding");
        std::string other_sum = body;
        other_sum[body.size() - (coding == ContentCoding::Gzip ? 5 : 1)] ^= 1;
        EXPECT_EQ(reason(coding, other_sum), "http.bad_encoding");
        EXPECT_EQ(reason(coding, body + "x"), "http.bad_encoding");
        EXPECT_EQ(reason(coding, "not encoded at all, only said so"), "http.bad_encoding");
    }
    EXPECT_EQ(reason(ContentCoding::Gzip, zstd("a")), "http.bad_encoding");
    EXPECT_EQ(reason(ContentCoding::Zstd, gzipped("a")), "http.bad_encoding");
}

TEST(BodyDecoder, RefusesAZstdWindowThatIsNotForHttp) {
    const std::string text = sample(1'000);
    EXPECT_EQ(reason(ContentCoding::Zstd, zstd(text, 23)), "");
    EXPECT_EQ(reason(ContentCoding::Zstd, zstd(text, 24)), "http.bad_encoding");
}

}  // namespace
}  // namespace turnpike::http
