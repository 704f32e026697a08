#pragma once

#include <string>
#include <string_view>

#include "base/error.h"

namespace turnpike {

/// What two spellings of one mailbox share: the local part in NFC with ASCII's letters in
/// lower case, the domain as the DNS has it ("Jo@BÜCHER.example" and "jo@xn--bcher-kva.example" are
/// one). No more
/// than that: whether dots or a "+tag" count, and whether two letters that look alike are one, only
/// the mailbox's own host knows, and merging two people is worse than telling one twice.
///
/// Errors: InvalidArgument "people.invalid_email".
Result<std::string> fold_email(std::string_view email);

}  // namespace turnpike
