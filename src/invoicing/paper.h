#pragma once

#include <string>

#include "invoicing/billed_usage.h"
#include "invoicing/invoice.h"
#include "invoicing/seller.h"
#include "pdf/document.h"

namespace turnpike {

/// Who is billed.
struct Buyer {
    std::string name, email, reference;
};

/// What the invoice says, on paper: amounts with their currency's code and digits, days in words
/// (UTC), what is void, paid, a draft, refunded or disputed marked as such. Pure.
PdfDocument paper_of(const Invoice& invoice, const Seller& seller, const Buyer& buyer,
                     const BilledUsages& usages = {});

}  // namespace turnpike
