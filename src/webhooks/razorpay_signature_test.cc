#include "webhooks/razorpay_signature.h"

#include <random>
#include <stdexcept>
#include <string>

#include <gtest/gtest.h>

#include "base/encoding.h"
#include "crypto/crypto.h"

namespace turnpike {
namespace {

// printf %s BODY | openssl dgst -sha256 -hmac razorpay_secret_1
constexpr std::string_view kCharged = R"({"entity":"event","event":"subscription.charged"})";
constexpr std::string_view kSecret = "razorpay_secret_1";
constexpr std::string_view kSigned =
    "190e3e010757bbf45135700b5a5f622b026a999cafae467c5f3c3243486c6d92";

WebhookSecrets keys(std::vector<std::string> texts) {
    auto made = WebhookSecrets::create(std::move(texts));
    if (!made) throw std::runtime_error(made.error().message);
    return *std::move(made);
}

std::string found(std::string_view header, std::string_view body, const WebhookSecrets& secrets) {
    const auto checked = check_razorpay_signature(header, body, secrets);
    const auto* fault = std::get_if<SignatureFault>(&checked);
    return fault == nullptr ? "valid" : std::string(to_text(*fault));
}

TEST(RazorpaySignature, ProvesExactlyTheseBytes) {
    const auto secrets = keys({std::string(kSecret)});
    EXPECT_EQ(found(kSigned, kCharged, secrets), "valid");
    EXPECT_EQ(found(kSigned, std::string(kCharged) + " ", secrets), "wrong_signature");
    EXPECT_EQ(found(kSigned, "", secrets), "wrong_signature");
    EXPECT_EQ(found(kSigned, kCharged, keys({"another_secret"})), "wrong_signature");
}

TEST(RazorpaySignature, OldEventsCarryTheOldSecret) {
    EXPECT_EQ(found(kSigned, kCharged, keys({"new_secret_2", std::string(kSecret)})), "valid");
    EXPECT_EQ(found(kSigned, kCharged, keys({std::string(kSecret), "new_secret_2"})), "valid");
}

TEST(RazorpaySignature, RefusesWhatIsNoSignature) {
    const auto secrets = keys({std::string(kSecret)});
    std::string shouted(kSigned);
    for (char& c : shouted)
        if (c >= 'a' && c <= 'f') c = static_cast<char>(c - 'a' + 'A');
    for (const std::string& header :
         {std::string(), std::string(kSigned.substr(1)), std::string(kSigned) + "0",
          "v1=" + std::string(kSigned), std::string(64, ' '), std::string(64, 'g'), shouted,
          std::string(kSigned) + "," + std::string(kSigned)})
        EXPECT_EQ(found(header, kCharged, secrets), "malformed_header") << header;
    EXPECT_EQ(found(std::string(64, '0'), kCharged, secrets), "wrong_signature");
}

TEST(RazorpaySignature, EveryBitCounts) {
    const auto secrets = keys({std::string(kSecret)});
    std::mt19937 random(20'270'131);
    for (int i = 0; i < 200; ++i) {
        std::string body = random_bytes(1 + random() % 300);
        const auto header = to_hex(hmac_sha256(kSecret, body));
        ASSERT_EQ(found(header, body, secrets), "valid");
        const auto at = random() % body.size();
        body[at] = static_cast<char>(static_cast<unsigned char>(body[at]) ^ (1U << (random() % 8)));
        ASSERT_EQ(found(header, body, secrets), "wrong_signature");
    }
}

}  // namespace
}  // namespace turnpike
