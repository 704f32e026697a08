#pragma once

#include <string>
#include <string_view>

#include "base/html.h"
#include "base/time.h"
#include "http/message.h"

/// Pages for people: pieces that the hosted pages share.
namespace turnpike::twin {

/// A whole page, marked as one of a sandbox. `title` is escaped here; `body` is HTML with one h1.
std::string html_page(std::string_view title, const std::string& body);

/// "10 November 2025", in UTC.
std::string long_day(Instant moment);

/// A form with one button that posts `action` to the page's own address, query included.
std::string post_form(std::string_view action, const std::string& fields, std::string_view button,
                      std::string_view look = "");
std::string hidden_field(std::string_view name, const std::string& value);

/// <p><a href="address">label</a></p>
std::string link_line(const std::string& address, std::string_view label);

struct PageAnswer {
    int status = 200;
    std::string html{};
    std::string location{};  ///< for 303
    /// Where its forms end is the shop's to say.
    bool leads_to_shop = false;
};
/// 400, and what is wrong with a form that decode_form() refused.
PageAnswer unreadable_form(std::string_view why);

/// With headers that let the page run no script, load nothing, and be neither kept nor framed.
http::Response page_response(const PageAnswer& answer);

}  // namespace turnpike::twin
