#include "people/password_rules.h"

#include <algorithm>
#include <array>
#include <string>

#include "base/letter_case.h"

namespace turnpike {
namespace {

/// The most common ones of eight characters and more, in lower case; every public list of leaked
/// passwords begins with these.
constexpr auto kCommon = std::to_array<std::string_view>({
    "00000000",     "0123456789",  "11112222",    "11223344",      "12341234",     "123123123",
    "1234567890",   "12345678",    "123456789",   "123456789a",    "1234qwer",     "123qweasd",
    "123qweasdzxc", "147258369",   "1q2w3e4r",    "1q2w3e4r5t",    "1qaz2wsx",     "1qaz2wsx3edc",
    "741852963",    "87654321",    "987654321",   "a1234567",      "a12345678",    "a123456789",
    "a1b2c3d4",     "aa12345678",  "aa123456",    "abc12345",      "abcd1234",     "abcdefgh",
    "access14",     "admin123",    "admin1234",   "administrator", "alexander",    "asdf1234",
    "asdfasdf",     "asdfghjk",    "asdfghjkl",   "azertyuiop",    "babygirl",     "baseball",
    "baseball1",    "basketball",  "benjamin",    "blink182",      "butterfly",    "changeme",
    "charlie1",     "chocolate",   "christian",   "computer",      "corvette",     "daniel123",
    "dragon123",    "facebook",    "fcbarcelona", "football",      "football1",    "fuckyou1",
    "garfield",     "gfhjkm123",   "guest123",    "hello123",      "iloveyou",     "iloveyou1",
    "iloveyou2",    "internet",    "jennifer",    "jessica1",      "jonathan",     "jordan23",
    "letmein1",     "letmein123",  "liverpool",   "liverpool1",    "lovelove",     "manchester",
    "maverick",     "mercedes",    "michael1",    "michelle",      "midnight",     "minecraft",
    "monkey123",    "mustang1",    "mynoob123",   "nicole123",     "p@ssw0rd",     "p@ssword",
    "pa$$w0rd",     "pass1234",    "passw0rd",    "passw0rd1",     "password",     "password!",
    "password1",    "password1!",  "password12",  "password123",   "password1234", "password2",
    "pokemon1",     "princess",    "princess1",   "q1w2e3r4",      "q1w2e3r4t5",   "qazwsx123",
    "qazwsxedc",    "qqww1122",    "qwe123456",   "qwer1234",      "qwerty12",     "qwerty123",
    "qwerty1234",   "qwerty12345", "qwertyui",    "qwertyuiop",    "rockstar1",    "samsung1",
    "samantha",     "secret123",   "shadow123",   "sunshine",      "sunshine1",    "superman",
    "superman1",    "swordfish",   "sysadmin",    "test1234",      "testtest",     "thomas123",
    "trustno1",     "victoria",    "welcome1",    "welcome123",    "whatever",     "whatever1",
    "yankees1",     "zaq12wsx",    "zaq1zaq1",    "zxcvbnm1",      "zxcvbnm123",
});

std::unexpected<Error> weak(std::string detail) {
    Error error{ErrorCode::InvalidArgument, "people.weak_password", detail};
    error.fields.push_back({"/password", "weak", std::move(detail)});
    return std::unexpected(std::move(error));
}

}  // namespace

Result<void> check_password(std::string_view password, std::string_view email) {
    if (password.size() < kPasswordBytesMin) return weak("a password has at least 8 characters");
    if (password.size() > kPasswordBytesMax) return weak("a password has at most 1024 bytes");
    const auto folded = lower_case(password);
    if (std::ranges::find(kCommon, folded) != kCommon.end() ||
        std::ranges::count(folded, folded.front()) == std::ssize(folded))
        return weak("this password is among those that are tried first; choose another");
    const auto account = lower_case(email);
    if (folded == account || folded == account.substr(0, account.rfind('@')))
        return weak("a password is not the e-mail address");
    return {};
}

}  // namespace turnpike
