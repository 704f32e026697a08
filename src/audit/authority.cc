#include "audit/authority.h"

namespace turnpike {

Authority authority_of(const Principal& caller, const http::Request& request) {
    return {caller.name, request.request_id};
}

}  // namespace turnpike
