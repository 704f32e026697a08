// The sandbox, driven by Stripe's own client for Node (API version 2026-02-25.clover). What is
// expected here is Stripe's documented or recorded behaviour, never the sandbox's.
import assert from 'node:assert/strict';
import {after, before, describe, test} from 'node:test';
import Stripe from 'stripe';
import {eventually, removeFolders} from '../lib/process.mjs';
import {startListener} from '../lib/listener.mjs';
import {RecordingProxy} from '../lib/recording_proxy.mjs';
import {secretKey, startSandbox} from '../lib/sandbox.mjs';
import {StripeSchemas} from '../lib/stripe_schemas.mjs';

const day = 86400;
const jan31 = Date.UTC(2027, 0, 31, 12) / 1000;

/// Where the sandbox differs from Stripe's types, by a line of StripeSchemas.answer(). Each must be
/// seen, so that the list can only become shorter.
const differences = [
];

let sandbox, proxy, stripe;

before(async () => {
    sandbox = await startSandbox();
    proxy = await RecordingProxy.start(sandbox.url);
    const {hostname, port} = new URL(proxy.url);
    stripe = new Stripe(secretKey, {host: hostname, port, protocol: 'http', maxNetworkRetries: 0});
});
after(async () => {
    proxy.stop();
    await sandbox.program.stop();
    await removeFolders();
});

async function customerWithCard(extra = {}, card = 'pm_card_visa') {
    const customer = await stripe.customers.create({email: 'ada@example.com', ...extra});
    const method = await stripe.paymentMethods.attach(card, {customer: customer.id});
    return stripe.customers.update(customer.id, {
        invoice_settings: {default_payment_method: method.id},
    });
}

async function monthlyPrice(unit_amount, name = 'Plan') {
    const product = await stripe.products.create({name});
    return stripe.prices.create({
        product: product.id,
        currency: 'usd',
        unit_amount,
        recurring: {interval: 'month'},
    });
}

/// Starts to move the clock and waits until everything that falls due on the way has happened.
async function advance(clock, to) {
    const moving = await stripe.testHelpers.testClocks.advance(clock.id, {frozen_time: to});
    assert.ok(['advancing', 'ready'].includes(moving.status), moving.status);
    return eventually('the test clock', async () => {
        const now = await stripe.testHelpers.testClocks.retrieve(clock.id);
        assert.notEqual(now.status, 'internal_failure');
        return now.status === 'ready' && now;
    });
}

async function refused(promise) {
    try {
        await promise;
    } catch (error) {
        return error;
    }
    return assert.fail('the call should have been refused');
}

