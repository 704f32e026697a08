#pragma once

#include <string_view>

#include "http/address_guard.h"

/// Where a cloud tells a machine its secrets, or steers it. Nobody takes webhooks there, so it
/// stays closed to every URL that somebody else has chosen, whatever networks the operator has
/// opened.
namespace turnpike::http {

/// Link-local addresses (AWS, Google and most others), and what is known of the others.
bool is_cloud_metadata(const Address& address);
/// A name that such an address has inside ("metadata.google.internal") or outside.
bool is_cloud_metadata(std::string_view host);

}  // namespace turnpike::http
