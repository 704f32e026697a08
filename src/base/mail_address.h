#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace turnpike {

struct MailAddress {
    std::string local;   ///< before the '@', as it was written, in NFC
    std::string domain;  ///< as the DNS has it: "xn--bcher-kva.example", in lower case
    friend bool operator==(const MailAddress&, const MailAddress&) = default;
};

/// local@domain, 254 bytes at most, so that it can stand in the commands of SMTP and in a header
/// line with nothing around it:
///
/// - The local part is a Dot-string of RFC 5321 with the letters of RFC 6531: 1 to 64 bytes of
///   letters, marks and digits of any script and !#$%&'*+-/=?^_`{|}~, with single dots between
///   them. Quoted strings and comments, which nobody has in his address, are none; nor is what is
///   not to be seen, nor an emoji.
/// - The domain has labels of 1 to 63 letters, digits and hyphens, no hyphen at either end; other
///   letters where IDNA 2008 has them. An address in brackets, [192.0.2.1], is no domain.
///
/// Whether somebody reads the mail is not ours to know. nullopt: it is none.
std::optional<MailAddress> parse_mail_address(std::string_view text);
bool is_mail_address(std::string_view text);

}  // namespace turnpike
