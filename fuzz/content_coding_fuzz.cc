// Any bytes as an encoded body: refused, or the same in pieces as in one, and within the bound. The
// first byte chooses the coding and the piece size.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "http/content_coding.h"

namespace {

using namespace turnpike;

constexpr std::size_t kDecodedMax = std::size_t{256} << 10;

Result<std::string> decoded_in_pieces(http::ContentCoding coding, std::string_view body,
                                      std::size_t piece) {
    http::BodyDecoder decoder(coding, body, kDecodedMax);
    std::vector<char> space(piece);
    std::string decoded;
    for (;;) {
        const auto count = decoder.read(space);
        if (!count) return failure(count);
        check(*count <= piece, "no more than there is room for");
        decoded.append(space.data(), *count);
        check(decoded.size() <= kDecodedMax, "no more than is allowed");
        if (*count < piece) return decoded;
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const auto* const bytes = static_cast<const char*>(static_cast<const void*>(data));
    const std::string_view body(bytes + 1, size - 1);
    constexpr http::ContentCoding kCodings[] = {
        http::ContentCoding::Identity, http::ContentCoding::Gzip, http::ContentCoding::Zstd};
    const auto coding = kCodings[data[0] % 3];
    const auto whole = http::decoded_body(coding, body, kDecodedMax);
    const auto pieces = decoded_in_pieces(coding, body, std::size_t{data[0]} * 37 + 1);
    check(whole.has_value() == pieces.has_value(), "pieces change nothing");
    if (whole) check(*whole == *pieces, "nor what is decoded");
    if (whole && coding == http::ContentCoding::Identity) check(*whole == body, "as it is");
    return 0;
}
