#include "sandbox/stripe/core/list_owner.h"

namespace turnpike::twin {

std::optional<Refusal> unknown_owner(Context& ctx, std::string_view kind, const std::string& id) {
    if (id.empty() || ctx.sequence_of(kind, id)) return std::nullopt;
    return no_such_param(std::string(kind), id, std::string(kind));
}

}  // namespace turnpike::twin
