// The types of npm `razorpay` that tests/lib/razorpay_schemas.mjs makes JSON Schemas of.
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
