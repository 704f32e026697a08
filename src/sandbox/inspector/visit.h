#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"
#include "json/json.h"
#include "sandbox/html.h"
#include "sandbox/inspector/notices.h"
#include "sandbox/provider_twin.h"
#include "sql/sql.h"

namespace turnpike::twin {

/// One request to a page of the inspector, inside one transaction.
struct Visit {
    sql::Transaction& tx;
    ProviderTwin& twin;
    const http::Request& request;
    const Json& form;  ///< query and, for POST, form
    Instant now;
    Notice said{};   ///< what the form before this page came to
    Notice leave{};  ///< what a handler of POST has the page say to which it leads
    [[nodiscard]] std::string account() const { return request.path_value("account"); }
};

/// A row of the inspector's routes; handlers of POST answer 303.
struct InspectorRoute {
    std::string_view method;
    std::string_view pattern;
    PageAnswer (*handler)(Visit&);
};

/// Pages show this many rows; the next page begins `before` the last one's number.
inline constexpr std::int64_t kInspectorRows = 50;
std::optional<std::int64_t> before_of(const Visit& visit);

/// "/inspect/acct_1", and what is below it: {"object", "customer", "cus_1"}. Parts are encoded.
std::string inspector_address(const std::string& account,
                              std::initializer_list<std::string_view> parts = {});
/// Where find() looks an id up.
std::string address_of_id(std::string_view id);
/// <a href="address">text</a>; text is escaped here.
std::string link_to(const std::string& address, std::string_view text);
/// What was typed into a field, without the spaces around it.
std::string typed_text(const Json& form, std::string_view name);
/// "2026-03-01T12:00:00Z", to the second.
std::string moment_text(Instant moment);
/// A link to the rows after these; "" when the page was not full.
std::string older_link(const std::string& address, std::size_t rows, std::int64_t last_sequence);

/// A page with the inspector's ways to everywhere. `account` "": of none.
PageAnswer inspector_page(const std::string& title, const std::string& account,
                          const std::string& body);
PageAnswer nothing_there();

}  // namespace turnpike::twin
