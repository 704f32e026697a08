#include "sandbox/stripe/customers/customer_standing.h"

#include <array>

#include "json/value.h"
#include "sandbox/stripe/core/occurrences.h"
#include "sandbox/stripe/wire/billing_document.h"

namespace turnpike::twin {
namespace {

void set_delinquent(Context& ctx, const Json& invoice, bool delinquent) {
    auto customer = ctx.find("customer", text_of(invoice, "customer"));
    if (!customer || flag_of(*customer, "delinquent") == delinquent) return;
    (*customer)["delinquent"] = delinquent;
    ctx.update_and_emit("customer.updated", *customer);
}

void owes(Context& ctx, std::string_view /*type*/, const Json& invoice) {
    set_delinquent(ctx, invoice, true);
}

void owes_no_more(Context& ctx, std::string_view /*type*/, const Json& invoice) {
    set_delinquent(ctx, invoice, false);
}

constexpr auto kListeners = std::to_array<EventListener>({
    {kCollectionFailed, owes},
    {kInvoicePastDue, owes},
    {kInvoicePaid, owes_no_more},
    {kInvoiceWrittenOff, owes_no_more},
});

}  // namespace

const Feature& customer_standing_feature() {
    static constexpr Feature kFeature{.listeners = kListeners};
    return kFeature;
}

}  // namespace turnpike::twin
