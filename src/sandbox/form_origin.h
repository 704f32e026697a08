#pragma once

#include "http/message.h"

/// Whose form a request is. A page of anybody's may post to an address that it knows.
namespace turnpike::twin {

/// A request that changes something, sent by a page of another origin than this server's. Browsers
/// name the origin of every such request. Without one it is a program that was told the address.
bool comes_from_elsewhere(const http::Request& request);

}  // namespace turnpike::twin
