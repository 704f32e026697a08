#include "sandbox/stripe/core/rendering.h"

#include <algorithm>
#include <cstddef>
#include <span>
#include <utility>

#include "sandbox/client_data.h"
#include "sandbox/stripe/core/expandable.h"
#include "sandbox/stripe/core/expansion.h"

namespace turnpike::twin {
namespace {

constexpr std::size_t kExpandDepthMax = 4;

std::string kind_of(const Json& node) {
    const auto found = node.find("object");
    return found != node.end() && found->is_string() ? found->get<std::string>() : "";
}

using Member = Json::object_t::value_type;

/// "id" before "object" before everything else, which is by name.
void put_in_order(std::vector<const Member*>& members) {
    auto rest = members.begin();
    for (const std::string_view first : {"id", "object"}) {
        const auto found = std::find_if(rest, members.end(),
                                        [&](const auto* each) { return each->first == first; });
        if (found != members.end()) std::rotate(rest++, found, found + 1);
    }
    const auto by_name = [](const auto* a, const auto* b) { return a->first < b->first; };
    // Most documents are written in that order.
    if (!std::is_sorted(rest, members.end(), by_name)) std::sort(rest, members.end(), by_name);
}

std::vector<std::string> split_path(std::string_view path) {
    std::vector<std::string> parts;
    while (true) {
        const auto dot = path.find('.');
        parts.emplace_back(path.substr(0, dot));
        if (dot == std::string_view::npos) return parts;
        path.remove_prefix(dot + 1);
    }
}

Refusal cannot_expand(const std::string& path) {
    return bad_param("expand", "", "This property cannot be expanded (" + path + ").");
}

enum class Keep : bool { Visible, All };

/// A copy in the order of Stripe's answers. A client's own names ("_order", "object") mean nothing.
Json arranged(const Json& document, Keep keep) {
    if (document.is_array()) {
        Json list = Json::array();
        for (const auto& element : document) list.push_back(arranged(element, keep));
        return list;
    }
    if (!document.is_object()) return document;

    const auto includables = includables_of(kind_of(document));
    const auto is_shown = [&](const std::string& name) {
        return !name.starts_with('_') &&
               std::ranges::find(includables, name, &Includable::member) == includables.end();
    };
    std::vector<const Member*> members;
    members.reserve(document.size());
    for (const auto& member : document.get_ref<const Json::object_t&>())
        if (keep == Keep::All || is_shown(member.first)) members.push_back(&member);
    put_in_order(members);
    Json shown = Json::object();
    // Names are different: no need to look for each among those before it, as [] does.
    auto& shown_members = shown.get_ref<Json::object_t&>();
    shown_members.reserve(members.size());
    for (const auto* member : members)
        shown_members.emplace_back(
            member->first,
            arranged(member->second, is_client_data(member->first) ? Keep::All : keep));
    return shown;
}

/// Walks one path. `kind` and `inner` say where in its object a node is: the path from the nearest
/// object that has a kind of its own.
class Expansion {
public:
    Expansion(Context& ctx, const BroughtShape& shape) : ctx_(ctx), shape_(shape) {}

    bool walk(Json& node, std::span<const std::string> path) {
        return walk_inside(node, "", "", path);
    }

private:
    using Path = std::span<const std::string>;

    bool walk_inside(Json& node, const std::string& owner_kind, const std::string& owner_path,
                     Path path) {
        if (path.empty()) return true;
        if (node.is_array()) return walk_elements(node, owner_kind, owner_path, path);
        if (!node.is_object()) return false;

        const std::string own_kind = kind_of(node);
        const std::string& kind = own_kind.empty() ? owner_kind : own_kind;
        const std::string inner =
            own_kind.empty() && !owner_path.empty() ? owner_path + "." + path[0] : path[0];
        if (const auto* includable = find_includable(kind, inner)) {
            if (!node.contains(path[0])) node[path[0]] = brought(includable->make(ctx_, node));
            return node[path[0]].is_null() ||
                   walk_inside(node[path[0]], kind, inner, path.subspan(1));
        }
        const auto member = node.find(path[0]);
        if (member == node.end() || is_client_data(path[0])) return false;
        if (const auto target = expandable_kind(kind, inner)) {
            replace_ids(*member, *target);
            return reaches_nothing(*member) || walk_inside(*member, kind, inner, path.subspan(1));
        }
        // A path ends at something that was an id or at a list's contents, not at a plain value.
        if (path.size() == 1) return kind == "list" && member->is_array();
        return (member->is_null() || walk_inside(*member, kind, inner, path.subspan(1)));
    }

    bool walk_elements(Json& list, const std::string& kind, const std::string& inner, Path path) {
        return std::ranges::all_of(list, [&](Json& element) {
            return reaches_nothing(element) || walk_inside(element, kind, inner, path);
        });
    }

    void replace_ids(Json& value, std::string_view target) {
        if (value.is_array()) {
            for (auto& element : value) replace_ids(element, target);
        } else if (value.is_string()) {
            const auto id = value.get<std::string>();
            auto found = ctx_.find(target, id);
            if (!found) found = ctx_.find_deleted(target, id);
            if (found) value = brought(visible(*found));
        }
    }

    Json brought(Json object) { return shape_ ? shape_(std::move(object)) : object; }

    /// Null, or an id whose object this sandbox does not keep: nothing further to expand.
    static bool reaches_nothing(const Json& value) { return value.is_null() || value.is_string(); }

    Context& ctx_;
    const BroughtShape& shape_;
};

}  // namespace

Json visible(const Json& document) { return arranged(document, Keep::Visible); }

Json in_order(const Json& document) { return arranged(document, Keep::All); }

Answer expand(Context& ctx, Json document, const std::vector<std::string>& paths) {
    return expand(ctx, std::move(document), paths, nullptr);
}

Answer expand(Context& ctx, Json document, const std::vector<std::string>& paths,
              const BroughtShape& shape) {
    Expansion expansion(ctx, shape);
    for (const auto& path : paths) {
        const auto parts = split_path(path);
        if (parts.size() > kExpandDepthMax)
            return bad_param(
                "expand", "",
                "You cannot expand more than 4 levels of a property. Property: " + path);
        if (!expansion.walk(document, parts)) return cannot_expand(path);
    }
    return in_order(document);
}

Json previous_attributes(const Json& before, const Json& after) {
    Json previous = Json::object();
    for (const auto& [name, old] : before.items()) {
        const auto now = after.find(name);
        if (now != after.end() && old.is_object() && now->is_object()) {
            Json inner = previous_attributes(old, *now);
            if (!inner.empty()) previous[name] = std::move(inner);
        } else if (now == after.end() || old != *now) {
            previous[name] = old;
        }
    }
    for (const auto& [name, now] : after.items()) {
        if (!before.contains(name)) previous[name] = Json();
    }
    return previous;
}

}  // namespace turnpike::twin
