#include "sandbox/stripe/entitlements/features.h"

#include <array>

#include "sandbox/stripe/cards/card_sources.h"
#include "sandbox/stripe/cards/payment_methods.h"
#include "sandbox/stripe/cards/setup_intents.h"
#include "sandbox/stripe/cards/tokens.h"
#include "sandbox/stripe/catalog/plans.h"
#include "sandbox/stripe/catalog/prices.h"
#include "sandbox/stripe/catalog/products.h"
#include "sandbox/stripe/checkout/checkout.h"
#include "sandbox/stripe/clocks/test_clocks.h"
#include "sandbox/stripe/core/accounts.h"
#include "sandbox/stripe/core/events.h"
#include "sandbox/stripe/core/feature.h"
#include "sandbox/stripe/coupons/coupons.h"
#include "sandbox/stripe/coupons/discounts.h"
#include "sandbox/stripe/coupons/promotion_codes.h"
#include "sandbox/stripe/credit_notes/credit_notes.h"
#include "sandbox/stripe/customers/balance_transactions.h"
#include "sandbox/stripe/customers/customer_standing.h"
#include "sandbox/stripe/customers/customers.h"
#include "sandbox/stripe/disputes/disputes.h"
#include "sandbox/stripe/entitlements/active_entitlements.h"
#include "sandbox/stripe/invoices/attached_payments.h"
#include "sandbox/stripe/invoices/due_dates.h"
#include "sandbox/stripe/invoices/invoices.h"
#include "sandbox/stripe/invoices/line_edits.h"
#include "sandbox/stripe/metering/meter_events.h"
#include "sandbox/stripe/metering/meters.h"
#include "sandbox/stripe/metering/thin_events.h"
#include "sandbox/stripe/pages/portal.h"
#include "sandbox/stripe/pages/portal_configurations.h"
#include "sandbox/stripe/pages/receipt.h"
#include "sandbox/stripe/payments/ledger.h"
#include "sandbox/stripe/payments/payment_intents.h"
#include "sandbox/stripe/previews/invoice_previews.h"
#include "sandbox/stripe/schedules/schedules.h"
#include "sandbox/stripe/search/search.h"
#include "sandbox/stripe/subscriptions/delinquency.h"
#include "sandbox/stripe/subscriptions/subscriptions.h"
#include "sandbox/stripe/versions/relations.h"
#include "sandbox/stripe/webhooks/resend.h"
#include "sandbox/stripe/webhooks/secrets.h"
#include "sandbox/stripe/webhooks/webhook_endpoints.h"

namespace turnpike::twin {

std::span<const Feature> features() {
    static const std::array kFeatures{
        account_feature(),
        active_entitlement_feature(),
        attached_payment_feature(),
        balance_transaction_feature(),
        card_source_feature(),
        checkout_feature(),
        checkout_page_feature(),
        coupon_feature(),
        credit_note_feature(),
        customer_feature(),
        customer_standing_feature(),
        delinquency_feature(),
        discount_feature(),
        due_date_feature(),
        dispute_feature(),
        event_feature(),
        entitlement_feature(),
        preview_feature(),
        invoice_feature(),
        ledger_feature(),
        line_edit_feature(),
        meter_event_feature(),
        meter_event_stream_feature(),
        meter_feature(),
        payment_feature(),
        payment_method_feature(),
        plan_feature(),
        portal_configuration_feature(),
        portal_feature(),
        portal_page_feature(),
        price_feature(),
        product_feature(),
        promotion_code_feature(),
        receipt_feature(),
        resend_feature(),
        schedule_feature(),
        search_feature(),
        setup_intent_feature(),
        setup_page_feature(),
        subscription_feature(),
        test_clock_feature(),
        thin_event_feature(),
        token_feature(),
        version_feature(),
        webhook_endpoint_feature(),
        webhook_secret_feature(),
    };
    return kFeatures;
}

}  // namespace turnpike::twin
