#pragma once

#include <string>
#include <string_view>

#include "http/message.h"

namespace turnpike::http {

/// A page of our own for people: plain, without scripts, readable aloud and on a small screen. It
/// is not kept by caches.
///
/// \param title  of the page and its heading; text
/// \param body   what is below the heading; HTML
Response plain_page(int status, std::string_view title, std::string_view body);

/// Whether the client shows pages: a browser.
bool wants_page(const Request& request);

}  // namespace turnpike::http