describe('customers and cards', () => {
    test('a customer is created, read, updated, listed and deleted', async () => {
        const customer = await stripe.customers.create({
            email: 'grace@example.com',
            name: 'Grace',
            metadata: {kept: 'a', dropped: 'b'},
        });
        assert.match(customer.id, /^cus_[A-Za-z0-9]{14}$/);
        assert.equal(customer.object, 'customer');
        assert.equal(customer.livemode, false);

        const updated = await stripe.customers.update(customer.id, {
            name: 'Grace H.',
            metadata: {dropped: '', added: 'c'},
        });
        assert.equal(updated.name, 'Grace H.');
        assert.equal(updated.email, 'grace@example.com');
        assert.deepEqual(updated.metadata, {kept: 'a', added: 'c'});
        const cleared = await stripe.customers.update(customer.id, {metadata: ''});
        assert.deepEqual(cleared.metadata, {});

        const listed = await stripe.customers.list({email: 'grace@example.com'});
        assert.deepEqual(listed.data.map((c) => c.id), [customer.id]);

        const gone = await stripe.customers.del(customer.id);
        assert.deepEqual([gone.id, gone.deleted], [customer.id, true]);
        const after = await stripe.customers.retrieve(customer.id);
        assert.equal(after.deleted, true);
    });

    test('cards are attached, listed, made default and detached', async () => {
        const customer = await customerWithCard();
        const second = await stripe.paymentMethods.attach('pm_card_mastercard', {
            customer: customer.id,
        });
        const methods = await stripe.customers.listPaymentMethods(customer.id);
        assert.deepEqual(methods.data.map((m) => m.card.brand), ['mastercard', 'visa']);
        assert.deepEqual(methods.data.map((m) => m.card.last4), ['4444', '4242']);
        assert.equal(customer.invoice_settings.default_payment_method, methods.data[1].id);

        const detached = await stripe.paymentMethods.detach(second.id);
        assert.equal(detached.customer, null);
        const left = await stripe.customers.listPaymentMethods(customer.id);
        assert.deepEqual(left.data.map((m) => m.card.last4), ['4242']);
    });

    // wire specification, 1.10: none of these can be attached.
    const declined = [
        ['pm_card_visa_chargeDeclined', 'card_declined', 'generic_decline'],
        ['pm_card_visa_chargeDeclinedInsufficientFunds', 'card_declined', 'insufficient_funds'],
        ['pm_card_visa_chargeDeclinedLostCard', 'card_declined', 'lost_card'],
        ['pm_card_visa_chargeDeclinedStolenCard', 'card_declined', 'stolen_card'],
        ['pm_card_chargeDeclinedExpiredCard', 'expired_card', undefined],
        ['pm_card_chargeDeclinedIncorrectCvc', 'incorrect_cvc', undefined],
        ['pm_card_chargeDeclinedProcessingError', 'processing_error', undefined],
    ];
    for (const [card, code, declineCode] of declined)
        test(`${card} is refused with ${declineCode ?? code} and leaves nothing attached`, async () => {
            const customer = await stripe.customers.create();
            const error = await refused(
                stripe.paymentMethods.attach(card, {customer: customer.id}));
            assert.ok(error instanceof Stripe.errors.StripeCardError, error.type);
            assert.equal(error.statusCode, 402);
            assert.equal(error.code, code);
            if (declineCode) assert.equal(error.decline_code, declineCode);
            const methods = await stripe.customers.listPaymentMethods(customer.id);
            assert.equal(methods.data.length, 0);
        });
});

