// The sandbox, driven by Razorpay's own client for Node. What is expected here is Razorpay's
// documented behaviour, never the sandbox's.
import assert from 'node:assert/strict';
import {after, before, describe, test} from 'node:test';
import Razorpay from 'razorpay';
import {startListener} from '../lib/listener.mjs';
import {binary, eventually, freePort, freshFolder, Program, removeFolders} from '../lib/process.mjs';
import {RazorpaySchemas, looselyTyped} from '../lib/razorpay_schemas.mjs';
import {RecordingProxy} from '../lib/recording_proxy.mjs';

const day = 86400;
const secret = 'a secret of the dashboard';

let url, program, data;
/// One for each start of the twin.
const proxies = [];

/// `turnpike sandbox` with both twins on free ports; `data` may be the folder of an earlier run.
async function start() {
    const stripe = await freePort();
    const razorpay = await freePort();
    data ??= await freshFolder();
    program = new Program(binary, [
        ...['sandbox', '--listen', `127.0.0.1:${stripe}`],
        ...['--razorpay-listen', `127.0.0.1:${razorpay}`, '--data', data],
    ]);
    const twin = `http://127.0.0.1:${razorpay}`;
    await program.answering(`${twin}/healthz`);
    proxies.push(await RecordingProxy.start(twin));
    url = proxies.at(-1).url;
}

before(start);
after(async () => {
    for (const proxy of proxies) proxy.stop();
    await program.stop();
    await removeFolders();
});

/// A client with keys, and so a clock, of its own.
function client(name) {
    const razorpay = new Razorpay({key_id: `rzp_test_${name}`, key_secret: `${name}Secret`});
    razorpay.api.rq.defaults.baseURL = url;
    return razorpay;
}

const moveClock = (razorpay, where) =>
    razorpay.api.rq.post('/_sandbox/clock', where).catch((error) => {
        throw new Error(JSON.stringify(error.response?.data));
    });
const advance = (razorpay, seconds) => moveClock(razorpay, {advance_seconds: seconds});
const letCharges = (razorpay, subscription, charges) =>
    razorpay.api.rq.post(`/_sandbox/subscriptions/${subscription.id}/instrument`, {charges});

/// What a person does on a hosted page; the page that comes of it.
async function submit(page, form) {
    const posted = await fetch(page, {
        method: 'POST',
        body: new URLSearchParams(form),
        redirect: 'manual',
    });
    assert.equal(posted.status, 303);
    const told = await fetch(new URL(posted.headers.get('location'), page));
    assert.equal(told.status, 200);
    return told.text();
}

const monthly = (razorpay, amount = 49900) =>
    razorpay.plans.create({
        period: 'monthly',
        interval: 1,
        item: {name: 'Gold', amount, currency: 'INR'},
    });

async function subscribed(razorpay, extra = {}) {
    const plan = await monthly(razorpay);
    const made = await razorpay.subscriptions.create({plan_id: plan.id, total_count: 12, ...extra});
    await submit(made.short_url, {action: 'authorise'});
    return razorpay.subscriptions.fetch(made.id);
}

async function refused(promise) {
    try {
        await promise;
    } catch (error) {
        return error;
    }
    return assert.fail('the call should have been refused');
}

const everyEvent = [
    ...['authenticated', 'activated', 'charged', 'completed', 'updated', 'pending', 'halted'],
    ...['cancelled', 'paused', 'resumed'],
].map((name) => `subscription.${name}`);

