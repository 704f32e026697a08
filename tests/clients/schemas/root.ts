// The types of npm `stripe` that tests/lib/stripe_schemas.mjs makes JSON Schemas of. Only names: what
// they look like is Stripe's.
import Stripe from 'stripe';

interface Anything {
    object: string;
    [member: string]: unknown;
}

/** What an answer's member `object` says. */
export interface Objects {
    balance: Stripe.Balance;
    balance_transaction: Stripe.BalanceTransaction;
    'billing.meter': Stripe.Billing.Meter;
    'billing.meter_event': Stripe.Billing.MeterEvent;
    'billing.meter_event_adjustment': Stripe.Billing.MeterEventAdjustment;
    'billing.meter_event_summary': Stripe.Billing.MeterEventSummary;
    'billing_portal.configuration': Stripe.BillingPortal.Configuration;
    'billing_portal.session': Stripe.BillingPortal.Session;
    card: Stripe.Card;
    charge: Stripe.Charge;
    'checkout.session': Stripe.Checkout.Session;
    coupon: Stripe.Coupon;
    credit_note: Stripe.CreditNote;
    credit_note_line_item: Stripe.CreditNoteLineItem;
    customer: Stripe.Customer;
    customer_balance_transaction: Stripe.CustomerBalanceTransaction;
    discount: Stripe.Discount;
    dispute: Stripe.Dispute;
    'entitlements.active_entitlement': Stripe.Entitlements.ActiveEntitlement;
    'entitlements.active_entitlement_summary': Stripe.Entitlements.ActiveEntitlementSummary;
    'entitlements.feature': Stripe.Entitlements.Feature;
    /** Of its data only the frame: the object in it is one of this list. */
    event: Omit<Stripe.EventBase, 'data'> & {
        type: Stripe.Event['type'];
        data: {object: Anything; previous_attributes?: {[member: string]: unknown}};
    };
    invoice: Stripe.Invoice;
    invoice_payment: Stripe.InvoicePayment;
    invoiceitem: Stripe.InvoiceItem;
    item: Stripe.LineItem;
    line_item: Stripe.InvoiceLineItem;
    mandate: Stripe.Mandate;
    payment_intent: Stripe.PaymentIntent;
    payment_method: Stripe.PaymentMethod;
    plan: Stripe.Plan;
    price: Stripe.Price;
    product: Stripe.Product;
    product_feature: Stripe.ProductFeature;
    promotion_code: Stripe.PromotionCode;
    refund: Stripe.Refund;
    setup_attempt: Stripe.SetupAttempt;
    setup_intent: Stripe.SetupIntent;
    subscription: Stripe.Subscription;
    subscription_item: Stripe.SubscriptionItem;
    subscription_schedule: Stripe.SubscriptionSchedule;
    'test_helpers.test_clock': Stripe.TestHelpers.TestClock;
    token: Stripe.Token;
    'v2.billing.meter_event': Stripe.V2.Billing.MeterEvent;
    'v2.billing.meter_event_adjustment': Stripe.V2.Billing.MeterEventAdjustment;
    'v2.billing.meter_event_session': Stripe.V2.Billing.MeterEventSession;
    'v2.core.event':
        | Omit<Stripe.Events.V1BillingMeterErrorReportTriggeredEvent, 'fetchRelatedObject'>
        | Stripe.Events.V1BillingMeterNoMeterFoundEvent;
    webhook_endpoint: Stripe.WebhookEndpoint;

    list: Stripe.ApiList<Anything>;
    search_result: Stripe.ApiSearchResult<Anything>;
    /** Says no `object`; the library names its type nowhere. */
    'v2.list': {data: Anything[]; next_page_url: string | null; previous_page_url: string | null};
}

/** The same, when the answer also says `deleted`. */
export interface DeletedObjects {
    coupon: Stripe.DeletedCoupon;
    customer: Stripe.DeletedCustomer;
    discount: Stripe.DeletedDiscount;
    invoice: Stripe.DeletedInvoice;
    invoiceitem: Stripe.DeletedInvoiceItem;
    plan: Stripe.DeletedPlan;
    price: Stripe.DeletedPrice;
    product: Stripe.DeletedProduct;
    product_feature: Stripe.DeletedProductFeature;
    subscription_item: Stripe.DeletedSubscriptionItem;
    'test_helpers.test_clock': Stripe.TestHelpers.DeletedTestClock;
    webhook_endpoint: Stripe.DeletedWebhookEndpoint;
}

/** Without what the library adds to the error's body. */
export type ErrorBody = Omit<
    Stripe.StripeRawError,
    'userMessage' | 'headers' | 'statusCode' | 'requestId' | 'detail'
>;

/** What Turnpike's own adapter sends in tests/e2e/api_metering.test.mjs, by method and path. */
export interface Requests {
    'POST /v1/billing_portal/configurations': Stripe.BillingPortal.ConfigurationCreateParams;
    'POST /v1/billing_portal/sessions': Stripe.BillingPortal.SessionCreateParams;
    'POST /v1/customers': Stripe.CustomerCreateParams;
    'GET /v1/customers/{id}': Stripe.CustomerRetrieveParams;
    'POST /v1/customers/{id}': Stripe.CustomerUpdateParams;
    'POST /v1/invoiceitems': Stripe.InvoiceItemCreateParams;
    'GET /v1/invoices': Stripe.InvoiceListParams;
    'GET /v1/invoices/{id}': Stripe.InvoiceRetrieveParams;
    'GET /v1/payment_methods': Stripe.PaymentMethodListParams;
    'GET /v1/payment_methods/{id}': Stripe.PaymentMethodRetrieveParams;
    'POST /v1/payment_methods/{id}/attach': Stripe.PaymentMethodAttachParams;
    'POST /v1/payment_methods/{id}/detach': Stripe.PaymentMethodDetachParams;
    'POST /v1/prices': Stripe.PriceCreateParams;
    'GET /v1/prices/{id}': Stripe.PriceRetrieveParams;
    'POST /v1/products': Stripe.ProductCreateParams;
    'GET /v1/subscriptions': Stripe.SubscriptionListParams;
    'POST /v1/subscriptions': Stripe.SubscriptionCreateParams;
    'GET /v1/subscriptions/{id}': Stripe.SubscriptionRetrieveParams;
    'POST /v1/subscriptions/{id}': Stripe.SubscriptionUpdateParams;
    'DELETE /v1/subscriptions/{id}': Stripe.SubscriptionCancelParams;
    'POST /v1/test_helpers/test_clocks': Stripe.TestHelpers.TestClockCreateParams;
    'GET /v1/test_helpers/test_clocks/{id}': Stripe.TestHelpers.TestClockRetrieveParams;
    'POST /v1/test_helpers/test_clocks/{id}/advance': Stripe.TestHelpers.TestClockAdvanceParams;
}
