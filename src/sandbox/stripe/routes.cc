#include "sandbox/stripe/routes.h"

#include "sandbox/stripe/accounts.h"
#include "sandbox/stripe/cards/card_sources.h"
#include "sandbox/stripe/cards/setup_intents.h"
#include "sandbox/stripe/coupons/coupons.h"
#include "sandbox/stripe/coupons/discounts.h"
#include "sandbox/stripe/coupons/promotion_codes.h"
#include "sandbox/stripe/customers.h"
#include "sandbox/stripe/disputes/disputes.h"
#include "sandbox/stripe/entitlements/active_entitlements.h"
#include "sandbox/stripe/entitlements/features.h"
#include "sandbox/stripe/events.h"
#include "sandbox/stripe/invoices.h"
#include "sandbox/stripe/payment_intents.h"
#include "sandbox/stripe/payment_methods.h"
#include "sandbox/stripe/plans/plans.h"
#include "sandbox/stripe/portal.h"
#include "sandbox/stripe/prices.h"
#include "sandbox/stripe/products.h"
#include "sandbox/stripe/subscriptions.h"
#include "sandbox/stripe/test_clocks.h"
#include "sandbox/stripe/webhook_endpoints.h"

namespace turnpike::twin {

std::vector<OperationRoute> all_operation_routes() {
    std::vector<OperationRoute> all;
    for (const auto& routes : {account_routes(),      customer_routes(),
                               event_routes(),        payment_method_routes(),
                               price_routes(),        product_routes(),
                               test_clock_routes(),   webhook_endpoint_routes(),
                               subscription_routes(), invoice_routes(),
                               payment_routes(),      portal_routes(),
                               feature_routes(),      active_entitlement_routes(),
                               setup_intent_routes(), card_source_routes(),
                               coupon_routes(),       promotion_code_routes(),
                               discount_routes(),     dispute_routes(),
                               plan_routes()})
        all.insert(all.end(), routes.begin(), routes.end());
    return all;
}

std::vector<PageRoute> all_page_routes() {
    std::vector<PageRoute> all;
    for (const auto& pages : {portal_pages(), setup_pages()})
        all.insert(all.end(), pages.begin(), pages.end());
    return all;
}

}  // namespace turnpike::twin