describe('a subscription', () => {
    test('lives through its states, each told by a signed webhook', async () => {
        const razorpay = client('lifecycle');
        const listener = await startListener();
        await razorpay.webhooks.create({url: listener.url, secret, events: everyEvent});
        const told = () => listener.deliveries.map(({body}) => JSON.parse(body).event);

        const plan = await monthly(razorpay);
        const made = await razorpay.subscriptions.create({plan_id: plan.id, total_count: 12});
        assert.equal(made.status, 'created');
        assert.equal(made.customer_id, null);
        assert.deepEqual(made.notes, []);
        const {id} = made;
        const look = () => razorpay.subscriptions.fetch(id);

        const page = await (await fetch(made.short_url)).text();
        assert.match(page, /Sandbox/);
        assert.match(page, /₹499\.00/);
        await submit(made.short_url, {action: 'fail'});
        assert.equal((await look()).status, 'created');
        await submit(made.short_url, {action: 'authorise'});

        const active = await look();
        assert.equal(active.status, 'active');
        assert.match(active.customer_id, /^cust_\w{14}$/);
        assert.equal(active.paid_count, 1);
        assert.equal(active.remaining_count, 11);
        assert.equal(active.current_end % day, 66600);
        assert.equal(active.charge_at, active.current_end);

        await advance(razorpay, 32 * day);
        const second = await look();
        assert.equal(second.paid_count, 2);
        assert.equal(second.current_start, active.current_end);

        assert.equal((await razorpay.subscriptions.pause(id, {pause_at: 'now'})).status, 'paused');
        assert.equal(
            (await razorpay.subscriptions.resume(id, {resume_at: 'now'})).status, 'active');

        await letCharges(razorpay, made, 'fail');
        await moveClock(razorpay, {now: second.current_end + 2.5 * day});
        assert.equal((await look()).status, 'pending');
        await advance(razorpay, day);
        assert.equal((await look()).status, 'halted');

        await submit(made.short_url, {action: 'authorise'});
        assert.equal((await look()).status, 'active');
        assert.equal((await look()).paid_count, 2);

        // The SDK sends an empty body that it calls a form.
        const cancelled = await razorpay.subscriptions.cancel(id);
        assert.equal(cancelled.status, 'cancelled');
        assert.ok(cancelled.ended_at > second.current_start);

        const expected = [
            ...['authenticated', 'activated', 'charged', 'charged', 'paused', 'resumed'],
            ...['pending', 'pending', 'pending', 'halted', 'activated', 'cancelled'],
        ].map((name) => `subscription.${name}`);
        await eventually('all webhooks', () => listener.deliveries.length >= expected.length);
        assert.deepEqual(told(), expected);
        for (const {headers, body} of listener.deliveries) {
            const signature = headers['x-razorpay-signature'];
            assert.ok(Razorpay.validateWebhookSignature(body.toString(), signature, secret));
            assert.ok(!Razorpay.validateWebhookSignature(`${body} `, signature, secret));
        }
        const ids = new Set(listener.deliveries.map(({headers}) => headers['x-razorpay-event-id']));
        assert.equal(ids.size, expected.length);
        const charged = JSON.parse(listener.deliveries[2].body);
        assert.deepEqual(charged.contains, ['subscription', 'payment']);
        assert.equal(charged.payload.subscription.entity.id, id);
        assert.equal(charged.payload.payment.entity.amount, 49900);
        assert.match(charged.account_id, /^acc_/);
        assert.equal(charged.id, undefined);
        await listener.close();
    });

    test('is billed by invoices, an upfront amount among them', async () => {
        const razorpay = client('invoices');
        const addon = {item: {name: 'Delivery', amount: 30000, currency: 'INR'}};
        const subscription = await subscribed(razorpay, {addons: [addon]});
        await advance(razorpay, 31 * day);
        const {items} = await razorpay.invoices.all({subscription_id: subscription.id});
        assert.deepEqual(items.map(({amount}) => amount), [49900, 79900]);
        assert.ok(items.every(({status}) => status === 'paid'));
        assert.equal(items[1].billing_end, items[0].billing_start);
        const payment = await razorpay.payments.fetch(items[0].payment_id);
        assert.equal(payment.status, 'captured');
        assert.equal(payment.invoice_id, items[0].id);
    });

    test('starts later when it is told to, and expires without an authorisation', async () => {
        const razorpay = client('later');
        const plan = await monthly(razorpay);
        const start_at = Math.floor(Date.now() / 1000) + 10 * day;
        const terms = {plan_id: plan.id, total_count: 6, start_at};
        const made = await razorpay.subscriptions.create(terms);
        const forgotten = await razorpay.subscriptions.create(terms);
        await submit(made.short_url, {action: 'authorise'});
        const waiting = await razorpay.subscriptions.fetch(made.id);
        assert.equal(waiting.status, 'authenticated');
        assert.equal(waiting.paid_count, 0);
        assert.equal(waiting.charge_at, start_at);
        await advance(razorpay, 11 * day);
        assert.equal((await razorpay.subscriptions.fetch(made.id)).status, 'active');
        assert.equal((await razorpay.subscriptions.fetch(forgotten.id)).status, 'expired');
    });

    test('is updated now or at the end of its cycle, when a card pays for it', async () => {
        const razorpay = client('updates');
        // Noon in India: the day does not change while the test runs.
        await moveClock(razorpay, {now: (Math.floor(Date.now() / 1000 / day) + 1) * day + 23400});
        const subscription = await subscribed(razorpay);
        const dearer = await monthly(razorpay, 99900);
        const scheduled = await razorpay.subscriptions.update(subscription.id, {
            plan_id: dearer.id,
            schedule_change_at: 'cycle_end',
        });
        assert.equal(scheduled.has_scheduled_changes, true);
        assert.equal(scheduled.plan_id, subscription.plan_id);
        const coming = await razorpay.subscriptions.pendingUpdate(subscription.id);
        assert.equal(coming.plan_id, dearer.id);
        await razorpay.subscriptions.cancelScheduledChanges(subscription.id);
        const updated = await razorpay.subscriptions.update(subscription.id, {plan_id: dearer.id});
        assert.equal(updated.plan_id, dearer.id);
        // On the first day of the cycle the whole difference is due.
        const {items} = await razorpay.invoices.all({subscription_id: subscription.id});
        assert.equal(items[0].amount, 50000);

        const plan = await monthly(razorpay);
        const byUpi = await razorpay.subscriptions.create({plan_id: plan.id, total_count: 12});
        await submit(byUpi.short_url, {action: 'authorise', method: 'upi'});
        const no = await refused(razorpay.subscriptions.update(byUpi.id, {quantity: 2}));
        assert.equal(no.statusCode, 400);
        assert.equal(
            no.error.description, 'subscriptions cannot be updated when payment mode is UPI');
    });

    test('ends with its cycle when it is cancelled so', async () => {
        const razorpay = client('cycleEnd');
        const subscription = await subscribed(razorpay);
        const kept = await razorpay.subscriptions.cancel(subscription.id, true);
        assert.equal(kept.status, 'active');
        await advance(razorpay, 32 * day);
        const ended = await razorpay.subscriptions.fetch(subscription.id);
        assert.equal(ended.status, 'cancelled');
        assert.equal(ended.ended_at, subscription.current_end);
        assert.equal(ended.paid_count, 1);
    });
});

