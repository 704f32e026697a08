#include "sandbox/stripe/wire/params.h"

#include <algorithm>
#include <cstddef>

#include "sandbox/characters.h"
#include "sandbox/stripe/wire/unsupported.h"

namespace turnpike::twin {
namespace {

constexpr std::size_t kMetadataKeysMax = 50;
constexpr std::size_t kMetadataKeyLengthMax = 40;
constexpr std::size_t kMetadataValueLengthMax = 500;
constexpr std::int64_t kLastSecondOf9999 = 253'402'300'799;

template <class Range>
bool contains(const Range& range, std::string_view wanted) {
    return std::ranges::find(range, wanted) != std::ranges::end(range);
}

bool is_index(std::string_view key) {
    return !key.empty() && key.size() <= 4 &&
           std::ranges::all_of(key, [](char c) { return c >= '0' && c <= '9'; });
}

/// "a", "a or b", "a, b, or c".
std::string joined_choices(const std::vector<std::string_view>& choices) {
    std::string text;
    for (std::size_t i = 0; i < choices.size(); ++i) {
        const bool last = i + 1 == choices.size();
        if (i > 0) text += choices.size() == 2 ? " or " : last ? ", or " : ", ";
        text += choices[i];
    }
    return text;
}

Refusal cannot_be_empty(const std::string& name) {
    return bad_param(
        name, "parameter_invalid_empty",
        "You passed an empty string for '" + name +
            "'. We assume empty values are an attempt to unset a parameter; however '" + name +
            "' cannot be unset. You should remove '" + name +
            "' from your request or supply a non-empty value.");
}

/// Both ends of a long text, cut between characters: "abcd...wxyz".
std::string shortened(const std::string& utf8) {
    constexpr std::size_t kEndBytes = 4;
    const auto inside = [&](std::size_t at) { return (utf8[at] & '\xC0') == '\x80'; };
    std::size_t head = kEndBytes;
    std::size_t tail = utf8.size() - kEndBytes;
    while (inside(head)) --head;
    while (tail < utf8.size() && inside(tail)) ++tail;
    return utf8.substr(0, head) + "..." + utf8.substr(tail);
}

std::optional<std::string> metadata_problem(const std::string& key, const Json& value) {
    if (characters_in(key) > kMetadataKeyLengthMax)
        return "Metadata keys can have up to 40 characters, but you passed in a key that is " +
               std::to_string(characters_in(key)) + " characters. Invalid key: " + key;
    if (!value.is_string()) return "Metadata values must be strings. Invalid key: " + key;
    const auto& text = value.get_ref<const std::string&>();
    if (characters_in(text) > kMetadataValueLengthMax)
        return "Metadata values can have up to 500 characters, but you passed in a value that is " +
               std::to_string(characters_in(text)) + " characters. Invalid value: " + text;
    return std::nullopt;
}

}  // namespace

Params::Params(const Json& tree, std::string prefix, Spellings spellings)
    : tree_(&tree), prefix_(std::move(prefix)), spellings_(spellings) {}

const Json* Params::take(std::string_view name) {
    ignore(name);
    if (!tree_->is_object()) return nullptr;
    const auto found = tree_->find(name);
    return found == tree_->end() ? nullptr : &*found;
}

void Params::complain(const Refusal& refusal) {
    if (!complaint_) complaint_ = refusal.error();
}

std::string Params::required_text(std::string_view name) {
    const auto value = text(name);
    if (!value) {
        complain(missing_param(name_of(name)));
    } else if (value->empty()) {
        complain(cannot_be_empty(name_of(name)));
    }
    return value.value_or("");
}

std::optional<std::string> Params::text(std::string_view name, std::size_t characters_max) {
    const Json* value = take(name);
    if (value == nullptr) return std::nullopt;
    if (!value->is_string()) {
        complain(bad_param(name_of(name), "", "Invalid string: " + to_text(*value)));
        return std::nullopt;
    }
    const auto& text = value->get_ref<const std::string&>();
    if (characters_in(text) > characters_max) {
        complain(bad_param(name_of(name), "",
                           "Invalid string: " + shortened(text) + "; must be at most " +
                               std::to_string(characters_max) + " characters"));
        return std::nullopt;
    }
    return text;
}

std::optional<std::string> Params::filled_text(std::string_view name) {
    auto value = text(name);
    if (value && value->empty()) {
        complain(cannot_be_empty(name_of(name)));
        return std::nullopt;
    }
    return value;
}

std::optional<std::int64_t> Params::integer(std::string_view name) {
    const auto value = filled_text(name);
    if (!value) return std::nullopt;
    const auto number = parse_integer(*value);
    if (!number)
        complain(
            bad_param(name_of(name), "parameter_invalid_integer", "Invalid integer: " + *value));
    return number;
}

std::optional<bool> Params::boolean(std::string_view name) {
    const auto value = filled_text(name);
    if (!value) return std::nullopt;
    if (*value == "true" || *value == "1") return true;
    if (*value == "false" || *value == "0") return false;
    complain(bad_param(name_of(name), "", "Invalid boolean: " + *value));
    return std::nullopt;
}

std::optional<Instant> Params::timestamp(std::string_view name) {
    const auto value = text(name);
    if (!value || value->empty()) return std::nullopt;
    const auto seconds = parse_integer(*value);
    if (!seconds || *seconds < 0 || *seconds > kLastSecondOf9999) {
        complain(bad_param(name_of(name), "",
                           "Invalid timestamp: must be an integer Unix timestamp in the past or "
                           "future, in seconds: " +
                               *value));
        return std::nullopt;
    }
    return from_unix_seconds(*seconds);
}

std::optional<std::string> Params::one_of(std::string_view name,
                                          std::vector<std::string_view> allowed) {
    auto value = text(name);
    if (!value || contains(allowed, *value)) return value;
    if (value->empty()) {
        complain(cannot_be_empty(name_of(name)));
        return std::nullopt;
    }
    std::erase(allowed, "");
    complain(bad_param(name_of(name), "",
                       "Invalid " + name_of(name) + ": must be one of " + joined_choices(allowed)));
    return std::nullopt;
}

std::vector<std::pair<std::string, const Json*>> Params::elements(std::string_view name) {
    std::vector<std::pair<std::string, const Json*>> found;
    const Json* list = take(name);
    if (list == nullptr || (list->is_string() && list->get_ref<const std::string&>().empty()))
        return found;

    if (list->is_array()) {
        for (std::size_t i = 0; i < list->size(); ++i)
            found.emplace_back(std::to_string(i), &(*list)[i]);
        return found;
    }
    if (!list->is_object()) {
        complain(bad_param(name_of(name), "", "Invalid array"));
        return found;
    }
    for (const auto& [key, element] : list->items()) {
        if (!is_index(key)) {
            complain(bad_param(name_of(name), "", "Invalid array"));
            return {};
        }
        found.emplace_back(key, &element);
    }
    std::ranges::sort(found, {}, [](const auto& element) { return *parse_integer(element.first); });
    return found;
}

std::vector<Params> Params::objects(std::string_view name) {
    std::vector<Params> readers;
    for (const auto& [index, element] : elements(name)) {
        const auto full_name = name_of(name) + "[" + index + "]";
        if (element->is_object()) {
            readers.emplace_back(*element, full_name, spellings_);
        } else {
            complain(bad_param(full_name, "", "Invalid object"));
        }
    }
    return readers;
}

std::vector<std::string> Params::texts(std::string_view name) {
    std::vector<std::string> values;
    for (const auto& [index, element] : elements(name)) {
        if (element->is_string()) {
            values.push_back(element->get<std::string>());
        } else {
            complain(bad_param(name_of(name) + "[" + index + "]", "",
                               "Invalid string: " + to_text(*element)));
        }
    }
    return values;
}

std::optional<Params> Params::object(std::string_view name) {
    const Json* value = take(name);
    if (value == nullptr) return std::nullopt;
    if (value->is_string() && value->get_ref<const std::string&>().empty()) return std::nullopt;
    if (!value->is_object()) {
        complain(bad_param(name_of(name), "", "Invalid object"));
        return std::nullopt;
    }
    return Params(*value, name_of(name), spellings_);
}

std::optional<Params> Params::object_or_null(std::string_view name) {
    const Json* value = take(name);
    if (value == nullptr || !value->is_object()) return std::nullopt;
    return Params(*value, name_of(name), spellings_);
}

std::vector<std::pair<std::string, Params>> Params::keyed_objects(std::string_view name) {
    std::vector<std::pair<std::string, Params>> readers;
    const Json* value = take(name);
    if (value == nullptr || *value == Json("")) return readers;
    if (!value->is_object()) {
        complain(bad_param(name_of(name), "", "Invalid object"));
        return readers;
    }
    for (const auto& [key, element] : value->items()) {
        const auto full_name = name_of(name) + "[" + key + "]";
        if (element.is_object()) {
            readers.emplace_back(key, Params(element, full_name, spellings_));
        } else {
            complain(bad_param(full_name, "", "Invalid object"));
        }
    }
    return readers;
}

std::optional<Json> Params::metadata() {
    const Json* value = take("metadata");
    if (value == nullptr) return std::nullopt;
    if (value->is_string() && value->get_ref<const std::string&>().empty()) return Json();
    if (!value->is_object()) {
        complain(bad_param(name_of("metadata"), "", "Invalid object"));
        return std::nullopt;
    }
    if (value->size() > kMetadataKeysMax)
        complain(bad_param(name_of("metadata"), "",
                           "You can set up to 50 metadata keys, but you passed in " +
                               std::to_string(value->size()) + "."));
    for (const auto& [key, text] : value->items()) {
        if (const auto problem = metadata_problem(key, text))
            complain(bad_param(name_of("metadata"), "", *problem));
    }
    return *value;
}

bool Params::has(std::string_view name) const {
    return tree_->is_object() && tree_->contains(name);
}

bool Params::has_retired(std::string_view name) const {
    return spellings_ == Spellings::AlsoRetired && has(name);
}

void Params::ignore(std::string_view name) {
    if (!contains(known_, name)) known_.emplace_back(name);
}

void Params::refuse(std::string_view name, const std::string& why) {
    const Json* value = take(name);
    if (value != nullptr && *value != Json("")) complain(bad_param(name_of(name), "", why));
}

std::string Params::name_of(std::string_view name) const {
    if (prefix_.empty()) return std::string(name);
    return prefix_ + "[" + std::string(name) + "]";
}

void Params::absorb(Params& nested) {
    if (const auto found = nested.complaint()) complain(Refusal(*found));
}

std::optional<StripeError> Params::complaint() {
    if (complaint_ || !tree_->is_object()) return complaint_;
    std::vector<std::string> unknown;
    for (const auto& [key, value] : tree_->items()) {
        if (!contains(known_, key)) unknown.push_back(name_of(key));
    }
    if (unknown.empty()) return std::nullopt;
    return unknown_parameters(unknown);
}

}  // namespace turnpike::twin
