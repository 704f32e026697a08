// Input: a token as received; or, after a leading '\n', a header and a payload parted by the next
// '\n', which are signed here so that the fuzzer reaches what lies behind the signature.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "access/jwt.h"
#include "base/check.h"
#include "base/encoding.h"
#include "crypto/crypto.h"

namespace {

using namespace turnpike;

constexpr std::string_view kSecret = "0123456789abcdef0123456789abcdef";
// The public keys of RFC 7515 A.3 and RFC 8037 A.2.
constexpr std::string_view kJwks = R"({"keys":[{"kty":"EC","kid":"ec","crv":"P-256",)"
                                   R"("x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",)"
                                   R"("y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"},)"
                                   R"({"kty":"OKP","kid":"ed","crv":"Ed25519",)"
                                   R"("x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]})";

KeySet make_keys() {
    JwtConfig config;
    config.hs256_secret = kSecret;
    config.jwks = kJwks;
    auto keys = KeySet::make(config);
    check(keys.has_value(), "the fuzzer's keys are good");
    return *std::move(keys);
}

std::string signed_parts(std::string_view text) {
    const auto end = text.find('\n');
    const auto payload = end == std::string_view::npos ? "" : text.substr(end + 1);
    auto token = to_base64url(text.substr(0, end)) + '.' + to_base64url(payload);
    return token + '.' + to_base64url(hmac_sha256(kSecret, token));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const KeySet kKeys = make_keys();
    const Instant now = from_unix_seconds(1'700'000'000);
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    const auto claims = input.starts_with('\n') ? verify(kKeys, signed_parts(input.substr(1)), now)
                                                : verify(kKeys, input, now);
    if (claims) {
        check(!claims->subject.empty() && claims->subject.size() <= 128, "sub is bounded");
        check(claims->expires_at + kTokenLeeway > now, "an accepted token has not expired");
        check(!claims->issued_at || *claims->issued_at <= now + kTokenLeeway, "nor is it early");
    } else {
        check(claims.error().code == ErrorCode::Unauthenticated, "every refusal is a 401");
    }
    return 0;
}
