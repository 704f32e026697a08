#include "sandbox/stripe/core/expandable.h"

#include <utility>

#include "sandbox/stripe/core/rendering.h"

namespace turnpike::twin {

Json included_list(std::string url, const std::vector<Json>& documents) {
    Json data = Json::array();
    for (const auto& document : documents) data.push_back(visible(document));
    return Json{{"object", "list"},
                {"data", std::move(data)},
                {"has_more", false},
                {"url", std::move(url)}};
}

Json stored_member(Context& ctx, const Json& owner, std::string_view member) {
    const auto document = ctx.find(owner.value("object", ""), owner.value("id", ""));
    if (!document || !document->contains(member)) return Json();
    return visible(document->at(member));
}

}  // namespace turnpike::twin
