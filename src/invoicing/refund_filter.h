#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include "base/id.h"
#include "base/money.h"
#include "http/message.h"
#include "invoicing/refund.h"

namespace turnpike {

/// Which refunds, or disputes, are listed; what is absent excludes none.
struct RefundFilter {
    std::optional<CustomerId> customer{};
    std::optional<InvoiceId> invoice{};
    std::optional<std::string> status{};  ///< a word of what is listed
    std::optional<std::string> provider{};
    std::optional<Currency> currency{};
    bool unassigned = false;  ///< only those of nobody that is known here
};

/// Query parameters that filter refunds and disputes.
inline constexpr std::initializer_list<std::string_view> kRefundFilters = {
    "customer", "invoice", "status", "provider", "currency", "assigned"};

/// All of them but the customer, which the ledger must be asked for. `is_status` knows the words of
/// what is listed. Errors: InvalidArgument "request.invalid_query" with fields.
Result<RefundFilter> read_refund_filter(const http::Request& request,
                                        bool (*is_status)(std::string_view));

/// Names the rows for cursors: see CursorCodec.
std::string listing_of(std::string_view what, const RefundFilter& filter);

}  // namespace turnpike
