#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "json/json.h"
#include "sandbox/razorpay/invoices.h"

/// Pieces of the pages for people: HTML of what somebody decides about.
namespace turnpike::twin::razorpay {

/// What a page asks beside the payment itself: only what has a meaning there.
struct Questions {
    bool email = false;  ///< who pays, where nobody knows yet
    bool later = false;  ///< what the bank will say to later charges, where there are any
};
/// The forms of a page that asks: one that goes through, one that does not.
std::string choice(std::string_view yes, std::string_view no, Questions questions);

/// A table of lines with their sum; "" without lines.
std::string lines_table(const std::vector<InvoiceLine>& lines, const std::string& currency);
/// The lines of an invoice's document.
std::vector<InvoiceLine> lines_of(const Json& invoice);

/// A row of a table of names and values.
std::string row(std::string_view name, const std::string& value);
/// Such a table in a section with a heading; "" without rows.
std::string facts(std::string_view heading, const std::string& rows);

/// "every month", "every 2 weeks"
std::string rhythm_of(const Json& plan);
/// "10 November 2025": the day in India.
std::string day_text(Instant moment);
/// "₹500.00", escaped
std::string money(std::int64_t amount, const std::string& currency);

}  // namespace turnpike::twin::razorpay