describe('an order', () => {
    test('is paid, captured and refunded; what the shop is told is signed', async () => {
        const razorpay = client('orders');
        const order = await razorpay.orders.create({amount: 50000, currency: 'INR', receipt: 'r1'});
        const page = await submit(`${url}/p/order/${order.id}`, {action: 'authorise'});
        const value = (name) => page.match(new RegExp(`razorpay_${name}</th><td>([^<]+)<`))[1];
        assert.ok(Razorpay.validateWebhookSignature(
            `${order.id}|${value('payment_id')}`, value('signature'), 'ordersSecret'));

        const payment = await razorpay.payments.fetch(value('payment_id'));
        assert.equal(payment.status, 'authorized');
        await razorpay.payments.capture(payment.id, 50000, 'INR');
        assert.equal((await razorpay.orders.fetch(order.id)).status, 'paid');

        await razorpay.payments.refund(payment.id, {amount: 20000, speed: 'normal'});
        await razorpay.payments.refund(payment.id, {});
        const refunded = await razorpay.payments.fetch(payment.id);
        assert.equal(refunded.status, 'refunded');
        assert.equal(refunded.refund_status, 'full');
        const refunds = await razorpay.refunds.all({payment_id: payment.id});
        assert.deepEqual(refunds.items.map(({amount}) => amount), [30000, 20000]);
        const again = await refused(razorpay.payments.refund(payment.id, {}));
        assert.equal(again.error.description, 'The payment has been fully refunded already');
        assert.deepEqual(again.error.metadata, {payment_id: payment.id, order_id: order.id});
    });

    test('may wait, and fail', async () => {
        const razorpay = client('failingRefunds');
        const order = await razorpay.orders.create(
            {amount: 50000, currency: 'INR', payment_capture: true});
        await submit(`${url}/p/order/${order.id}`, {action: 'authorise'});
        const {items: [payment]} = await razorpay.orders.fetchPayments(order.id);
        await razorpay.api.rq.post(`/_sandbox/payments/${payment.id}/refunds`, {refunds: 'wait'});
        const refund = await razorpay.payments.refund(payment.id, {amount: 20000});
        assert.equal(refund.status, 'pending');
        await razorpay.api.rq.post(`/_sandbox/refunds/${refund.id}`, {status: 'failed'});
        assert.equal((await razorpay.refunds.fetch(refund.id)).status, 'failed');
        const kept = await razorpay.payments.fetch(payment.id);
        assert.deepEqual([kept.status, kept.amount_refunded, kept.refund_status],
                         ['captured', 0, null]);
    });
});

