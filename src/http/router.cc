#include "http/router.h"

#include <algorithm>
#include <array>
#include <limits>
#include <optional>
#include <string>
#include <utility>

#include "base/check.h"
#include "base/encoding.h"
#include "base/utf8.h"

namespace turnpike::http {
namespace {

constexpr std::size_t kMethodCount = 7;
constexpr std::size_t kNoEntry = std::numeric_limits<std::size_t>::max();
constexpr std::array<Method, kMethodCount> kAllMethods{Method::Get,    Method::Post,   Method::Put,
                                                       Method::Patch,  Method::Delete, Method::Head,
                                                       Method::Options};

/// Cuts the first segment off "/a/b" and leaves "/b"; nullopt at the end.
std::optional<std::string_view> next_segment(std::string_view& rest) {
    if (!rest.starts_with('/')) return std::nullopt;
    rest.remove_prefix(1);
    const std::string_view segment = rest.substr(0, rest.find('/'));
    rest.remove_prefix(segment.size());
    return segment;
}

constexpr std::string_view kBelow = "**";

bool is_part(std::string_view segment) {
    return segment.size() > 2 && segment.starts_with('{') && segment.ends_with('}');
}

}  // namespace

struct Router::Node {
    Node() { entry_of.fill(kNoEntry); }

    std::vector<std::pair<std::string_view, std::unique_ptr<Node>>> fixed;
    std::unique_ptr<Node> part;
    std::unique_ptr<Node> below;  ///< of "**"
    std::array<std::size_t, kMethodCount> entry_of{};
    /// Per entry: the names of its {parts} from left to right.
    std::array<std::vector<std::string_view>, kMethodCount> names_of;

    static Node& made(std::unique_ptr<Node>& node) {
        if (!node) node = std::make_unique<Node>();
        return *node;
    }
    Node& child(std::string_view segment) {
        if (is_part(segment)) return made(part);
        if (segment == kBelow) return made(below);
        for (auto& [known, node] : fixed)
            if (known == segment) return *node;
        return *fixed.emplace_back(segment, std::make_unique<Node>()).second;
    }

    [[nodiscard]] const Node* fixed_child(std::string_view segment) const {
        for (const auto& [known, node] : fixed)
            if (known == segment) return node.get();
        return nullptr;
    }

    /// The slot that serves `method`: HEAD falls back to GET.
    [[nodiscard]] std::optional<std::size_t> slot_of(Method method) const {
        const auto slot = static_cast<std::size_t>(method);
        if (entry_of[slot] != kNoEntry) return slot;
        const auto get = static_cast<std::size_t>(Method::Get);
        if (method == Method::Head && entry_of[get] != kNoEntry) return get;
        return std::nullopt;
    }

    void add_allowed(std::vector<Method>& allowed) const {
        for (const Method method : kAllMethods)
            if (slot_of(method) && std::ranges::find(allowed, method) == allowed.end())
                allowed.push_back(method);
    }

    /// Depth first, fixed segments before {parts} before "**". A node that has the path but not the
    /// method is remembered in `match.allowed` and the search goes on. True when found.
    bool search(std::string_view rest, Request& request, Match& match) const {
        const auto segment = next_segment(rest);
        if (!segment) return finish(request, match);
        if (const Node* const node = fixed_child(*segment);
            node != nullptr && node->search(rest, request, match))
            return true;
        if (part && search_part(*segment, rest, request, match)) return true;
        return below && below->finish(request, match);
    }

    bool search_part(std::string_view segment, std::string_view rest, Request& request,
                     Match& match) const {
        if (segment.empty()) return false;
        auto value = percent_decode(segment, PlusSign::Literal);
        if (!value || !is_utf8(*value)) return false;
        request.path_values.emplace_back(std::string_view(), std::move(*value));
        if (part->search(rest, request, match)) return true;
        request.path_values.pop_back();
        return false;
    }

    bool finish(Request& request, Match& match) const {
        const auto slot = slot_of(request.method);
        if (!slot) {
            add_allowed(match.allowed);
            return false;
        }
        const auto& names = names_of[*slot];
        check(names.size() == request.path_values.size(), "every {part} on the way has a name");
        for (std::size_t i = 0; i < names.size(); ++i) request.path_values[i].first = names[i];
        match.found = true;
        match.index = entry_of[*slot];
        return true;
    }
};

Router::Router(std::span<const Entry> entries) : root_(std::make_unique<Node>()) {
    for (std::size_t i = 0; i < entries.size(); ++i) {
        std::string_view rest = entries[i].pattern;
        check(rest.starts_with('/'), "a pattern begins with a slash");
        Node* node = root_.get();
        std::vector<std::string_view> names;
        while (const auto segment = next_segment(rest)) {
            if (is_part(*segment)) names.push_back(segment->substr(1, segment->size() - 2));
            check(*segment != kBelow || rest.empty(), "nothing follows a **");
            node = &node->child(*segment);
        }
        const auto slot = static_cast<std::size_t>(entries[i].method);
        check(node->entry_of[slot] == kNoEntry, "two routes never match the same request");
        node->entry_of[slot] = i;
        node->names_of[slot] = std::move(names);
    }
}

Router::~Router() = default;
Router::Router(Router&&) noexcept = default;
Router& Router::operator=(Router&&) noexcept = default;

Router::Match Router::match(Request& request) const {
    request.path_values.clear();
    Match match;
    if (root_->search(request.path, request, match)) {
        match.allowed.clear();
        return match;
    }
    if (!match.allowed.empty()) match.miss = Miss::MethodNotAllowed;
    return match;
}

}  // namespace turnpike::http
