#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/id.h"
#include "base/money.h"
#include "invoicing/invoice.h"

namespace turnpike {

/// Which invoices are listed; what is absent excludes none.
struct InvoiceFilter {
    std::optional<std::vector<CustomerId>> customers{};  ///< of any of these
    std::optional<SubscriptionId> subscription{};
    std::optional<InvoiceStatus> status{};
    std::optional<std::string> provider{}, number{};
    std::optional<Currency> currency{};
};

/// Names the rows for cursors: see CursorCodec.
std::string listing_of(const InvoiceFilter& filter);

}  // namespace turnpike
