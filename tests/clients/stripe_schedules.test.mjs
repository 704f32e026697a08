// Subscription schedules of the sandbox, driven by Stripe's own client for Node through the use
// cases of Stripe's guide (docs.stripe.com/billing/subscriptions/subscription-schedules).
import assert from 'node:assert/strict';
import {after, before, test} from 'node:test';
import Stripe from 'stripe';
import {eventually, removeFolders} from '../lib/process.mjs';
import {RecordingProxy} from '../lib/recording_proxy.mjs';
import {all, call, secretKey, startSandbox} from '../lib/sandbox.mjs';
import {StripeSchemas} from '../lib/stripe_schemas.mjs';

const date = (month, day) => Date.UTC(2027, month - 1, day) / 1000;
const month = {interval: 'month', interval_count: 1};

let sandbox, proxy, stripe, print, digital;

before(async () => {
    sandbox = await startSandbox();
    proxy = await RecordingProxy.start(sandbox.url);
    const {hostname, port} = new URL(proxy.url);
    stripe = new Stripe(secretKey, {host: hostname, port, protocol: 'http', maxNetworkRetries: 0});
    print = await monthly(3100);
    digital = await monthly(6200);
});
after(async () => {
    proxy.stop();
    await sandbox.program.stop();
    await removeFolders();
});

async function monthly(unit_amount) {
    const product = await stripe.products.create({name: 'The Pacific'});
    const price = await stripe.prices.create({
        product: product.id, currency: 'usd', unit_amount, recurring: {interval: 'month'},
    });
    return price.id;
}

/// A customer with a card, living on 1 March 2027.
async function subscriber() {
    const clock = await stripe.testHelpers.testClocks.create({frozen_time: date(3, 1)});
    const customer = await stripe.customers.create({test_clock: clock.id});
    const method = await stripe.paymentMethods.attach('pm_card_visa', {customer: customer.id});
    await stripe.customers.update(customer.id,
                                  {invoice_settings: {default_payment_method: method.id}});
    const until = async (to) => {
        await stripe.testHelpers.testClocks.advance(clock.id, {frozen_time: to});
        await eventually('the test clock', async () => {
            const {status} = await stripe.testHelpers.testClocks.retrieve(clock.id);
            assert.notEqual(status, 'internal_failure');
            return status === 'ready';
        });
    };
    return {customer: customer.id, until};
}

async function billed(customer) {
    const invoices = await stripe.invoices.list({customer});
    return invoices.data.map((i) => i.lines.data.map((line) => line.amount)).reverse();
}

async function eventsAbout(...ids) {
    const events = await all(sandbox, '/v1/events');
    return events.filter((e) => ids.includes(e.data.object.id)).map((e) => e.type).reverse();
}

test('an upgrade after a month, then the subscription goes its own way', async () => {
    const {customer, until} = await subscriber();
    const schedule = await stripe.subscriptionSchedules.create({
        customer, start_date: 'now', end_behavior: 'release',
        phases: [
            {items: [{price: print, quantity: 1}], duration: month},
            {items: [{price: print}, {price: digital}], duration: month},
        ],
        expand: ['subscription'],
    });
    assert.equal(schedule.status, 'active');
    assert.equal(schedule.subscription.schedule, schedule.id);
    assert.equal(schedule.phases[1].start_date, date(4, 1));
    await until(date(4, 2));
    const running = await stripe.subscriptionSchedules.retrieve(schedule.id);
    assert.deepEqual(running.current_phase, {start_date: date(4, 1), end_date: date(5, 1)});
    await until(date(5, 2));
    assert.deepEqual(await billed(customer), [[3100], [3100, 6200], [3100, 6200]]);
    const done = await stripe.subscriptionSchedules.retrieve(schedule.id);
    assert.equal(done.status, 'completed');
    assert.equal(done.released_subscription, schedule.subscription.id);
    const left = await stripe.subscriptions.retrieve(schedule.subscription.id);
    assert.deepEqual([left.status, left.schedule], ['active', null]);
    assert.deepEqual(await eventsAbout(schedule.id), [
        'subscription_schedule.created', 'subscription_schedule.updated',
        'subscription_schedule.expiring', 'subscription_schedule.updated',
        'subscription_schedule.completed',
    ]);
});

test('a downgrade of a subscription waits for the end of its period', async () => {
    const {customer, until} = await subscriber();
    const subscription = await stripe.subscriptions.create({customer, items: [{price: digital}]});
    const {id, phases: [now]} = await stripe.subscriptionSchedules.create({
        from_subscription: subscription.id,
    });
    await stripe.subscriptionSchedules.update(id, {
        phases: [
            {
                items: [{price: now.items[0].price, quantity: now.items[0].quantity}],
                start_date: now.start_date,
                end_date: now.end_date,
            },
            {items: [{price: print, quantity: 1}], duration: month},
        ],
    });
    await assert.rejects(stripe.subscriptions.update(subscription.id, {cancel_at_period_end: true}),
                         /managed by the subscription schedule/);
    await until(date(4, 2));
    assert.deepEqual(await billed(customer), [[6200], [3100]]);
});

test('a phase ends now, prorated as the update says', async () => {
    const {customer, until} = await subscriber();
    const {id} = await stripe.subscriptionSchedules.create({
        customer, phases: [{items: [{price: print}], duration: month}],
    });
    await until(date(3, 11));
    const updated = await stripe.subscriptionSchedules.update(id, {
        proration_behavior: 'always_invoice',
        phases: [
            {items: [{price: print}], start_date: date(3, 1), end_date: 'now'},
            {items: [{price: digital}], start_date: 'now', end_date: date(5, 1)},
        ],
    });
    assert.equal(updated.phases[0].end_date, date(3, 11));
    // 21 of 31 days are left.
    assert.deepEqual(await billed(customer), [[3100], [-2100, 4200]]);
});