describe('subscriptions', () => {
    test('the first invoice is paid in the same second', async () => {
        const customer = await customerWithCard();
        const price = await monthlyPrice(9900, 'PRO');
        const subscription = await stripe.subscriptions.create({
            customer: customer.id,
            items: [{price: price.id}],
            expand: ['latest_invoice.payments'],
        });
        assert.equal(subscription.status, 'active');
        assert.equal(subscription.billing_mode.type, 'flexible');
        const [item] = subscription.items.data;
        assert.equal(item.current_period_start, subscription.billing_cycle_anchor);
        assert.equal(item.price.unit_amount, 9900);

        const invoice = subscription.latest_invoice;
        assert.equal(invoice.status, 'paid');
        assert.equal(invoice.billing_reason, 'subscription_create');
        assert.deepEqual([invoice.total, invoice.amount_paid, invoice.amount_remaining],
                         [9900, 9900, 0]);
        assert.match(invoice.number, /^[A-Z0-9]{8}-0001$/);
        assert.equal(invoice.parent.subscription_details.subscription, subscription.id);
        assert.equal(invoice.lines.data[0].description, '1 × PRO (at $99.00 / month)');
        assert.equal(invoice.payments.data[0].status, 'paid');

        const intent = await stripe.paymentIntents.retrieve(
            invoice.payments.data[0].payment.payment_intent);
        assert.deepEqual([intent.status, intent.amount_received], ['succeeded', 9900]);
    });

    test('without a payment method there is no subscription', async () => {
        const customer = await stripe.customers.create();
        const price = await monthlyPrice(9900);
        const error = await refused(stripe.subscriptions.create({
            customer: customer.id,
            items: [{price: price.id}],
        }));
        assert.ok(error instanceof Stripe.errors.StripeInvalidRequestError, error.type);
        assert.equal(error.statusCode, 400);
        assert.equal(error.code, 'resource_missing');
        assert.match(error.message, /no attached payment source or default payment method/);
    });

    test('a card that attaches but cannot pay leaves it incomplete, or refuses it', async () => {
        const price = await monthlyPrice(9900);
        const first = await customerWithCard({}, 'pm_card_chargeCustomerFail');
        const incomplete = await stripe.subscriptions.create({
            customer: first.id,
            items: [{price: price.id}],
            expand: ['latest_invoice'],
        });
        assert.equal(incomplete.status, 'incomplete');
        assert.equal(incomplete.latest_invoice.status, 'open');

        const second = await customerWithCard({}, 'pm_card_chargeCustomerFail');
        const error = await refused(stripe.subscriptions.create({
            customer: second.id,
            items: [{price: price.id}],
            payment_behavior: 'error_if_incomplete',
        }));
        assert.ok(error instanceof Stripe.errors.StripeCardError, error.type);
        assert.equal(error.statusCode, 402);
        const none = await stripe.subscriptions.list({customer: second.id, status: 'all'});
        assert.equal(none.data.length, 0);
    });

    test('an upgrade in the middle of the period is prorated to the second', async () => {
        const clock = await stripe.testHelpers.testClocks.create({frozen_time: jan31});
        const customer = await customerWithCard({test_clock: clock.id});
        const [starter, pro] = [await monthlyPrice(2900), await monthlyPrice(9900)];
        const made = await stripe.subscriptions.create({
            customer: customer.id,
            items: [{price: starter.id}],
        });
        const {current_period_start: start, current_period_end: end} = made.items.data[0];
        assert.equal(start, jan31);
        assert.equal(end, Date.UTC(2027, 1, 28, 12) / 1000);  // no 31 February: its last day

        await advance(clock, start + 7 * day);
        const changed = await stripe.subscriptions.update(made.id, {
            items: [{id: made.items.data[0].id, price: pro.id}],
            proration_behavior: 'always_invoice',
            expand: ['latest_invoice'],
        });
        // 21 of 28 days are left: 29.00 x 3/4 = 21.75 back, 99.00 x 3/4 = 74.25 more.
        const amounts = changed.latest_invoice.lines.data.map((line) => line.amount);
        assert.deepEqual(amounts.sort((a, b) => a - b), [-2175, 7425]);
        assert.equal(changed.latest_invoice.total, 5250);
        assert.equal(changed.latest_invoice.status, 'paid');
        assert.equal(changed.latest_invoice.billing_reason, 'subscription_update');
        assert.equal(changed.items.data[0].current_period_end, end);
        for (const line of changed.latest_invoice.lines.data)
            assert.equal(line.parent.subscription_item_details.proration, true);
    });

    test('renewals clamp to short months and come back to the anchor', async () => {
        const clock = await stripe.testHelpers.testClocks.create({frozen_time: jan31});
        const customer = await customerWithCard({test_clock: clock.id});
        const price = await monthlyPrice(1000);
        const made = await stripe.subscriptions.create({
            customer: customer.id,
            items: [{price: price.id}],
        });
        const ends = [];
        for (const to of [[1, 28], [2, 31], [3, 30]]) {
            await advance(clock, Date.UTC(2027, ...to, 14) / 1000);
            const now = await stripe.subscriptions.retrieve(made.id);
            ends.push(new Date(now.items.data[0].current_period_end * 1000).toISOString());
        }
        assert.deepEqual(ends, ['2027-03-31T12:00:00.000Z', '2027-04-30T12:00:00.000Z',
                                '2027-05-31T12:00:00.000Z']);
        const invoices = await stripe.invoices.list({subscription: made.id});
        assert.deepEqual(invoices.data.map((i) => [i.billing_reason, i.status, i.total]), [
            ['subscription_cycle', 'paid', 1000],
            ['subscription_cycle', 'paid', 1000],
            ['subscription_cycle', 'paid', 1000],
            ['subscription_create', 'paid', 1000],
        ]);
    });

    test('an extra item on the renewal draft is billed with it', async () => {
        const clock = await stripe.testHelpers.testClocks.create({frozen_time: jan31});
        const customer = await customerWithCard({test_clock: clock.id});
        const price = await monthlyPrice(9900);
        const made = await stripe.subscriptions.create({
            customer: customer.id,
            items: [{price: price.id}],
        });
        const {current_period_end: end} = made.items.data[0];
        await advance(clock, end + 60);
        const [draft] = (await stripe.invoices.list({subscription: made.id, status: 'draft'})).data;
        assert.equal(draft.billing_reason, 'subscription_cycle');

        const item = await stripe.invoiceItems.create({
            customer: customer.id,
            invoice: draft.id,
            amount: 4690,
            currency: 'usd',
            description: '2,345 calls over 10,000',
        });
        assert.equal(item.invoice, draft.id);
        await advance(clock, end + 2 * 3600);
        const paid = await stripe.invoices.retrieve(draft.id);
        assert.deepEqual([paid.status, paid.total, paid.amount_paid], ['paid', 14590, 14590]);
        assert.deepEqual(paid.lines.data.map((l) => l.amount).sort((a, b) => a - b), [4690, 9900]);
    });

    test('a renewal that cannot be paid makes it past due; paying it brings it back', async () => {
        const clock = await stripe.testHelpers.testClocks.create({frozen_time: jan31});
        const customer = await customerWithCard({test_clock: clock.id});
        const price = await monthlyPrice(9900);
        const made = await stripe.subscriptions.create({
            customer: customer.id,
            items: [{price: price.id}],
        });
        const bad = await stripe.paymentMethods.attach('pm_card_chargeCustomerFail', {
            customer: customer.id,
        });
        await stripe.customers.update(customer.id, {
            invoice_settings: {default_payment_method: bad.id},
        });
        await advance(clock, made.items.data[0].current_period_end + 2 * 3600);
        const late = await stripe.subscriptions.retrieve(made.id, {expand: ['latest_invoice']});
        assert.deepEqual([late.status, late.latest_invoice.status], ['past_due', 'open']);
        assert.equal(late.latest_invoice.attempt_count, 1);

        const error = await refused(stripe.invoices.pay(late.latest_invoice.id));
        assert.ok(error instanceof Stripe.errors.StripeCardError, error.type);

        const good = await stripe.paymentMethods.attach('pm_card_visa', {customer: customer.id});
        const paid = await stripe.invoices.pay(late.latest_invoice.id, {payment_method: good.id});
        assert.equal(paid.status, 'paid');
        assert.equal((await stripe.subscriptions.retrieve(made.id)).status, 'active');
    });

    test('it is canceled at the period end, kept after all, or canceled at once', async () => {
        const clock = await stripe.testHelpers.testClocks.create({frozen_time: jan31});
        const customer = await customerWithCard({test_clock: clock.id});
        const price = await monthlyPrice(2500);
        const made = await stripe.subscriptions.create({
            customer: customer.id,
            items: [{price: price.id}],
        });
        const end = made.items.data[0].current_period_end;
        const ending = await stripe.subscriptions.update(made.id, {cancel_at_period_end: true});
        assert.deepEqual([ending.status, ending.cancel_at_period_end, ending.cancel_at],
                         ['active', true, end]);
        assert.equal(ending.canceled_at, jan31);
        const kept = await stripe.subscriptions.update(made.id, {cancel_at_period_end: false});
        assert.deepEqual([kept.cancel_at_period_end, kept.cancel_at, kept.canceled_at],
                         [false, null, null]);

        await stripe.subscriptions.update(made.id, {cancel_at_period_end: true});
        await advance(clock, end + 60);
        const ended = await stripe.subscriptions.retrieve(made.id);
        assert.deepEqual([ended.status, ended.ended_at], ['canceled', end]);

        const another = await stripe.subscriptions.create({
            customer: customer.id,
            items: [{price: price.id}],
        });
        const canceled = await stripe.subscriptions.cancel(another.id);
        assert.equal(canceled.status, 'canceled');
        assert.equal(canceled.ended_at, canceled.canceled_at);
        const again = await refused(stripe.subscriptions.cancel(another.id));
        assert.equal(again.statusCode, 404);
        assert.equal(again.code, 'resource_missing');
    });
});

