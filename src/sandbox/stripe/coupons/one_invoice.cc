#include "sandbox/stripe/coupons/one_invoice.h"

#include <algorithm>

#include "json/value.h"
#include "sandbox/documents.h"
#include "sandbox/stripe/core/occurrences.h"
#include "sandbox/stripe/coupons/applied.h"

namespace turnpike::twin {

OneInvoiceFate fate_of_one_invoice(std::string_view type, const Json& invoice) {
    const bool may_come_to_nothing = flag_of(invoice, "_pending_update");
    if (type == "invoice.finalized")
        return may_come_to_nothing ? OneInvoiceFate::IsHeld : OneInvoiceFate::Ends;
    if (!may_come_to_nothing) return OneInvoiceFate::Stays;
    if (type == kInvoicePaid) return OneInvoiceFate::Ends;
    return text_of(invoice, "status") == "void" ? OneInvoiceFate::IsFreed : OneInvoiceFate::Stays;
}

bool is_used_by(const Json& invoice, const Json& terms) {
    if (!ends_with_one_invoice(terms)) return false;
    const auto used = discounts_used(invoice);
    return std::ranges::find(used, text_of(terms, "id")) != used.end();
}

void hold_discounts(Json& owner, const Json& invoice, OneInvoiceFate fate) {
    if (!owner.contains("_discounts")) return;
    for (Json& terms : owner["_discounts"])
        if (is_used_by(invoice, terms)) terms["held"] = fate == OneInvoiceFate::IsHeld;
}

void keep_held(const Json& owner, std::vector<Json>& terms) {
    for (const Json& old : part_of(owner, "_discounts")) {
        if (!flag_of(old, "held")) continue;
        const auto kept = std::ranges::find(terms, text_of(old, "id"),
                                            [](const Json& each) { return text_of(each, "id"); });
        if (kept != terms.end()) (*kept)["held"] = true;
    }
}

}  // namespace turnpike::twin
