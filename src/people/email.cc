#include "people/email.h"

#include "base/letter_case.h"
#include "base/mail_address.h"

namespace turnpike {

Result<std::string> fold_email(std::string_view email) {
    const auto address = parse_mail_address(email);
    if (!address)
        return invalid_argument("people.invalid_email",
                                "this is no e-mail address: give name@example.com");
    return lower_case(address->local) + "@" + address->domain;
}

}  // namespace turnpike
