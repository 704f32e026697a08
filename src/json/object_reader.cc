#include "json/object_reader.h"

#include <algorithm>
#include <utility>

#include "base/card_number.h"
#include "base/check.h"
#include "base/free_text.h"

namespace turnpike {
namespace {

/// Most bodies have no more.
constexpr std::size_t kMembersMostly = 8;
/// A client that is wrong in more places than this learns of the rest on its next attempt.
constexpr std::size_t kComplaintsMax = 100;
constexpr std::size_t kMetadataEntriesMax = 50;
constexpr std::size_t kMetadataKeyBytesMax = 40;
constexpr std::size_t kMetadataValueBytesMax = 500;
constexpr std::size_t kSummaryComplaintsMax = 3;
constexpr std::string_view kCardNumber = "card_number";

/// A member name is the sender's text; an answer repeats only this much of it.
constexpr std::size_t kNameBytesShown = 100;

/// RFC 6901 escapes.
std::string pointer_token(std::string_view name) {
    std::string token;
    for (const char c : name.substr(0, kNameBytesShown)) {
        if (c == '~')
            token += "~0";
        else if (c == '/')
            token += "~1";
        else
            token += c;
    }
    return token;
}

/// C0, DEL and C1 (which UTF-8 writes as C2 80 to C2 9F). The text is valid UTF-8.
bool has_control_character(std::string_view text) {
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto byte = static_cast<unsigned char>(text[i]);
        if (byte < 0x20 || byte == 0x7F) return true;
        if (byte == 0xC2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xA0)
            return true;
    }
    return false;
}

struct Flaw {
    const char* code = nullptr;
    std::string detail;
};

std::optional<Flaw> flaw_of(const Json& value, ObjectReader::Text rule) {
    if (!value.is_string()) return Flaw{"wrong_type", "must be a string"};
    const auto& text = value.get_ref<const std::string&>();
    if (text.size() < rule.length_min) {
        if (text.empty()) return Flaw{"too_short", "must not be empty"};
        return Flaw{"too_short",
                    "must have at least " + std::to_string(rule.length_min) + " bytes"};
    }
    if (text.size() > rule.length_max)
        return Flaw{"too_long", "must have at most " + std::to_string(rule.length_max) + " bytes"};
    if (has_control_character(text))
        return Flaw{"invalid_characters", "must not hold control characters"};
    return std::nullopt;
}

std::optional<Flaw> flaw_of(const Json& value, ObjectReader::Integer rule) {
    if (!value.is_number_integer()) return Flaw{"wrong_type", "must be an integer"};
    const bool too_large =
        value.is_number_unsigned() && value.get<std::uint64_t>() > std::uint64_t{INT64_MAX};
    const auto number = too_large ? INT64_MAX : value.get<std::int64_t>();
    if (too_large || number < rule.min || number > rule.max)
        return Flaw{"out_of_range", "must be between " + std::to_string(rule.min) + " and " +
                                        std::to_string(rule.max)};
    return std::nullopt;
}

/// Right in form, however large.
bool is_decimal(std::string_view text) {
    if (text.starts_with('-')) text.remove_prefix(1);
    const auto whole = text.substr(0, text.find('.'));
    const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
    return !whole.empty() && std::ranges::all_of(whole, is_digit) &&
           Quantity::parse("0" + std::string(text.substr(whole.size())));
}

std::optional<Flaw> flaw_of(const std::string& text, std::optional<Quantity> quantity) {
    if (!quantity && !is_decimal(text))
        return Flaw{"malformed", "must be a decimal with at most 6 fraction digits"};
    if (!quantity || *quantity > kMaxQuantity || *quantity < Quantity() - kMaxQuantity)
        return Flaw{"out_of_range",
                    "is too large: it must be at most " + kMaxQuantity.text() + " either way"};
    return std::nullopt;
}

std::string sentence(const FieldError& complaint) {
    const auto& pointer = complaint.pointer;
    return (pointer.empty() ? std::string("the body") : pointer.substr(1)) + " " + complaint.detail;
}

}  // namespace

