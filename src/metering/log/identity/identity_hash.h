#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "crypto/siphash.h"

namespace turnpike {

/// What the log keeps of an event's (source, id): 128 bits under a secret key, so that no client
/// can make two of its identities meet. `first` is never 0; it marks a free slot.
using IdentityHash = Digest128;

/// The hash of the pair: of the length of `source` and then both texts, so that no two pairs give
/// the same bytes to hash, whatever the texts hold. Pure; any thread.
IdentityHash identity_hash(const SipKey& key, std::string_view source, std::string_view id);

/// Two keys have the same one only by a chance of 2^-64. It does not tell the key.
std::uint64_t check_value_of(const SipKey& key);

/// The key of one data directory, kept in the file `path` (mode 0600, with a checksum), or a new
/// one from the system's generator, durable before this returns. Without it every identity recorded
/// under it would be forgotten, so a damaged file is refused and never replaced.
///
/// Errors: Unavailable "metering.identity_damaged", "file.refused"; they name the file.
Result<SipKey> load_or_make_identity_key(const std::string& path);

}  // namespace turnpike
