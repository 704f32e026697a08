// Webhooks, older API versions, search and rate limits of the sandbox, driven by Stripe's own
// client for Node and its command line.
import assert from 'node:assert/strict';
import {after, before, test} from 'node:test';
import {fileURLToPath} from 'node:url';
import Stripe from 'stripe';
import {eventually, freshFolder, removeFolders, run} from '../lib/process.mjs';
import {startListener} from '../lib/listener.mjs';
import {call, secretKey, startSandbox} from '../lib/sandbox.mjs';

const cli = fileURLToPath(new URL('node_modules/.bin/stripe', import.meta.url));
let sandbox, stripe, home;

function client(of, options = {}) {
    const {hostname, port} = new URL(of.url);
    return new Stripe(secretKey,
                      {host: hostname, port, protocol: 'http', maxNetworkRetries: 0, ...options});
}

before(async () => {
    sandbox = await startSandbox();
    stripe = client(sandbox);
    home = await freshFolder();
});
after(async () => {
    await sandbox.program.stop();
    await removeFolders();
});

/// A listener and its endpoint; deliveries of it come as events that the client has verified.
async function listening(params = {}) {
    const listener = await startListener();
    const endpoint = await stripe.webhookEndpoints.create(
        {url: listener.url, enabled_events: ['*'], ...params});
    return {
        listener,
        endpoint,
        async close() {
            await stripe.webhookEndpoints.del(endpoint.id);
            await listener.close();
        },
        delivery: (n) => eventually(`delivery ${n}`, () => listener.deliveries[n - 1]),
    };
}

function verified({headers, body}, secret) {
    return stripe.webhooks.constructEvent(body, headers['stripe-signature'], secret);
}

test('both secrets sign while one is being rolled', async () => {
    const hook = await listening();
    const path = `/_sandbox/webhook_endpoints/${hook.endpoint.id}/roll_secret`;
    const rolled = await call(sandbox, 'POST', path, {expires_in: 3600});
    assert.equal(rolled.status, 200);
    const customer = await stripe.customers.create({name: 'Both'});
    const first = await hook.delivery(1);
    for (const secret of [hook.endpoint.secret, rolled.body.secret])
        assert.equal(verified(first, secret).data.object.id, customer.id);
    assert.match(first.headers['stripe-signature'],
                 /^t=\d+,v1=[0-9a-f]{64},v1=[0-9a-f]{64},v0=[0-9a-f]{64}$/);

    const last = await call(sandbox, 'POST', path);
    await stripe.customers.create({name: 'One'});
    const second = await hook.delivery(2);
    assert.equal(verified(second, last.body.secret).data.object.name, 'One');
    assert.throws(() => verified(second, rolled.body.secret),
                  Stripe.errors.StripeSignatureVerificationError);
    await hook.close();
});

test('the command line sends an event again', async () => {
    const hook = await listening();
    await stripe.customers.create({name: 'Again'});
    const event = verified(await hook.delivery(1), hook.endpoint.secret);
    const resend = (...args) => run(
        cli,
        ['events', 'resend', event.id, ...args, '--api-base', sandbox.url, '--api-key', secretKey],
        {HOME: home, XDG_CONFIG_HOME: home, STRIPE_CLI_TELEMETRY_OPTOUT: '1'});
    const sent = await resend('--webhook-endpoint', hook.endpoint.id);
    assert.match(sent.output, new RegExp(event.id));
    const again = await hook.delivery(2);
    assert.equal(verified(again, hook.endpoint.secret).id, event.id);
    assert.deepEqual(again.body, (await hook.delivery(1)).body);

    const nobody = await resend();
    assert.match(nobody.output, /No CLI endpoints found to retry delivery/);
    await hook.close();
});

test('an older version has its own shapes, in answers and in webhooks', async () => {
    const old = client(sandbox, {apiVersion: '2024-06-20'});
    const hook = await listening({api_version: '2024-06-20',
                                  enabled_events: ['customer.subscription.created']});
    const customer = await stripe.customers.create({
        payment_method: 'pm_card_visa',
        invoice_settings: {default_payment_method: 'pm_card_visa'},
    });
    const price = await stripe.prices.create({
        currency: 'usd',
        unit_amount: 2500,
        recurring: {interval: 'month'},
        product_data: {name: 'Basic'},
    });
    const subscription = await old.subscriptions.create({
        customer: customer.id,
        items: [{price: price.id}],
        expand: ['latest_invoice.payment_intent'],
    });
    const {current_period_end: end} =
        (await stripe.subscriptions.retrieve(subscription.id)).items.data[0];
    assert.equal(subscription.current_period_end, end);
    assert.equal(subscription.latest_invoice.paid, true);
    assert.equal(subscription.latest_invoice.payment_intent.status, 'succeeded');
    assert.equal(subscription.latest_invoice.lines.data[0].price.id, price.id);

    const event = verified(await hook.delivery(1), hook.endpoint.secret);
    assert.equal(event.api_version, '2024-06-20');
    assert.equal(event.data.object.current_period_end, end);
    await hook.close();
});

test('search goes through its pages by itself', async () => {
    const order = `order-${Date.now()}`;
    for (let i = 0; i < 5; ++i) await stripe.customers.create({name: `S${i}`, metadata: {order}});
    const found = [];
    const query = `metadata["order"]:"${order}"`;
    for await (const {name} of stripe.customers.search({query, limit: 2})) found.push(name);
    assert.deepEqual(found, ['S4', 'S3', 'S2', 'S1', 'S0']);
    await assert.rejects(stripe.customers.search({query: 'shoe_size>40'}),
                         {statusCode: 400, message: /unsupported search field/});
});

test('who asks too often is told so, where limits are on', async () => {
    const limited = await startSandbox({args: ['--rate-limits']});
    const asking = client(limited);
    await asking.customers.create();
    const answers = await Promise.allSettled(
        Array.from({length: 200}, () => asking.customers.list({limit: 1})));
    const refused = answers.filter(({status}) => status === 'rejected');
    assert.ok(refused.length > 0 && refused.length <= 176, `${refused.length} of 200 refused`);
    for (const {reason} of refused) {
        assert.ok(reason instanceof Stripe.errors.StripeRateLimitError);
        assert.equal(reason.code, 'rate_limit');
        assert.match(reason.headers['stripe-rate-limited-reason'], /^(global|endpoint)-rate$/);
    }
    await limited.program.stop();
});
