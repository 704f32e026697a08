#include "catalog/qualified_name.h"

namespace turnpike {
namespace {

constexpr char kSeparator = '~';

}  // namespace

std::optional<QualifiedName> QualifiedName::parse(std::string_view text) {
    const auto at = text.find(kSeparator);
    const bool is_qualified = at != std::string_view::npos;
    const auto key = is_qualified ? text.substr(at + 1) : text;
    if (key.empty() || at == 0 || key.contains(kSeparator)) return std::nullopt;
    return QualifiedName{std::string(is_qualified ? text.substr(0, at) : ""), std::string(key)};
}

std::string QualifiedName::text() const {
    return catalog.empty() ? key : catalog + kSeparator + key;
}

}  // namespace turnpike
