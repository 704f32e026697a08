#include "sandbox/form.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

#include "base/encoding.h"
#include "base/utf8.h"
#include "http/message.h"
#include "json/value.h"

namespace turnpike::twin {
namespace {

constexpr std::size_t kPairsMax = 1'000;
constexpr std::size_t kDepthMax = 8;

std::unexpected<Error> bad_form(const std::string& why) {
    return invalid_argument("sandbox.bad_form", why);
}

/// "a[b][]" -> {"a", "b", ""}. Empty when the brackets do not match.
std::vector<std::string> split_key(std::string_view key) {
    const auto open = key.find('[');
    std::vector<std::string> parts{std::string(key.substr(0, open))};
    if (parts.front().empty() || parts.front().contains(']')) return {};

    std::string_view rest = open == std::string_view::npos ? "" : key.substr(open);
    while (!rest.empty()) {
        const auto close = rest.find(']');
        if (rest.front() != '[' || close == std::string_view::npos) return {};
        const auto part = rest.substr(1, close - 1);
        if (part.contains('[')) return {};
        parts.emplace_back(part);
        rest.remove_prefix(close + 1);
    }
    return parts;
}

/// The child that `part` names, made when it is not there yet; nullptr when `parent` is already
/// something else. "" means: the next element of a list.
Json* step_into(Json& parent, const std::string& part) {
    if (part.empty()) {
        if (parent.is_null()) parent = Json::array();
        if (!parent.is_array()) return nullptr;
        parent.push_back(Json());
        return &parent.back();
    }
    if (parent.is_null()) parent = Json::object();
    if (!parent.is_object()) return nullptr;
    return &parent[part];
}

/// "items[][price]=a&items[][quantity]=1" describes one element until a member repeats, which is
/// how Ruby's and PHP's encoders write lists of objects.
Json* last_open_element(Json& list, const std::string& next_part) {
    if (!list.is_array() || list.empty()) return nullptr;
    Json& last = list.back();
    return last.is_object() && !next_part.empty() && !last.contains(next_part) ? &last : nullptr;
}

Json* place_of(Json& tree, const std::vector<std::string>& parts) {
    Json* place = &tree;
    for (std::size_t i = 0; i < parts.size() && place != nullptr; ++i) {
        Json* open = parts[i].empty() && i + 1 < parts.size()
                         ? last_open_element(*place, parts[i + 1])
                         : nullptr;
        place = open != nullptr ? open : step_into(*place, parts[i]);
    }
    return place;
}

Result<Json> add_pair(Json tree, std::string_view pair) {
    const auto equals = pair.find('=');
    const auto key = percent_decode(pair.substr(0, equals), PlusSign::IsSpace);
    const auto value = equals == std::string_view::npos
                           ? std::optional<std::string>("")
                           : percent_decode(pair.substr(equals + 1), PlusSign::IsSpace);
    if (!key || !value)
        return bad_form("Invalid percent-encoding, or a NUL byte, in the request's parameters");

    if (!is_utf8(*key) || !is_utf8(*value))
        return bad_form("Invalid UTF-8 in the request's parameters");
    const auto parts = split_key(*key);
    if (parts.empty()) return bad_form("Invalid parameter name: " + *key);
    if (parts.size() > kDepthMax) return bad_form("Parameters are nested too deeply: " + *key);

    Json* place = place_of(tree, parts);
    if (place == nullptr || place->is_structured())
        return bad_form("Parameter " + *key + " contradicts another one");
    *place = *value;
    return tree;
}

}  // namespace

std::string parameters_of(const http::Request& request) {
    const auto mark = request.target.find('?');
    std::string text = mark == std::string::npos ? "" : request.target.substr(mark + 1);
    if (!request.body.empty()) text += "&" + request.body;
    return text;
}

Result<Json> decode_form(std::string_view text) {
    Json tree = Json::object();
    std::size_t pairs = 0;
    while (!text.empty()) {
        const auto end = std::min(text.find('&'), text.size());
        const auto pair = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        if (pair.empty()) continue;
        if (++pairs > kPairsMax) return bad_form("Too many parameters");
        auto added = add_pair(std::move(tree), pair);
        if (!added) return added;
        tree = *std::move(added);
    }
    return tree;
}

}  // namespace turnpike::twin
