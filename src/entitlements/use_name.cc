#include "entitlements/use_name.h"

#include <utility>

#include "access/idempotency_key.h"

namespace turnpike {

Result<UseName> name_of_use(UseName in_body, std::string_view route, const Principal& caller,
                            const http::Request& request) {
    if (in_body.id) return in_body;
    const std::string* header = http::find_header(request.headers, "Idempotency-Key");
    if (header == nullptr) return in_body;
    auto key = read_idempotency_key(*header);
    if (!key) return failure(key);
    return UseName{std::string(route) + " " + caller.name, *std::move(key)};
}

}  // namespace turnpike