describe('requests', () => {
    test('the same idempotency key gives the same answer, once', async () => {
        const options = {idempotencyKey: 'obligation-1'};
        const first = await stripe.customers.create({email: 'once@example.com'}, options);
        const second = await stripe.customers.create({email: 'once@example.com'}, options);
        assert.equal(second.id, first.id);
        assert.equal(second.lastResponse.headers['idempotent-replayed'], 'true');
        assert.notEqual(second.lastResponse.requestId, first.lastResponse.requestId);
        const listed = await stripe.customers.list({email: 'once@example.com'});
        assert.equal(listed.data.length, 1);

        const other = await refused(
            stripe.customers.create({email: 'twice@example.com'}, options));
        assert.ok(other instanceof Stripe.errors.StripeIdempotencyError, other.type);
        assert.equal(other.statusCode, 400);
        assert.match(other.message, /can only be used with the same parameters/);
        const path = await refused(stripe.products.create({name: 'x'}, options));
        assert.ok(path instanceof Stripe.errors.StripeIdempotencyError, path.type);
        assert.match(path.message, /can only be used for the same endpoint/);
    });

    test('lists are paged, newest first, in both directions', async () => {
        const made = [];
        for (let i = 0; i < 7; ++i)
            made.unshift((await stripe.products.create({name: `Paged ${i}`})).id);
        const mine = async (params) =>
            (await stripe.products.list(params)).data.map((p) => p.id);

        const first = await stripe.products.list({limit: 3});
        assert.deepEqual(first.data.map((p) => p.id), made.slice(0, 3));
        assert.equal(first.has_more, true);
        assert.equal(first.url, '/v1/products');
        assert.deepEqual(await mine({limit: 3, starting_after: made[2]}), made.slice(3, 6));
        assert.deepEqual(await mine({limit: 3, ending_before: made[6]}), made.slice(3, 6));
        assert.deepEqual(await mine({limit: 3, ending_before: made[1]}), made.slice(0, 1));

        const walked = [];
        for await (const product of stripe.products.list({limit: 2})) walked.push(product.id);
        assert.deepEqual(walked.slice(0, 7), made);
        assert.equal(new Set(walked).size, walked.length);
    });

    test('expand replaces an id by its object, and refuses a path that is none', async () => {
        const customer = await customerWithCard();
        const price = await monthlyPrice(500);
        const {id} = await stripe.subscriptions.create({
            customer: customer.id,
            items: [{price: price.id}],
        });
        const plain = await stripe.subscriptions.retrieve(id);
        assert.equal(plain.customer, customer.id);
        assert.equal(typeof plain.latest_invoice, 'string');
        const expanded = await stripe.subscriptions.retrieve(id, {
            expand: ['customer', 'latest_invoice.payments', 'items.data.price.product'],
        });
        assert.equal(expanded.customer.email, 'ada@example.com');
        assert.equal(expanded.latest_invoice.payments.object, 'list');
        assert.equal(expanded.items.data[0].price.product.object, 'product');
        const listed = await stripe.subscriptions.list({
            customer: customer.id,
            expand: ['data.customer'],
        });
        assert.equal(listed.data[0].customer.id, customer.id);
        const error = await refused(stripe.subscriptions.retrieve(id, {expand: ['nonsense']}));
        assert.equal(error.statusCode, 400);
    });

    test('every kind of mistake has its class', async () => {
        const missing = await refused(stripe.customers.retrieve('cus_missing'));
        assert.ok(missing instanceof Stripe.errors.StripeInvalidRequestError, missing.type);
        assert.deepEqual([missing.statusCode, missing.code, missing.param],
                         [404, 'resource_missing', 'id']);
        assert.equal(missing.message, "No such customer: 'cus_missing'");

        const unknown = await refused(stripe.customers.create({colour: 'blue'}));
        assert.deepEqual([unknown.statusCode, unknown.code, unknown.param],
                         [400, 'parameter_unknown', 'colour']);

        const customer = await customerWithCard();
        const nested = await refused(stripe.subscriptions.create({
            customer: customer.id,
            items: [{price: 'invalid'}],
        }));
        assert.deepEqual([nested.statusCode, nested.code, nested.param, nested.message],
                         [400, 'resource_missing', 'items[0][price]', "No such price: 'invalid'"]);

        const {hostname, port} = new URL(proxy.url);
        const stranger = new Stripe('nonsense', {
            host: hostname,
            port,
            protocol: 'http',
            maxNetworkRetries: 0,
        });
        const locked = await refused(stranger.customers.list());
        assert.ok(locked instanceof Stripe.errors.StripeAuthenticationError, locked.type);
        assert.equal(locked.statusCode, 401);
        const answer = await stripe.customers.list({limit: 1});
        assert.match(answer.lastResponse.requestId, /^req_/);
    });
});

