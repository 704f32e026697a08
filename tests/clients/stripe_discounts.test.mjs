// Discounts on what the sandbox bills, pending updates and billing modes, driven by Stripe's own client
// for Node. Amounts are Stripe's documented ones, or follow from the prices by the arithmetic shown.
import assert from 'node:assert/strict';
import {after, before, test} from 'node:test';
import Stripe from 'stripe';
import {removeFolders} from '../lib/process.mjs';
import {RecordingProxy} from '../lib/recording_proxy.mjs';
import {secretKey, startSandbox} from '../lib/sandbox.mjs';
import {StripeSchemas} from '../lib/stripe_schemas.mjs';

let sandbox, proxy, stripe, ten, twenty;

before(async () => {
    sandbox = await startSandbox();
    proxy = await RecordingProxy.start(sandbox.url);
    const {hostname, port} = new URL(proxy.url);
    stripe = new Stripe(secretKey, {host: hostname, port, protocol: 'http', maxNetworkRetries: 0});
    ten = await price(1000);
    twenty = await price(2000);
});
after(async () => {
    proxy.stop();
    await sandbox.program.stop();
    await removeFolders();
});

async function price(unit_amount) {
    const {id} = await stripe.prices.create({
        currency: 'usd',
        unit_amount,
        recurring: {interval: 'month'},
        product_data: {name: `Plan of ${unit_amount}`},
    });
    return id;
}

async function customer() {
    const {id} = await stripe.customers.create({payment_method: 'pm_card_visa'});
    const methods = await stripe.paymentMethods.list({customer: id});
    await stripe.customers.update(
        id, {invoice_settings: {default_payment_method: methods.data[0].id}});
    return id;
}

const taken = (invoice) =>
    invoice.lines.data.map((line) => line.discount_amounts.map(({amount}) => amount));

test('5 off 10 and 20 is 166 and 334, in the preview and on the invoice', async () => {
    const {id: coupon} =
        await stripe.coupons.create({amount_off: 500, currency: 'usd', duration: 'forever'});
    const buyer = await customer();
    const items = [{price: ten}, {price: twenty}];
    const preview = await stripe.invoices.createPreview(
        {customer: buyer, discounts: [{coupon}], subscription_details: {items}});
    const made = await stripe.subscriptions.create({
        customer: buyer,
        items,
        discounts: [{coupon}],
        expand: ['latest_invoice.total_discount_amounts.discount', 'discounts.source.coupon'],
    });
    assert.deepEqual(taken(preview), [[166], [334]]);
    assert.deepEqual(taken(made.latest_invoice), [[166], [334]]);
    assert.equal(made.latest_invoice.amount_paid, 2500);
    assert.equal(made.latest_invoice.total_discount_amounts[0].discount.subscription, made.id);
    assert.equal(made.discounts[0].source.coupon.amount_off, 500);
});

test('a promotion code for newcomers, whose discount is for one invoice', async () => {
    const coupon = await stripe.coupons.create({percent_off: 50, duration: 'once'});
    const code = await stripe.promotionCodes.create({
        promotion: {type: 'coupon', coupon: coupon.id},
        restrictions: {first_time_transaction: true},
    });
    const buyer = await customer();
    const request = {
        customer: buyer,
        items: [{price: ten}],
        discounts: [{promotion_code: code.id}],
        expand: ['latest_invoice'],
    };
    const made = await stripe.subscriptions.create(request);
    assert.equal(made.latest_invoice.total, 500);
    assert.deepEqual(made.discounts, []);
    await assert.rejects(stripe.subscriptions.create(request),
                         {statusCode: 400, param: 'discounts[0][promotion_code]'});
    const types = (await stripe.events.list({types: ['customer.discount.created',
                                                     'customer.discount.deleted']})).data;
    assert.equal(types[0].type, 'customer.discount.deleted');
    assert.equal(types[0].data.object.subscription, made.id);
});

test('a discount is removed by its address, and an item keeps its own', async () => {
    const {id: coupon} = await stripe.coupons.create({percent_off: 10, duration: 'forever'});
    const made = await stripe.subscriptions.create({
        customer: await customer(),
        items: [{price: ten, discounts: [{coupon}]}],
        discounts: [{coupon}],
        expand: ['latest_invoice'],
    });
    // A tenth of 1000 is 100; a tenth of the 900 that are left is 90.
    assert.deepEqual(taken(made.latest_invoice), [[100, 90]]);
    assert.equal(made.latest_invoice.subtotal, 900);
    assert.equal(made.latest_invoice.total, 810);
    assert.equal((await stripe.subscriptions.deleteDiscount(made.id)).deleted, true);
    const left = await stripe.subscriptions.retrieve(made.id);
    assert.deepEqual(left.discounts, []);
    assert.equal(left.items.data[0].discounts.length, 1);
});

test('an invoice and its item have discounts of their own', async () => {
    const {id: half} = await stripe.coupons.create({percent_off: 50, duration: 'forever'});
    const draft = await stripe.invoices.create(
        {customer: await customer(), discounts: [{coupon: half}]});
    await stripe.invoiceItems.create({
        customer: draft.customer,
        invoice: draft.id,
        amount: 1900,
        discounts: [{coupon: half}],
    });
    const paid = await stripe.invoices.pay(draft.id);
    assert.deepEqual(taken(paid), [[950, 475]]);
    assert.equal(paid.subtotal, 950);  // recorded: the item's own discount is in it
    assert.equal(paid.amount_paid, 475);
});

test('an update pends until its invoice is paid', async () => {
    const buyer = await customer();
    const made = await stripe.subscriptions.create({customer: buyer, items: [{price: ten}]});
    const failing = await stripe.paymentMethods.attach('pm_card_chargeCustomerFail',
                                                       {customer: buyer});
    await stripe.customers.update(
        buyer, {invoice_settings: {default_payment_method: failing.id}});
    const waiting = await stripe.subscriptions.update(made.id, {
        items: [{id: made.items.data[0].id, price: twenty}],
        proration_behavior: 'always_invoice',
        payment_behavior: 'pending_if_incomplete',
    });
    assert.equal(waiting.status, 'active');
    assert.equal(waiting.items.data[0].price.id, ten);
    assert.equal(waiting.pending_update.subscription_items[0].price.id, twenty);
    await stripe.invoices.pay(waiting.latest_invoice, {paid_out_of_band: true});
    const applied = await stripe.subscriptions.retrieve(made.id);
    assert.equal(applied.items.data[0].price.id, twenty);
    assert.equal(applied.pending_update, null);
    const [event] = (await stripe.events.list(
        {type: 'customer.subscription.pending_update_applied'})).data;
    assert.equal(event.data.object.id, made.id);
});

test('a classic subscription migrates to flexible billing, for good', async () => {
    const made = await stripe.subscriptions.create({
        customer: await customer(),
        items: [{price: ten}],
        billing_mode: {type: 'classic'},
    });
    assert.deepEqual([made.billing_mode.type, made.billing_mode.flexible], ['classic', null]);
    const itemized = {type: 'flexible', flexible: {proration_discounts: 'itemized'}};
    const migrated = await stripe.subscriptions.migrate(made.id, {billing_mode: itemized});
    assert.equal(migrated.billing_mode.flexible.proration_discounts, 'itemized');
    await assert.rejects(
        stripe.subscriptions.migrate(
            made.id,
            {billing_mode: {type: 'flexible', flexible: {proration_discounts: 'included'}}}),
        {statusCode: 400});
});

test('every answer is as the types of the client say', () => {
    assert.deepEqual(new StripeSchemas().differences(proxy.exchanges), {});
});
