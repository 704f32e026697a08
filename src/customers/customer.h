#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/id.h"
#include "base/time.h"

namespace turnpike {

using Metadata = std::vector<std::pair<std::string, std::string>>;
inline constexpr std::size_t kMetadataEntriesMax = 50;

/// Who is billed.
struct Customer {
    CustomerId id;
    /// The seller's own name for it, qualified where its catalog is not the primary one:
    /// "learning-app~alice" (QualifiedName). Never changes.
    std::string external_id;
    std::optional<std::string> email;
    std::optional<std::string> name;
    Metadata metadata;  ///< the seller's notes; keys are unique
    std::optional<TestClockId> test_clock;
    Instant created_at;
    std::int64_t version = 1;  ///< counts changes
    std::string catalog{};     ///< key of what it buys from; never changes
    friend bool operator==(const Customer&, const Customer&) = default;
};

/// What a seller says of a customer to be.
struct CustomerDraft {
    std::string external_id;  ///< bare
    std::optional<std::string> email;
    std::optional<std::string> name;
    Metadata metadata;
    std::optional<TestClockId> test_clock;
    std::string catalog{};  ///< key; "": the primary one
};

/// A merge patch (RFC 7396). The outer optional says whether the member was there at all; an inner
/// nullopt clears the value.
struct CustomerPatch {
    std::optional<std::optional<std::string>> email;
    std::optional<std::optional<std::string>> name;
    enum class Clear : bool { No, Yes } clear_metadata = Clear::No;
    std::vector<std::pair<std::string, std::optional<std::string>>> metadata;
};

/// [A-Za-z0-9_.@:|-], 1 to 128 of them. Not what `find_customer` would take for something else: an
/// id of ours ("cus_...") or a text that starts with "ext:".
///
/// Errors: InvalidArgument "customer.invalid_external_id".
Result<void> check_external_id(std::string_view text);

/// What is_mail_address() takes (base/mail_address.h).
///
/// Errors: InvalidArgument "customer.invalid_email".
Result<void> check_email(std::string_view text);

/// Applies a patch; everything is checked. `version` is left to the store.
///
/// Errors: as the checks above; InvalidArgument "customer.too_much_metadata".
Result<Customer> apply_patch(Customer customer, const CustomerPatch& patch);

}  // namespace turnpike