describe('webhooks', () => {
    test('events arrive signed, and a failed delivery comes again', async () => {
        // The first delivery is refused; Stripe sends it again, and so must the sandbox.
        const listener = await startListener((n) => (n === 1 ? 500 : 200));
        const endpoint = await stripe.webhookEndpoints.create({
            url: listener.url,
            enabled_events: ['customer.created', 'customer.updated'],
        });
        assert.match(endpoint.secret, /^whsec_/);

        const customer = await stripe.customers.create({email: 'hook@example.com'});
        await stripe.products.create({name: 'not asked for'});
        await stripe.customers.update(customer.id, {name: 'Hook'});

        const read = (delivery) => stripe.webhooks.constructEvent(
            delivery.body, delivery.headers['stripe-signature'], endpoint.secret);
        const ofType = (type) =>
            listener.deliveries.map(read).filter((event) => event.type === type);
        await eventually('both events and the repeated one', () => listener.deliveries.length >= 3, 60);

        const [updated] = ofType('customer.updated');
        assert.equal(updated.data.object.id, customer.id);
        assert.equal(updated.data.object.name, 'Hook');
        assert.deepEqual(updated.data.previous_attributes, {name: null});
        const ids = new Set(listener.deliveries.map((d) => read(d).id));
        assert.equal(ids.size, 2);
        for (const event of listener.deliveries.map(read))
            assert.ok(['customer.created', 'customer.updated'].includes(event.type), event.type);

        const [delivery] = listener.deliveries;
        assert.equal(delivery.headers['content-type'], 'application/json; charset=utf-8');
        assert.match(delivery.headers['user-agent'], /^Stripe\/1\.0/);
        const tampered = Buffer.from(delivery.body.toString().replace('hook@', 'hack@'));
        for (const [body, secret] of [[tampered, endpoint.secret], [delivery.body, 'whsec_other']])
            assert.throws(
                () => stripe.webhooks.constructEvent(
                    body, delivery.headers['stripe-signature'], secret),
                Stripe.errors.StripeSignatureVerificationError);

        await stripe.webhookEndpoints.del(endpoint.id);
        const count = listener.deliveries.length;
        await stripe.customers.update(customer.id, {name: 'Silent'});
        const stored = await stripe.events.list({type: 'customer.updated', limit: 1});
        assert.equal(stored.data[0].data.object.name, 'Silent');
        assert.equal(listener.deliveries.length, count);
        await listener.close();
    });
});

test('every answer has the shape that the types say', () => {
    assert.ok(proxy.exchanges.length > 100, `${proxy.exchanges.length} exchanges`);
    const found = new StripeSchemas().differences(proxy.exchanges);
    assert.deepEqual(Object.keys(found).sort(), differences, JSON.stringify(found, null, 1));
});
