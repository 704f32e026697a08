#include "audit/authority.h"

#include "access/keyed_request.h"

namespace turnpike {

Authority authority_of(const Principal& caller, const http::Request& request) {
    return {caller.name, request.request_id,
            caller.keyed == nullptr ? "" : caller.keyed->id.text()};
}

}  // namespace turnpike
