#include "payments/reply_reader.h"

#include <limits>
#include <utility>

#include "json/value.h"
#include "payments/currencies.h"
#include "payments/redact.h"

namespace turnpike {
namespace {

/// Seconds that fit our microseconds with room to spare: the year 9999.
constexpr std::int64_t kSecondsMax = 253'402'300'799;

std::optional<std::int64_t> as_integer(const Json& value) {
    if (value.is_number_unsigned() &&
        value.get<std::uint64_t>() >
            static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
        return std::nullopt;
    if (!value.is_number_integer()) return std::nullopt;
    return value.get<std::int64_t>();
}

std::optional<std::string> as_reference(const Json& value) {
    if (value.is_string()) return value.get<std::string>();
    if (!value.is_object()) return std::nullopt;
    const auto id = value.find("id");
    if (id == value.end() || !id->is_string()) return std::nullopt;
    return id->get<std::string>();
}

}  // namespace

std::unexpected<Error> unexpected_reply(const std::string& what) {
    return fail(ErrorCode::OutcomeUnknown, kUnexpectedReply,
                "the provider sent something unexpected: " + redact(what));
}

ReplyReader::ReplyReader(const Json& object, std::string kind)
    : object_(object), kind_(std::move(kind)) {
    if (!object_.is_object()) complain(kind_ + " is not an object");
}

const Json* ReplyReader::member(std::string_view name) const {
    if (!object_.is_object()) return nullptr;
    const auto found = object_.find(std::string(name));
    if (found == object_.end() || found->is_null()) return nullptr;
    return &*found;
}

std::string ReplyReader::text(std::string_view name) {
    const Json* value = member(name);
    if (value != nullptr && value->is_string()) return value->get<std::string>();
    complain_of(name, "is not a text");
    return {};
}

std::optional<std::string> ReplyReader::maybe_text(std::string_view name) {
    if (member(name) == nullptr) return std::nullopt;
    auto value = text(name);
    if (value.empty()) return std::nullopt;
    return value;
}

std::string ReplyReader::reference(std::string_view name) {
    const Json* value = member(name);
    auto id = value != nullptr ? as_reference(*value) : std::nullopt;
    if (id && !id->empty()) return *std::move(id);
    complain_of(name, "is neither an id nor an object with one");
    return {};
}

std::optional<std::string> ReplyReader::maybe_reference(std::string_view name) {
    const Json* value = member(name);
    if (value == nullptr || (value->is_string() && value->get<std::string>().empty()))
        return std::nullopt;
    auto id = reference(name);
    if (id.empty()) return std::nullopt;
    return id;
}

std::int64_t ReplyReader::integer(std::string_view name) {
    const Json* value = member(name);
    const auto number = value != nullptr ? as_integer(*value) : std::nullopt;
    if (number) return *number;
    complain_of(name, "is not a whole number");
    return 0;
}

std::optional<std::int64_t> ReplyReader::maybe_integer(std::string_view name) {
    if (member(name) == nullptr) return std::nullopt;
    return integer(name);
}

bool ReplyReader::flag(std::string_view name) {
    const Json* value = member(name);
    if (value == nullptr) return false;
    if (value->is_boolean()) return value->get<bool>();
    complain_of(name, "is not true or false");
    return false;
}

Instant ReplyReader::instant(std::string_view name) {
    const auto seconds = integer(name);
    if (seconds >= 0 && seconds <= kSecondsMax) return from_unix_seconds(seconds);
    complain_of(name, "is not a time");
    return {};
}

std::optional<Instant> ReplyReader::maybe_instant(std::string_view name) {
    if (member(name) == nullptr) return std::nullopt;
    return instant(name);
}

Money ReplyReader::amount(std::string_view name, Currency currency) {
    const auto money = read_amount(integer(name), to_text(currency));
    if (money) return *money;
    complain_of(name, "is out of range");
    return {0, currency};
}

std::map<std::string, std::string> ReplyReader::texts(std::string_view name) {
    std::map<std::string, std::string> texts;
    if (const Json* found = object(name)) {
        for (const auto& [key, value] : found->items())
            if (value.is_string()) texts.emplace(key, value.get<std::string>());
    }
    return texts;
}

const Json* ReplyReader::object(std::string_view name) const {
    const Json* value = member(name);
    return value != nullptr && value->is_object() ? value : nullptr;
}

const Json* ReplyReader::array(std::string_view name) const {
    const Json* value = member(name);
    return value != nullptr && value->is_array() ? value : nullptr;
}

void ReplyReader::complain(std::string what) {
    if (!complaint_) complaint_ = std::move(what);
}

void ReplyReader::complain_of(std::string_view name, std::string_view problem) {
    complain(kind_ + "." + std::string(name) + " " + std::string(problem));
}

}  // namespace turnpike
