#include "customers/customer.h"

#include <algorithm>

#include "base/mail_address.h"

namespace turnpike {
namespace {

constexpr std::size_t kExternalIdBytesMax = 128;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_external_id_character(char c) {
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           std::string_view("_.@:|-").contains(c);
}

void patch_metadata(Metadata& metadata, const CustomerPatch& patch) {
    if (patch.clear_metadata == CustomerPatch::Clear::Yes) metadata.clear();
    for (const auto& [key, value] : patch.metadata) {
        const auto found =
            std::ranges::find(metadata, key, &std::pair<std::string, std::string>::first);
        if (!value && found != metadata.end())
            metadata.erase(found);
        else if (value && found != metadata.end())
            found->second = *value;
        else if (value)
            metadata.emplace_back(key, *value);
    }
}

}  // namespace

Result<void> check_external_id(std::string_view text) {
    const bool right_size = !text.empty() && text.size() <= kExternalIdBytesMax;
    if (!right_size || !std::ranges::all_of(text, is_external_id_character) ||
        text.starts_with("ext:") || CustomerId::parse(text))
        return invalid_argument("customer.invalid_external_id",
                                "an external id has 1 to 128 characters of A-Z a-z 0-9 _ . @ : | "
                                "-, does not start with \"ext:\" and is not an id of Turnpike's");
    return {};
}

Result<void> check_email(std::string_view text) {
    if (!is_mail_address(text))
        return invalid_argument("customer.invalid_email", "the e-mail address is not one");
    return {};
}

Result<Customer> apply_patch(Customer customer, const CustomerPatch& patch) {
    if (patch.email) customer.email = *patch.email;
    if (patch.name) customer.name = *patch.name;
    patch_metadata(customer.metadata, patch);

    if (patch.email && *patch.email)
        if (const auto good = check_email(**patch.email); !good) return failure(good);
    if (customer.metadata.size() > kMetadataEntriesMax)
        return invalid_argument("customer.too_much_metadata", "metadata has at most 50 entries");
    return customer;
}

}  // namespace turnpike