describe('an invoice of its own', () => {
    test('is drafted, issued, and paid on its page', async () => {
        const razorpay = client('ownInvoices');
        const draft = await razorpay.invoices.create({
            type: 'invoice',
            draft: '1',
            customer: {email: 'a@example.com'},
            line_items: [{name: 'Book', amount: 20000, currency: 'INR', quantity: 2}],
        });
        assert.equal(draft.status, 'draft');
        const issued = await razorpay.invoices.issue(draft.id);
        assert.equal(issued.status, 'issued');
        await submit(issued.short_url, {action: 'fail'});
        await submit(issued.short_url, {action: 'authorise'});
        const paid = await razorpay.invoices.fetch(draft.id);
        assert.equal(paid.status, 'paid');
        assert.equal(paid.amount_paid, 40000);
        const order = await razorpay.orders.fetch(paid.order_id);
        assert.equal(order.attempts, 2);
    });

    test('is made by the first example of the documentation, and found again', async () => {
        const razorpay = client('documentedInvoices');
        const address = {line1: 'Bakers Street', line2: 'Country Road', zipcode: '560068', city: 'Bengaluru',
            state: 'Karnataka', country: 'in'};
        const made = await razorpay.invoices.create({
            type: 'invoice',
            description: 'Invoice for the month of January 2020',
            customer: {name: 'Gaurav Kumar', contact: 9999999999, email: 'gaurav.kumar@example.com',
                billing_address: address, shipping_address: address},
            line_items: [{name: 'Master Cloud Computing in 30 Days', description: 'Book by Ravena Ravenclaw',
                amount: 399, currency: 'INR', quantity: 1}],
            sms_notify: 1,
            email_notify: 1,
            currency: 'INR',
            receipt: '#0961',
        });
        const details = made.customer_details;
        assert.deepEqual([details.name, details.contact, details.billing_address.city],
                         ['Gaurav Kumar', '9999999999', 'Bengaluru']);
        assert.equal(made.line_items[0].description, 'Book by Ravena Ravenclaw');
        assert.deepEqual([made.invoice_number, made.sms_status, made.email_status],
                         ['#0961', 'pending', 'pending']);
        for (const query of [{type: 'invoice'}, {receipt: '#0961'}])
            assert.deepEqual((await razorpay.invoices.all(query)).items.map(({id}) => id), [made.id]);
        assert.equal((await razorpay.invoices.all({type: 'link'})).count, 0);
    });
});