test('a change of the subscription itself splits the phase', async () => {
    const {customer, until} = await subscriber();
    const {id, subscription} = await stripe.subscriptionSchedules.create({
        customer, phases: [{items: [{price: print}, {price: digital}], duration: month}],
    });
    await until(date(3, 11));
    const items = await stripe.subscriptionItems.list({subscription});
    await stripe.subscriptionItems.del(items.data[0].id);
    const {phases} = await stripe.subscriptionSchedules.retrieve(id);
    assert.deepEqual(phases.map((phase) => phase.items.length), [2, 1]);
    assert.equal(phases[0].end_date, date(3, 11));
});

test('what is scheduled can be called off, released and listed', async () => {
    const {customer} = await subscriber();
    const phases = [{items: [{price: print}], duration: month}];
    const waiting = await stripe.subscriptionSchedules.create({
        customer, phases, start_date: date(6, 1),
    });
    assert.deepEqual([waiting.status, waiting.subscription], ['not_started', null]);
    const scheduled = await stripe.subscriptionSchedules.list({customer, scheduled: true});
    assert.deepEqual(scheduled.data.map((s) => s.id), [waiting.id]);
    const canceled = await stripe.subscriptionSchedules.cancel(waiting.id);
    assert.deepEqual([canceled.status, canceled.canceled_at], ['canceled', date(3, 1)]);
    await assert.rejects(stripe.subscriptionSchedules.release(waiting.id),
                         /currently in the `canceled` status/);

    const active = await stripe.subscriptionSchedules.create({customer, phases});
    const released = await stripe.subscriptionSchedules.release(active.id);
    assert.equal(released.released_subscription, active.subscription);
    const running = await stripe.subscriptionSchedules.create({customer, phases});
    await stripe.subscriptionSchedules.cancel(running.id);
    const ended = await stripe.subscriptions.retrieve(running.subscription);
    assert.equal(ended.status, 'canceled');
});

test('iterations are known to requests without a version only', async () => {
    const {customer} = await subscriber();
    const phases = [{items: [{price: print}], iterations: 3}];
    await assert.rejects(stripe.subscriptionSchedules.create({customer, phases}),
                         {code: 'parameter_unknown', param: 'phases[0][iterations]'});
    const made = await call(sandbox, 'POST', '/v1/subscription_schedules', {customer, phases});
    assert.equal(made.body.phases[0].end_date, date(6, 1));
});

test('phases bring discounts, and the next invoice can be seen beforehand', async () => {
    const {customer, until} = await subscriber();
    const half = await stripe.coupons.create({percent_off: 50, duration: 'forever'});
    const phases = [
        {items: [{price: print}], duration: month},
        {items: [{price: digital}], duration: month, discounts: [{coupon: half.id}]},
    ];
    const imagined = await stripe.invoices.createPreview({customer, schedule_details: {phases}});
    assert.deepEqual([imagined.total, imagined.billing_reason], [3100, 'subscription_create']);
    const schedule = await stripe.subscriptionSchedules.create({customer, phases});
    assert.equal(schedule.phases[1].discounts[0].coupon, half.id);
    const next = await stripe.invoices.createPreview({schedule: schedule.id});
    assert.deepEqual([next.total, next.period_end], [3100, date(4, 1)]);  // half of 62.00
    await until(date(4, 1));
    const [renewal] = (await stripe.invoices.list({customer, limit: 1})).data;
    assert.deepEqual([renewal.total, renewal.total_discount_amounts[0].amount], [3100, 3100]);
    await assert.rejects(stripe.invoices.createPreview({schedule: schedule.id, subscription: 'x'}),
                         {param: 'schedule'});
});

test('an invoice is revised, and paid by a payment of its own', async () => {
    const {customer} = await subscriber();
    const draft = await stripe.invoices.create({customer, auto_advance: false});
    await stripe.invoiceItems.create({customer, invoice: draft.id, amount: 1500, currency: 'usd'});
    await stripe.invoices.finalizeInvoice(draft.id);
    const revision = await stripe.invoices.create({
        from_invoice: {action: 'revision', invoice: draft.id}, description: 'Corrected',
    });
    assert.deepEqual(revision.from_invoice, {action: 'revision', invoice: draft.id});
    await stripe.invoices.finalizeInvoice(revision.id, {auto_advance: false});
    const original = await stripe.invoices.retrieve(draft.id, {expand: ['latest_revision']});
    assert.deepEqual([original.status, original.latest_revision.id], ['void', revision.id]);

    const payment = await stripe.paymentIntents.create({
        customer, amount: 1500, currency: 'usd', payment_method: 'pm_card_visa', confirm: true,
        automatic_payment_methods: {enabled: true, allow_redirects: 'never'},
    });
    const paid = await stripe.invoices.attachPayment(revision.id, {payment_intent: payment.id});
    assert.deepEqual([paid.status, paid.amount_paid], ['paid', 1500]);
    const {data} = await stripe.invoicePayments.list({invoice: revision.id});
    assert.deepEqual(data.map((p) => p.status), ['paid', 'canceled']);
});

test('every answer has the shape that the types say', () => {
    assert.ok(proxy.exchanges.length > 50, `${proxy.exchanges.length} exchanges`);
    assert.deepEqual(new StripeSchemas().differences(proxy.exchanges), {});
});
