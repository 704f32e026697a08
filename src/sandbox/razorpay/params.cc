#include "sandbox/razorpay/params.h"

#include <algorithm>
#include <utility>

#include "base/minor_units.h"
#include "sandbox/characters.h"

namespace turnpike::twin::razorpay {
namespace {

constexpr std::size_t kNotesMax = 15;
constexpr std::size_t kNoteCharactersMax = 256;
constexpr std::int64_t kSecondsMax = 9'999'999'999;

const Json& empty_object() {
    static const Json kEmpty = Json::object();
    return kEmpty;
}

/// "plan_id" -> "plan id"
std::string spaced(std::string name) {
    std::ranges::replace(name, '_', ' ');
    return name;
}

std::optional<std::int64_t> integer_in(const Json& value) {
    if (value.is_number_unsigned()) {
        const auto number = value.get<std::uint64_t>();
        if (number > static_cast<std::uint64_t>(INT64_MAX)) return std::nullopt;
        return static_cast<std::int64_t>(number);
    }
    if (value.is_number_integer()) return value.get<std::int64_t>();
    if (!value.is_string()) return std::nullopt;
    return parse_integer(value.get_ref<const std::string&>());
}

/// A note's value as Razorpay keeps it; nullopt for what is not one value.
std::optional<std::string> note_in(const Json& value) {
    if (value.is_structured()) return std::nullopt;
    if (value.is_string()) return value.get<std::string>();
    return value.is_null() ? "" : to_text(value);
}

}  // namespace

Params::Params(const Json& tree, std::string prefix)
    : tree_(tree.is_object() ? &tree : &empty_object()), prefix_(std::move(prefix)) {}

const Json* Params::take(std::string_view name) {
    known_.emplace_back(name);
    const auto found = tree_->find(name);
    return found == tree_->end() || found->is_null() ? nullptr : &*found;
}

bool Params::has(std::string_view name) const {
    const auto found = tree_->find(name);
    return found != tree_->end() && !found->is_null();
}

void Params::complain(const Refusal& refusal) {
    if (!complaint_) complaint_ = refusal.error();
}

void Params::complain_about(std::string_view name, std::string_view what) {
    const std::string full = prefix_ + std::string(name);
    complain(bad_request("The " + spaced(full) + " " + std::string(what), full));
}

void Params::complain_at(std::string_view name, const std::string& description) {
    complain(bad_request(description, prefix_ + std::string(name)));
}

void Params::complain_of_absent(std::string_view name) {
    complain_about(name, "field is required.");
}

void Params::lacks(std::initializer_list<std::string_view> names) {
    for (const auto name : names) {
        const Json* value = take(name);
        if (value != nullptr && *value != false)
            complain_at(name, "The sandbox does not take " + prefix_ + std::string(name) + ".");
    }
}

void Params::absorb(Params& nested) {
    if (const auto complaint = nested.complaint()) complain(Refusal(*complaint));
}

std::optional<RazorpayError> Params::complaint() {
    if (complaint_) return complaint_;
    std::string unknown;
    for (const auto& [name, value] : tree_->items())
        if (std::ranges::find(known_, name) == known_.end())
            unknown += (unknown.empty() ? "" : ", ") + prefix_ + name;
    if (unknown.empty()) return std::nullopt;
    return bad_request(unknown + " is/are not required and should not be sent").error();
}

std::optional<std::string> Params::text(std::string_view name, std::size_t characters_max) {
    const Json* value = take(name);
    if (value == nullptr) return std::nullopt;
    if (value->is_number_integer()) return to_text(*value);
    if (!value->is_string()) {
        complain_about(name, "must be a string.");
        return std::nullopt;
    }
    auto text = value->get<std::string>();
    if (characters_in(text) > characters_max)
        complain_about(
            name, "may not be greater than " + std::to_string(characters_max) + " characters.");
    return text;
}

std::string Params::required_text(std::string_view name, std::size_t characters_max) {
    auto value = text(name, characters_max);
    if (!value || value->empty()) complain_of_absent(name);
    return std::move(value).value_or("");
}

std::optional<std::int64_t> Params::integer(std::string_view name, std::int64_t least,
                                            std::int64_t most) {
    const Json* value = take(name);
    if (value == nullptr) return std::nullopt;
    const auto number = integer_in(*value);
    if (!number)
        complain_about(name, "must be an integer.");
    else if (*number < least)
        complain_about(name, "must be at least " + std::to_string(least) + ".");
    else if (*number > most)
        complain_about(name, "may not be greater than " + std::to_string(most) + ".");
    else
        return number;
    return std::nullopt;
}

std::int64_t Params::required_integer(std::string_view name, std::int64_t least,
                                      std::int64_t most) {
    const auto value = integer(name, least, most);
    if (!value) complain_of_absent(name);
    return value.value_or(least);
}

std::optional<bool> Params::flag(std::string_view name) {
    const Json* value = take(name);
    if (value == nullptr) return std::nullopt;
    if (value->is_boolean()) return value->get<bool>();
    if (value->is_string() && (*value == "true" || *value == "false")) return *value == "true";
    const auto number = integer_in(*value);
    if (number && (*number == 0 || *number == 1)) return *number == 1;
    complain_about(name, "field must be true or false.");
    return std::nullopt;
}

std::optional<Instant> Params::timestamp(std::string_view name) {
    const auto seconds = integer(name, 0, kSecondsMax);
    if (!seconds) return std::nullopt;
    return from_unix_seconds(*seconds);
}

std::optional<std::string> Params::one_of(std::string_view name,
                                          std::initializer_list<std::string_view> allowed) {
    auto value = text(name);
    if (value && std::ranges::find(allowed, *value) == allowed.end())
        complain_at(name, "The selected " + spaced(prefix_ + std::string(name)) + " is invalid.");
    return value;
}

std::int64_t Params::least_amount(const std::string& currency) {
    const auto known = parse_currency(currency);
    return known ? minor_units(*known) : 100;
}

std::int64_t Params::required_amount(std::string_view name, const std::string& currency) {
    if (!has(name)) {
        known_.emplace_back(name);
        complain_of_absent(name);
        return 0;
    }
    const auto least = least_amount(currency);
    const auto amount = integer(name, INT64_MIN, kAmountMax);
    if (amount && *amount < least)
        complain_at(name, "The amount must be at least " + currency + " 1.00");
    return amount.value_or(least);
}

std::string Params::required_currency(std::string_view name) {
    std::string currency = required_text(name);
    const bool upper = std::ranges::all_of(currency, [](char c) { return c >= 'A' && c <= 'Z'; });
    if (!currency.empty() && (!upper || !parse_currency(currency)))
        complain_at(name, "The currency is not supported");
    return currency;
}

std::optional<Json> Params::notes() {
    const Json* value = take("notes");
    if (value == nullptr) return std::nullopt;
    if (value->is_array() && value->empty()) return Json::array();
    if (!value->is_object()) {
        complain_about("notes", "must be an array.");
        return std::nullopt;
    }
    if (value->size() > kNotesMax)
        complain_at("notes", "Number of fields in notes should be less than or equal to 15");
    Json notes = Json::object();
    for (const auto& [key, given] : value->items()) {
        const auto note = note_in(given);
        if (!note || characters_in(*note) > kNoteCharactersMax ||
            characters_in(key) > kNoteCharactersMax)
            complain_at("notes", "Notes should be key value pairs of at most 256 characters");
        notes[key] = note.value_or("");
    }
    return notes.empty() ? Json::array() : notes;
}

std::optional<Params> Params::object(std::string_view name) {
    const Json* value = take(name);
    if (value == nullptr) return std::nullopt;
    if (!value->is_object()) {
        complain_about(name, "must be an array.");
        return std::nullopt;
    }
    return Params(*value, prefix_ + std::string(name) + ".");
}

std::vector<Params> Params::objects(std::string_view name) {
    const Json* value = take(name);
    if (value == nullptr) return {};
    if (!value->is_array()) complain_about(name, "must be an array.");
    std::vector<Params> elements;
    for (std::size_t i = 0; value->is_array() && i < value->size(); ++i)
        elements.emplace_back(value->at(i),
                              prefix_ + std::string(name) + "." + std::to_string(i) + ".");
    return elements;
}

}  // namespace turnpike::twin::razorpay