describe('the twin', () => {
    test('refuses as Razorpay does', async () => {
        const razorpay = client('errors');
        const {statusCode, error} = await refused(
            razorpay.orders.create({amount: 10, currency: 'INR'}));
        assert.equal(statusCode, 400);
        assert.deepEqual(error, {
            code: 'BAD_REQUEST_ERROR',
            description: 'The amount must be at least INR 1.00',
            source: 'business',
            step: 'payment_initiation',
            reason: 'input_validation_failed',
            metadata: {},
            field: 'amount',
        });
        const card = await refused(razorpay.payments.fetchCardDetails('pay_00000000000000'));
        assert.equal(card.error.description, 'The sandbox does not have GET /v1/payments/{id}/card.');
        const stranger = new Razorpay({key_id: 'rzp_test_errors', key_secret: 'wrong'});
        stranger.api.rq.defaults.baseURL = url;
        const denied = await refused(stranger.plans.all());
        assert.equal(denied.statusCode, 401);
        assert.equal(denied.error.description, 'Authentication failed');
    });

    test('keeps keys apart, and pages through what each has', async () => {
        const razorpay = client('pages');
        const made = [];
        for (let i = 0; i < 12; ++i) made.push((await monthly(razorpay, 10000 + i)).id);
        const newest = await razorpay.plans.all();
        assert.equal(newest.entity, 'collection');
        assert.equal(newest.count, 10);
        assert.equal(newest.items[0].id, made.at(-1));
        const rest = await razorpay.plans.all({count: 100, skip: 10});
        assert.deepEqual(rest.items.map(({id}) => id), [made[1], made[0]]);
        const {statusCode, error} = await refused(client('others').plans.fetch(made[0]));
        assert.equal(statusCode, 400);
        assert.equal(error.description, 'The id provided does not exist');
    });

    test('goes on after a kill where it was, deliveries included', async () => {
        const razorpay = client('crash');
        const listener = await startListener((n) => (n <= 2 ? 500 : 200));
        await razorpay.webhooks.create({
            url: listener.url, secret, events: ['subscription.charged']});
        const subscription = await subscribed(razorpay);
        await eventually('a failed try', () => listener.deliveries.length === 1);
        await program.kill();
        await start();
        const again = client('crash');
        const kept = await again.subscriptions.fetch(subscription.id);
        assert.deepEqual({...kept, short_url: ''}, {...subscription, short_url: ''});
        await advance(again, 3600);
        await eventually('a second try', () => listener.deliveries.length === 2);
        await advance(again, 3600);
        await eventually('a third try', () => listener.deliveries.length === 3);
        const bodies = new Set(listener.deliveries.map(({body}) => body.toString()));
        assert.equal(bodies.size, 1);
        const events = new Set(
            listener.deliveries.map(({headers}) => headers['x-razorpay-event-id']));
        assert.equal(events.size, 1);
        await listener.close();
    });

    test('disables a webhook that has failed for a day', async () => {
        const razorpay = client('disabled');
        const listener = await startListener(() => 500);
        const webhook = await razorpay.webhooks.create({
            url: listener.url, secret, events: ['subscription.charged']});
        await subscribed(razorpay);
        await eventually('a failed try', () => listener.deliveries.length === 1);
        const look = async () => (await razorpay.webhooks.all()).items[0];
        assert.equal((await look()).active, true);
        await advance(razorpay, 25 * 3600);
        // The first try's failure may be noted only after that step: the next hours bring the last try.
        await eventually('the end of patience', async () => {
            await advance(razorpay, 3600);
            return !(await look()).active;
        });
        assert.equal(webhook.secret, undefined);
        await listener.close();
    });
});

test('every answer has the shape that the types of npm razorpay say', () => {
    const schemas = new RazorpaySchemas();
    const answers = proxies.flatMap(({exchanges}) => exchanges)
        .filter(({url: path, answer}) => path.startsWith('/v1/') && answer.startsWith('{'));
    assert.ok(answers.length > 50, `${answers.length} answers`);
    const found = new Set(answers.flatMap(({answer}) => schemas.answer(JSON.parse(answer))));
    // What is not found any more goes from the list.
    assert.deepEqual([...found].sort(), Object.keys(looselyTyped).sort());
});
