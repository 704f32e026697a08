// The published examples: RFC 7515 appendix A and RFC 8037 appendix A, as printed there.

#include <gtest/gtest.h>

#include "access/jwk.h"
#include "access/jwt.h"
#include "base/encoding.h"
#include "json/value.h"

namespace turnpike {
namespace {

constexpr std::string_view kPayload =
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVl"
    "fQ";

struct Vector {
    const char* name;
    JwtAlgorithm algorithm;
    std::string_view jwk;
    std::string_view header, payload, signature;
};

constexpr Vector kVectors[] = {
    {"RFC 7515 A.2", JwtAlgorithm::Rs256,
     R"({"kty":"RSA","e":"AQAB","n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHm)"
     R"(fHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9)"
     R"(wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4)"
     R"(uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9)"
     R"(gb54h4FRWyuXpoQ"})",
     "eyJhbGciOiJSUzI1NiJ9", kPayload,
     "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5"
     "jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb"
     "1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QO"
     "YEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw"},
    {"RFC 7515 A.3", JwtAlgorithm::Es256,
     R"({"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",)"
     R"("y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"})",
     "eyJhbGciOiJFUzI1NiJ9", kPayload,
     "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"},
    {"RFC 8037 A.4", JwtAlgorithm::EdDsa,
     R"({"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"})",
     "eyJhbGciOiJFZERTQSJ9", "RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc",
     "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"},
};

TEST(JwtVectors, PublishedSignaturesHoldAndChangedOnesDoNot) {
    for (const Vector& vector : kVectors) {
        SCOPED_TRACE(vector.name);
        const auto json = parse_json(vector.jwk);
        ASSERT_TRUE(json);
        const auto read = read_jwk(*json, "the key");
        ASSERT_TRUE(read);
        const auto* key = std::get_if<JwtKey>(&*read);
        ASSERT_NE(key, nullptr);
        EXPECT_EQ(key->algorithm, vector.algorithm);

        const auto message = std::string(vector.header) + '.' + std::string(vector.payload);
        const auto signature = from_base64url(vector.signature).value();
        EXPECT_TRUE(signature_holds(*key, message, signature));
        EXPECT_FALSE(signature_holds(*key, message + 'x', signature));
        for (const std::size_t place : {std::size_t{0}, signature.size() / 2}) {
            auto changed = signature;
            changed[place] = static_cast<char>(changed[place] ^ 1);
            EXPECT_FALSE(signature_holds(*key, message, changed)) << place;
        }
        EXPECT_FALSE(signature_holds(*key, message, ""));
        EXPECT_FALSE(signature_holds(*key, message, std::string(signature.size(), '\0')));
        EXPECT_FALSE(signature_holds(*key, message, signature + '\0'));
    }
}

// The token of A.1 has no sub: a good signature is answered with token_claims, a bad one with
// token_signature.
TEST(JwtVectors, Rfc7515A1) {
    JwtConfig config;
    config.hs256_secret =
        from_base64url(
            "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwj"
            "AzZr1Z9CAow")
            .value();
    const auto keys = KeySet::make(config);
    ASSERT_TRUE(keys);
    const auto head = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9." + std::string(kPayload) + '.';
    const auto now = from_unix_seconds(1300819380);
    const auto good = verify(*keys, head + "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", now);
    ASSERT_FALSE(good);
    EXPECT_EQ(good.error().reason.text(), "access.token_claims");
    const auto bad = verify(*keys, head + "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXg", now);
    ASSERT_FALSE(bad);
    EXPECT_EQ(bad.error().reason.text(), "access.token_signature");
}

}  // namespace
}  // namespace turnpike