ObjectReader::ObjectReader(const Json& object, std::string pointer)
    : object_(object), pointer_(std::move(pointer)) {
    known_.reserve(kMembersMostly);
    if (!object_.is_object()) complain("", "wrong_type", "must be an object");
}

const Json* ObjectReader::take(std::string_view name) {
    known_.emplace_back(name);
    if (!object_.is_object()) return nullptr;
    const auto member = object_.find(name);
    return member == object_.end() ? nullptr : &*member;
}

const Json* ObjectReader::take_required(std::string_view name) {
    const Json* const value = take(name);
    if (value == nullptr && object_.is_object()) complain(name, "required", "is required");
    return value;
}

bool ObjectReader::takes_null(std::string_view name) {
    const Json* const value = take(name);
    return value != nullptr && value->is_null();
}

std::string ObjectReader::required_text(std::string_view name, Text rule) {
    const Json* const value = take_required(name);
    if (value == nullptr) return {};
    if (auto flaw = flaw_of(*value, rule)) {
        complain(name, flaw->code, std::move(flaw->detail));
        return {};
    }
    return value->get<std::string>();
}

std::optional<std::string> ObjectReader::optional_text(std::string_view name, Text rule) {
    const Json* const value = take(name);
    if (value == nullptr) return std::nullopt;
    if (auto flaw = flaw_of(*value, rule)) {
        complain(name, flaw->code, std::move(flaw->detail));
        return std::nullopt;
    }
    return value->get<std::string>();
}

void ObjectReader::refuse_card_number(std::string_view name, std::string_view text) {
    if (holds_card_number(text))
        complain(name, std::string(kCardNumber),
                 "holds what looks like a card number; never send those");
}

std::optional<std::string> ObjectReader::free_text(std::string_view name, const Json& value,
                                                   Text rule) {
    if (!value.is_string()) {
        complain(name, "wrong_type", "must be a string");
        return std::nullopt;
    }
    auto text = read_free_text(value.get_ref<const std::string&>(),
                               {.length_min = rule.length_min, .length_max = rule.length_max});
    if (!text) {
        complain(name, std::move(text.error().code), std::move(text.error().detail));
        return std::nullopt;
    }
    refuse_card_number(name, *text);
    return std::move(*text);
}

std::string ObjectReader::required_free_text(std::string_view name, Text rule) {
    const Json* const value = take_required(name);
    return value == nullptr ? "" : free_text(name, *value, rule).value_or("");
}

std::optional<std::string> ObjectReader::optional_free_text(std::string_view name, Text rule) {
    const Json* const value = take(name);
    return value == nullptr ? std::nullopt : free_text(name, *value, rule);
}

std::int64_t ObjectReader::required_integer(std::string_view name, Integer rule) {
    const Json* const value = take_required(name);
    if (value == nullptr) return 0;
    if (auto flaw = flaw_of(*value, rule)) {
        complain(name, flaw->code, std::move(flaw->detail));
        return 0;
    }
    return value->get<std::int64_t>();
}

std::optional<std::int64_t> ObjectReader::optional_integer(std::string_view name, Integer rule) {
    const Json* const value = take(name);
    if (value == nullptr) return std::nullopt;
    if (auto flaw = flaw_of(*value, rule)) {
        complain(name, flaw->code, std::move(flaw->detail));
        return std::nullopt;
    }
    return value->get<std::int64_t>();
}

std::optional<bool> ObjectReader::optional_boolean(std::string_view name) {
    const Json* const value = take(name);
    if (value == nullptr) return std::nullopt;
    if (value->is_boolean()) return value->get<bool>();
    complain(name, "wrong_type", "must be true or false");
    return std::nullopt;
}

std::optional<Instant> ObjectReader::optional_instant(std::string_view name) {
    const Json* const value = take(name);
    if (value == nullptr) return std::nullopt;
    if (!value->is_string()) {
        complain(name, "wrong_type", "must be an RFC 3339 time in a string");
        return std::nullopt;
    }
    const auto moment = parse_rfc3339(value->get_ref<const std::string&>());
    if (!moment)
        complain(name, "malformed", "must be an RFC 3339 time with a zone, between 1970 and 9999");
    return moment;
}

