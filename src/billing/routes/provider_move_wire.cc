#include "billing/routes/provider_move_wire.h"

#include "json/write.h"

namespace turnpike {

Json write_move(const ProviderMove& move) {
    return Json{{"id", move.id.text()},
                {"object", "provider_move"},
                {"from", move.from_provider},
                {"to", move.to_provider},
                {"status", to_text(move.state)},
                {"begins_at", format_rfc3339(move.begins_at)},
                {"authorization_url", write_optional(move.authorization_url)},
                {"created_at", format_rfc3339(move.created_at)}};
}

}  // namespace turnpike
