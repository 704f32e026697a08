#include "people/email.h"

#include <memory>

#include <idn2.h>

#include "base/letter_case.h"
#include "base/utf8.h"
#include "customers/customer.h"

namespace turnpike {
namespace {

std::unexpected<Error> no_email() {
    return invalid_argument("people.invalid_email",
                            "this is no e-mail address: give name@example.com");
}

struct FreeDomain {
    void operator()(char* text) const { idn2_free(text); }
};

}  // namespace

Result<std::string> fold_email(std::string_view email) {
    if (!check_email(email) || !is_utf8(email)) return no_email();
    const auto at = email.rfind('@');
    const std::string domain(email.substr(at + 1));
    char* ascii = nullptr;
    const int outcome =
        idn2_to_ascii_8z(domain.c_str(), &ascii, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
    const std::unique_ptr<char, FreeDomain> owner(ascii);
    if (outcome != IDN2_OK || *ascii == '\0') return no_email();
    return lower_case(email.substr(0, at)) + "@" + lower_case(ascii);
}

}  // namespace turnpike
