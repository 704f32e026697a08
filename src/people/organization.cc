#include "people/organization.h"

#include <algorithm>

#include "base/letter_case.h"

namespace turnpike {
namespace {

constexpr std::size_t kMadeSlugMax = 40;
constexpr std::size_t kSlugMax = 60;

bool is_slug_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

}  // namespace

std::string slug_of(std::string_view name) {
    std::string slug;
    for (const char c : name) {
        const char lower = to_lower(c);
        if (is_slug_letter(lower))
            slug += lower;
        else if (!slug.empty() && slug.back() != '-')
            slug += '-';
        if (slug.size() == kMadeSlugMax) break;
    }
    while (slug.ends_with('-')) slug.pop_back();
    return slug.empty() ? "organization" : slug;
}

Result<void> check_slug(std::string_view slug) {
    const bool is_good =
        !slug.empty() && slug.size() <= kSlugMax && !slug.starts_with('-') &&
        !slug.ends_with('-') && !slug.contains("--") &&
        std::ranges::all_of(slug, [](char c) { return is_slug_letter(c) || c == '-'; });
    if (is_good) return {};
    return invalid_argument("organization.invalid_slug",
                            "a slug is words of lower-case letters and digits with single hyphens "
                            "between them, at most 60 characters");
}

}  // namespace turnpike
