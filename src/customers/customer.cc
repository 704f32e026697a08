#include "customers/customer.h"

#include <algorithm>

#include "base/mail_address.h"

namespace turnpike {
namespace {

constexpr std::size_t kExternalIdBytesMax = 128;
constexpr std::size_t kCardDigitsMin = 13;
constexpr std::size_t kCardDigitsMax = 19;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_external_id_character(char c) {
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           std::string_view("_.@:|-").contains(c);
}

/// ISO/IEC 7812-1, annex B.
bool luhn_holds(std::string_view digits) {
    int sum = 0;
    for (std::size_t i = 0; i < digits.size(); ++i) {
        const int digit = digits[digits.size() - 1 - i] - '0';
        const int weighted = i % 2 == 0 ? digit : 2 * digit;
        sum += weighted > 9 ? weighted - 9 : weighted;
    }
    return sum % 10 == 0;
}

bool is_card_number(std::string_view digits) {
    return digits.size() >= kCardDigitsMin && digits.size() <= kCardDigitsMax &&
           digits.front() >= '2' && digits.front() <= '6' && luhn_holds(digits);
}

/// Takes the next run off the front of `text`: its groups of digits, with one space or hyphen
/// between two ("4242 4242 4242 4242 12").
std::vector<std::string> take_groups(std::string_view& text) {
    while (!text.empty() && !is_digit(text.front())) text.remove_prefix(1);
    std::vector<std::string> groups;
    while (!text.empty() && is_digit(text.front())) {
        groups.emplace_back();
        for (; !text.empty() && is_digit(text.front()); text.remove_prefix(1))
            groups.back() += text.front();
        const bool joined = text.size() > 1 && (text.front() == ' ' || text.front() == '-');
        if (!joined || !is_digit(text[1])) break;
        text.remove_prefix(1);
    }
    return groups;
}

/// True when some neighbouring groups together are a card number; others may be its expiry.
bool holds_card(const std::vector<std::string>& groups) {
    for (std::size_t first = 0; first < groups.size(); ++first) {
        std::string digits;
        for (std::size_t i = first; i < groups.size() && digits.size() < kCardDigitsMax; ++i) {
            digits += groups[i];
            if (is_card_number(digits)) return true;
        }
    }
    return false;
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

bool holds_card_number(std::string_view text) {
    while (!text.empty())
        if (holds_card(take_groups(text))) return true;
    return false;
}

Result<void> refuse_card_numbers(const std::optional<std::string>& name, const Metadata& metadata) {
    bool found = name && holds_card_number(*name);
    for (const auto& [key, value] : metadata)
        found = found || holds_card_number(key) || holds_card_number(value);
    if (found)
        return fail(ErrorCode::Unprocessable, "customer.card_number",
                    "the name or metadata hold what looks like a card number; never send those");
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
    if (const auto clean = refuse_card_numbers(customer.name, customer.metadata); !clean)
        return failure(clean);
    return customer;
}

}  // namespace turnpike