std::optional<Quantity> ObjectReader::optional_quantity(std::string_view name) {
    const Json* const value = take(name);
    if (value == nullptr) return std::nullopt;
    if (!value->is_string() && !value->is_number_integer()) {
        complain(name, "wrong_type", "must be a decimal in a string, or an integer");
        return std::nullopt;
    }
    const std::string text = value->is_string() ? value->get<std::string>() : to_text(*value);
    const auto quantity = Quantity::parse(text);
    if (auto flaw = flaw_of(text, quantity)) {
        complain(name, flaw->code, std::move(flaw->detail));
        return std::nullopt;
    }
    return quantity;
}

const Json* ObjectReader::optional_object(std::string_view name) {
    const Json* const value = take(name);
    if (value == nullptr || value->is_object()) return value;
    complain(name, "wrong_type", "must be an object");
    return nullptr;
}

const Json* ObjectReader::optional_array(std::string_view name) {
    const Json* const value = take(name);
    if (value == nullptr || value->is_array()) return value;
    complain(name, "wrong_type", "must be an array");
    return nullptr;
}

std::vector<std::pair<std::string, std::string>> ObjectReader::optional_metadata(
    std::string_view name) {
    auto entries = optional_texts(name);
    // The pointer is the map's: a key may be the number, and an answer never repeats it.
    for (const auto& [key, value] : entries) {
        refuse_card_number(name, key);
        refuse_card_number(name, value);
    }
    return entries;
}

std::vector<std::pair<std::string, std::string>> ObjectReader::optional_texts(
    std::string_view name) {
    const Json* const map = optional_object(name);
    if (map == nullptr) return {};
    if (map->size() > kMetadataEntriesMax) {
        complain(name, "too_long", "must have at most 50 entries");
        return {};
    }
    std::vector<std::pair<std::string, std::string>> entries;
    ObjectReader nested(*map, pointer_ + "/" + pointer_token(name));
    for (const auto& [key, value] : map->items()) {
        if (key.empty() || key.size() > kMetadataKeyBytesMax || has_control_character(key)) {
            complain(name, "invalid_key", "has a key that is empty, over 40 bytes, or not text");
            nested.known_.push_back(key);
            continue;
        }
        entries.emplace_back(
            key,
            nested.required_text(key, {.length_min = 0, .length_max = kMetadataValueBytesMax}));
    }
    absorb(nested);
    return entries;
}

void ObjectReader::complain(std::string_view name, std::string code, std::string detail) {
    if (complaints_.size() >= kComplaintsMax) return;
    auto pointer = name.empty() ? pointer_ : pointer_ + "/" + pointer_token(name);
    complaints_.push_back({std::move(pointer), std::move(code), std::move(detail)});
}

void ObjectReader::absorb(ObjectReader& nested) {
    for (auto& complaint : nested.complaints()) {
        if (complaints_.size() >= kComplaintsMax) return;
        complaints_.push_back(std::move(complaint));
    }
}

std::vector<FieldError> ObjectReader::complaints() {
    auto found = complaints_;
    if (!object_.is_object()) return found;
    for (const auto& [name, value] : object_.items()) {
        if (found.size() >= kComplaintsMax) break;
        if (std::ranges::find(known_, name) == known_.end())
            found.push_back(
                {pointer_ + "/" + pointer_token(name), "unknown_field", "is not known"});
    }
    return found;
}

Error ObjectReader::summary(std::vector<FieldError> complaints) {
    check(!complaints.empty(), "a summary needs complaints");
    std::string message;
    for (std::size_t i = 0; i < complaints.size() && i < kSummaryComplaintsMax; ++i)
        message += (i == 0 ? "" : "; ") + sentence(complaints[i]);
    if (complaints.size() > kSummaryComplaintsMax)
        message += "; and " + std::to_string(complaints.size() - kSummaryComplaintsMax) + " more";
    if (std::ranges::find(complaints, kCardNumber, &FieldError::code) != complaints.end())
        return {ErrorCode::Unprocessable, "request.card_number", std::move(message),
                std::move(complaints)};
    return {ErrorCode::InvalidArgument, "request.invalid_body", std::move(message),
            std::move(complaints)};
}

}  // namespace turnpike
