#include "catalog/route_pattern.h"

#include <algorithm>

namespace turnpike {
namespace {

/// The first segment of "/a/b", without its slash; `path` keeps the rest ("/b" or "").
std::string_view take_segment(std::string_view& path) {
    path.remove_prefix(1);
    const auto end = std::min(path.find('/'), path.size());
    const auto segment = path.substr(0, end);
    path.remove_prefix(end);
    return segment;
}

bool is_part(std::string_view segment) {
    return segment.size() > 2 && segment.starts_with('{') && segment.ends_with('}');
}

}  // namespace

bool route_matches(std::string_view pattern, std::string_view path) {
    while (!pattern.empty()) {
        if (pattern == "/**") return path.size() > 1;
        if (!path.starts_with('/')) return false;
        const auto wanted = take_segment(pattern);
        const auto found = take_segment(path);
        if (is_part(wanted) ? found.empty() : wanted != found) return false;
    }
    return path.empty();
}

}  // namespace turnpike
