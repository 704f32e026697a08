#include "access/idempotency_key.h"

#include <set>

#include <gtest/gtest.h>

namespace turnpike {
namespace {

std::string read(const std::string& header) {
    return read_idempotency_key(header).value_or("refused");
}

TEST(IdempotencyKey, IsTheSameQuotedAndBare) {
    EXPECT_EQ(read("8e03978e-40d5-43e8-bc93-6894a57f9324"), "8e03978e-40d5-43e8-bc93-6894a57f9324");
    EXPECT_EQ(read("\"8e03978e-40d5-43e8-bc93-6894a57f9324\""),
              "8e03978e-40d5-43e8-bc93-6894a57f9324");
    EXPECT_EQ(read(R"("two words \"and\" a \\")"), R"(two words "and" a \)");
}

TEST(IdempotencyKey, HasOneTo255PrintableCharacters) {
    EXPECT_EQ(read(std::string(255, 'k')), std::string(255, 'k'));
    for (const std::string& bad :
         {std::string(), std::string("\"\""), std::string(256, 'k'), std::string("two words"),
          std::string("\""), std::string("\"open"), std::string("open\""), std::string(R"("a"b")"),
          std::string(R"("a\")"), std::string(R"("a\b")"), std::string("caf\xc3\xa9"),
          std::string("tab\t"), std::string("\"tab\t\"")})
        EXPECT_EQ(read(bad), "refused") << bad;
}

TEST(Fingerprint, IsOfWhatABodyMeans) {
    const auto same = request_fingerprint("", R"({"a":1,"b":{"c":[1,2],"d":null}})");
    EXPECT_EQ(request_fingerprint("", " {\"b\": {\"d\":null, \"c\":[1, 2]}, \"a\":1}\n"), same);
    for (const char* other :
         {R"({"a":1,"b":{"c":[2,1],"d":null}})", R"({"a":"1","b":{"c":[1,2],"d":null}})",
          R"({"a":1,"b":{"c":[1,2]}})", "", "no json"})
        EXPECT_NE(request_fingerprint("", other), same) << other;
    EXPECT_NE(request_fingerprint("?limit=1", R"({"a":1,"b":{"c":[1,2],"d":null}})"), same);
    EXPECT_NE(request_fingerprint("a", "bc"), request_fingerprint("ab", "c"));
}

TEST(KeyScope, NeverMeetsAnother) {
    const std::set<std::string> digests = {
        scope_digest({"user:a", "POST", "/v1/customers", "k"}),
        scope_digest({"user:b", "POST", "/v1/customers", "k"}),
        scope_digest({"user:a", "PUT", "/v1/customers", "k"}),
        scope_digest({"user:a", "POST", "/v1/api_keys", "k"}),
        scope_digest({"user:a", "POST", "/v1/customers", "l"}),
        scope_digest({"user:aP", "OST", "/v1/customers", "k"}),
    };
    EXPECT_EQ(digests.size(), 6U);
}

}  // namespace
}  // namespace turnpike
