#include "sandbox/stripe/core/sandbox_settings.h"

#include <utility>

namespace turnpike::twin {

Json sandbox_settings(Context& ctx, const std::string& name, const Json& defaults) {
    const std::string kind = "sandbox." + name;
    if (auto stored = ctx.find(kind, name)) return *std::move(stored);
    Json settings;
    settings["id"] = name;
    settings["object"] = kind;
    settings.update(defaults);
    return settings;
}

}  // namespace turnpike::twin
