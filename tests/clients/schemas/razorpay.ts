// The types of npm `razorpay` that tests/lib/razorpay_schemas.mjs makes JSON Schemas of.
import type {RazorpayPaginationOptions} from 'razorpay/dist/types/api.js';
import type {Customers} from 'razorpay/dist/types/customers.js';
import type {Invoices} from 'razorpay/dist/types/invoices.js';
import type {Orders} from 'razorpay/dist/types/orders.js';
import type {Payments} from 'razorpay/dist/types/payments.js';
import type {Plans} from 'razorpay/dist/types/plans.js';
import type {Refunds} from 'razorpay/dist/types/refunds.js';
import type {Subscriptions} from 'razorpay/dist/types/subscriptions.js';
import type {Webhooks} from 'razorpay/dist/types/webhooks.js';

export interface Entities {
    customer: Customers.RazorpayCustomer;
    invoice: Invoices.RazorpayInvoice;
    order: Orders.RazorpayOrder;
    payment: Payments.RazorpayPayment;
    plan: Plans.RazorPayPlans;
    refund: Refunds.RazorpayRefund;
    subscription: Subscriptions.RazorpaySubscription;
    webhook: Webhooks.RazorpayWebhook;
}

/** Of a request that says all in its path. */
type Nothing = Record<string, never>;

/** What Turnpike's own adapter sends in its tests (src/payments/razorpay), by method and path. */
export interface Requests {
    'GET /v1/addons': RazorpayPaginationOptions;
    'DELETE /v1/addons/{id}': Nothing;
    'GET /v1/customers': RazorpayPaginationOptions;
    'POST /v1/customers': Customers.RazorpayCustomerCreateRequestBody;
    'PUT /v1/customers/{id}': Customers.RazorpayCustomerUpdateRequestBody;
    'GET /v1/invoices': Invoices.RazorpayInvoiceQuery;
    'POST /v1/invoices': Invoices.RazorpayInvoiceCreateRequestBody;
    'GET /v1/invoices/{id}': Nothing;
    'POST /v1/invoices/{id}/issue': Nothing;
    'GET /v1/payments/{id}': Nothing;
    'POST /v1/payments/{id}/refund': Refunds.RazorpayRefundCreateRequestBody;
    'GET /v1/payments/{id}/refunds': RazorpayPaginationOptions;
    'GET /v1/plans': RazorpayPaginationOptions;
    'POST /v1/plans': Plans.RazorpayPlanCreateRequestBody;
    'GET /v1/plans/{id}': Nothing;
    'GET /v1/refunds': RazorpayPaginationOptions;
    'GET /v1/refunds/{id}': Nothing;
    'GET /v1/subscriptions': Subscriptions.RazorpaySubscriptionQuery;
    'POST /v1/subscriptions': Subscriptions.RazorpaySubscriptionCreateRequestBody;
    'GET /v1/subscriptions/{id}': Nothing;
    'PATCH /v1/subscriptions/{id}': Subscriptions.RazorpaySubscriptionUpdateRequestBody;
    'POST /v1/subscriptions/{id}/addons': Subscriptions.RazorpaySubscriptionAddonsBaseRequestBody;
    /** The library takes the member as an argument of cancel(). */
    'POST /v1/subscriptions/{id}/cancel': {cancel_at_cycle_end?: boolean | number};
    'POST /v1/subscriptions/{id}/cancel_scheduled_changes': Nothing;
    /** As the next one, the library takes it as the params of pause(). */
    'POST /v1/subscriptions/{id}/pause': {pause_at?: 'now'};
    'POST /v1/subscriptions/{id}/resume': {resume_at?: 'now'};
    'GET /v1/subscriptions/{id}/retrieve_scheduled_changes': Nothing;
}
