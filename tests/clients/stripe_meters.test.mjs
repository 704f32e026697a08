// Meters of the sandbox and the prices that bill by them, driven by Stripe's own client for Node. What
// is expected is what its types and documentation say.
import assert from 'node:assert/strict';
import {after, before, test} from 'node:test';
import Stripe from 'stripe';
import {eventually, removeFolders} from '../lib/process.mjs';
import {secretKey, startSandbox} from '../lib/sandbox.mjs';

const start = Math.floor(Date.UTC(2026, 2, 1) / 1000);
const april = Math.floor(Date.UTC(2026, 3, 1) / 1000);

let sandbox, stripe;

/// A client of this key. The library sends the meter event stream to a host of its own; here there is
/// one for everything.
function client(key) {
    const {hostname, port} = new URL(sandbox.url);
    const http = Stripe.createNodeHttpClient();
    const httpClient = {
        getClientName: () => http.getClientName(),
        makeRequest: (host, ...rest) => http.makeRequest(hostname, ...rest),
    };
    return new Stripe(key, {host: hostname, port, protocol: 'http', maxNetworkRetries: 0, httpClient});
}

before(async () => {
    sandbox = await startSandbox();
    stripe = client(secretKey);
});
after(async () => {
    await sandbox.program.stop();
    await removeFolders();
});

let meters = 0;
async function meter(formula = 'sum') {
    const event_name = `calls_${++meters}`;
    return stripe.billing.meters.create({
        display_name: 'Calls', event_name, default_aggregation: {formula},
    });
}

/// A customer on a clock of its own who pays by card.
async function customerOnClock() {
    const clock = await stripe.testHelpers.testClocks.create({frozen_time: start});
    const customer = await stripe.customers.create({
        test_clock: clock.id, payment_method: 'pm_card_visa',
        invoice_settings: {default_payment_method: 'pm_card_visa'},
    });
    return {customer: customer.id, advance: async (frozen_time) => {
        await stripe.testHelpers.testClocks.advance(clock.id, {frozen_time});
        await eventually('a clock that stands', async () =>
            (await stripe.testHelpers.testClocks.retrieve(clock.id)).status === 'ready');
    }};
}

const use = (event_name, stripe_customer_id, value, more = {}) =>
    stripe.billing.meterEvents.create({
        event_name, payload: {stripe_customer_id, value: String(value)}, ...more,
    });

test('usage is counted, taken back and summed up', async () => {
    const {id, event_name} = await meter();
    const {id: customer} = await stripe.customers.create();
    const event = await use(event_name, customer, 25, {identifier: 'first'});
    assert.equal(event.object, 'billing.meter_event');
    await use(event_name, customer, 5, {identifier: 'second'});
    await assert.rejects(use(event_name, customer, 5, {identifier: 'second'}),
                         {statusCode: 400, message: 'An event already exists with identifier second.'});
    const adjustment = await stripe.billing.meterEventAdjustments.create({
        event_name, type: 'cancel', cancel: {identifier: 'first'},
    });
    assert.equal(adjustment.status, 'pending');

    const minute = Math.floor(Date.now() / 60_000) * 60;
    const summaries = await stripe.billing.meters.listEventSummaries(id, {
        customer, start_time: minute - 3_600, end_time: minute + 120,
    });
    assert.deepEqual(summaries.data.map(({aggregated_value}) => aggregated_value), [5]);
    assert.equal((await stripe.billing.meters.deactivate(id)).status, 'inactive');
    await assert.rejects(use(event_name, customer, 1), {code: 'archived_meter'});
    assert.equal((await stripe.billing.meters.reactivate(id)).status, 'active');
});

test('a graduated price bills the usage of the month that is over', async () => {
    const {id, event_name} = await meter();
    const {customer, advance} = await customerOnClock();
    const price = await stripe.prices.create({
        currency: 'usd', product_data: {name: 'API'}, billing_scheme: 'tiered', tiers_mode: 'graduated',
        tiers: [{up_to: 1000, flat_amount: 900}, {up_to: 'inf', unit_amount_decimal: '3.6'}],
        recurring: {interval: 'month', usage_type: 'metered', meter: id},
        expand: ['tiers'],
    });
    assert.deepEqual(price.tiers.map(({up_to}) => up_to), [1000, null]);
    const subscription = await stripe.subscriptions.create({customer, items: [{price: price.id}]});
    assert.equal(subscription.status, 'active');
    assert.equal(subscription.items.data[0].quantity, undefined);

    await use(event_name, customer, 1031, {timestamp: start});
    const preview = await stripe.invoices.createPreview({subscription: subscription.id});
    assert.equal(preview.total, 1012);
    await advance(april + 7_200);
    const {data: [invoice]} = await stripe.invoices.list({subscription: subscription.id});
    assert.equal(invoice.status, 'paid');
    assert.deepEqual(invoice.lines.data.map(({amount, description}) => [amount, description]), [
        [0, '1000 × API (Tier 1 at $0.00 / month)'],
        [900, 'API (Tier 1 at $9.00 / month)'],
        [112, '31 × API (Tier 2 at $0.036 / month)'],
    ]);

    await use(event_name, customer, 1, {timestamp: april});
    await stripe.subscriptions.cancel(subscription.id, {invoice_now: true});
    const {data: [last]} = await stripe.invoices.list({subscription: subscription.id});
    assert.equal(last.total, 900);
});

test('what the stream finds wrong is told by thin events', async () => {
    const {id, event_name} = await meter();
    const {id: customer} = await stripe.customers.create();
    const {authentication_token} = await stripe.v2.billing.meterEventSession.create();
    const streaming = client(authentication_token);
    const event = (payload, name = event_name) => ({
        event_name: name, timestamp: new Date().toISOString(), payload,
    });
    await streaming.v2.billing.meterEventStream.create({events: [
        event({stripe_customer_id: customer, value: '7'}),
        event({value: '7'}),
        event({stripe_customer_id: customer, value: '7'}, 'no.such.name'),
    ]});
    const types = ['v1.billing.meter.error_report_triggered', 'v1.billing.meter.no_meter_found'];
    const events = await stripe.v2.core.events.list({types, limit: 1}).autoPagingToArray({limit: 10});
    assert.deepEqual(events.map(({type}) => type).sort(), types);
    const report = await stripe.v2.core.events.retrieve(
        events.find(({type}) => type === types[0]).id);
    assert.equal((await report.fetchRelatedObject()).id, id);
    assert.deepEqual(report.data.reason.error_types.map(({code}) => code),
                     ['meter_event_no_customer_defined']);

    const single = {event_name, identifier: 'once', payload: {stripe_customer_id: customer, value: '1'}};
    const made = await stripe.v2.billing.meterEvents.create(single);
    assert.equal(made.object, 'v2.billing.meter_event');
    await assert.rejects(stripe.v2.billing.meterEvents.create(single), {code: 'duplicate_meter_event'});
    await assert.rejects(client('expired').v2.billing.meterEventStream.create({events: [event({})]}),
                         {statusCode: 401});
});
