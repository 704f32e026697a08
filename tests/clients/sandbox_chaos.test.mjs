// The sandbox's chaos, as the providers' own clients meet it. docs/sandbox.md has the words.
import assert from 'node:assert/strict';
import {after, afterEach, before, describe, test} from 'node:test';
import Razorpay from 'razorpay';
import Stripe from 'stripe';
import {binary, eventually, freePort, freshFolder, Program, removeFolders} from '../lib/process.mjs';
import {startListener} from '../lib/listener.mjs';

const address = {};
let program, stripe, razorpay;

async function start() {
    address.data ??= await freshFolder();
    address.stripe ??= await freePort();
    address.razorpay ??= await freePort();
    program = new Program(binary, [
        ...['sandbox', '--listen', `127.0.0.1:${address.stripe}`, '--data', address.data],
        ...['--razorpay-listen', `127.0.0.1:${address.razorpay}`],
    ]);
    await program.answering(`http://127.0.0.1:${address.razorpay}/healthz`);
    await program.answering(`http://127.0.0.1:${address.stripe}/healthz`);
}

async function chaos(twin, method, body) {
    const response = await fetch(`http://127.0.0.1:${address[twin]}/_sandbox/chaos`, {
        method,
        headers: {'content-type': 'application/json'},
        body: body && JSON.stringify(body),
    });
    const answer = await response.json();
    assert.equal(response.status, 200, JSON.stringify(answer));
    return answer;
}
const plan = (...rules) => chaos('stripe', 'PUT', {rules});

before(async () => {
    await start();
    stripe = new Stripe('sk_test_turnpikeChaos', {
        host: '127.0.0.1', port: address.stripe, protocol: 'http', maxNetworkRetries: 0,
    });
    razorpay = new Razorpay({key_id: 'rzp_test_chaos', key_secret: 'chaosSecret'});
    razorpay.api.rq.defaults.baseURL = `http://127.0.0.1:${address.razorpay}`;
});
after(async () => {
    await program.stop();
    await removeFolders();
});
afterEach(async () => {
    await chaos('stripe', 'DELETE');
    await chaos('razorpay', 'DELETE');
});

describe('calls', () => {
    const create = (email) => stripe.customers.create({email}, {idempotencyKey: `key-${email}`});
    const made = async (email) => (await stripe.customers.list({email})).data.length;
    /// The client asks once more by itself when a connection breaks.
    const twice = 2;
    const rule = (name, more) => plan({call: 'POST /v1/customers', do: name, ...more});

    test('a 500 after the commit is what a repeat gets, too', async () => {
        await rule('error_after_commit');
        await assert.rejects(create('after@example.com'), {type: 'StripeAPIError'});
        await assert.rejects(create('after@example.com'), (error) =>
            error.type === 'StripeAPIError' && error.headers['idempotent-replayed'] === 'true');
        assert.equal(await made('after@example.com'), 1);
    });
    test('a time-out after the commit gives a repeat the answer', async () => {
        await rule('timeout_after_commit', {wait_ms: 20, next: twice});
        await assert.rejects(create('late@example.com'), {type: 'StripeConnectionError'});
        const customer = await create('late@example.com');
        assert.equal(customer.email, 'late@example.com');
        assert.equal(await made('late@example.com'), 1);
    });
    test('a key in flight is refused, and the client asks again by itself', async () => {
        await rule('delay', {wait_ms: 300});
        const headers = {authorization: 'Bearer sk_test_turnpikeChaos', 'idempotency-key': 'held'};
        const post = () => fetch(`http://127.0.0.1:${address.stripe}/v1/customers`,
                                 {method: 'POST', headers});
        const answers = await Promise.all([post(), post()]);
        assert.deepEqual(answers.map((answer) => answer.status).sort(), [200, 409]);
        const {error} = await answers.find((answer) => answer.status === 409).json();
        assert.equal(error.code, 'idempotency_key_in_use');

        await rule('delay', {wait_ms: 300});
        const patient = new Stripe('sk_test_turnpikeChaos', {
            host: '127.0.0.1', port: address.stripe, protocol: 'http', maxNetworkRetries: 5,
        });
        const customers = await Promise.all(Array.from({length: 5}, () => patient.customers.create(
            {email: 'five@example.com'}, {idempotencyKey: 'five'})));
        assert.equal(new Set(customers.map((customer) => customer.id)).size, 1);
        assert.equal(await made('five@example.com'), 1);
    });
    test('an error or a time-out before it does nothing', async () => {
        await plan({call: 'POST /v1/customers', do: 'error'},
                   {call: 'POST /v1/customers', do: 'timeout', wait_ms: 20, next: twice});
        await assert.rejects(create('before@example.com'), {type: 'StripeAPIError'});
        await assert.rejects(create('before@example.com'), {type: 'StripeConnectionError'});
        assert.equal(await made('before@example.com'), 0);
        await create('before@example.com');
    });
    test('a rate limit is Stripe’s', async () => {
        await rule('rate_limit');
        await assert.rejects(create('many@example.com'), (error) =>
            error.type === 'StripeRateLimitError' && error.code === 'rate_limit' &&
            error.headers['stripe-rate-limited-reason'] === 'global-rate');
        assert.equal(await made('many@example.com'), 0);
    });
    test('half of an answer is no answer', async () => {
        await rule('truncate');
        await assert.rejects(create('half@example.com'));
        assert.equal(await made('half@example.com'), 1);
    });
    test('a delay is a delay', async () => {
        await rule('delay', {wait_ms: 300});
        const began = performance.now();
        await create('slow@example.com');
        assert.ok(performance.now() - began >= 295);
    });
    test('the client’s own repetitions get through', async () => {
        await rule('error', {next: 2});
        const patient = new Stripe('sk_test_turnpikeChaos', {
            host: '127.0.0.1', port: address.stripe, protocol: 'http', maxNetworkRetries: 2,
        });
        await patient.customers.create({email: 'patient@example.com'});
        assert.equal(await made('patient@example.com'), 1);
    });
    test('the same seed is the same run, over a restart, too', async () => {
        const run = async () => {
            await chaos('stripe', 'PUT', {seed: 7, rules: [
                {call: '/v1/*', do: 'error', percent: 20},
                {call: '/v1/*', do: 'rate_limit', percent: 20},
            ]});
            const statuses = [];
            for (let i = 0; i < 60; ++i) {
                if (i === 30) {
                    await program.kill();
                    await start();
                }
                const call = i % 3 ? stripe.customers.create({}) : stripe.customers.list();
                statuses.push(await call.then(() => 200, (error) => error.statusCode));
            }
            const {happened} = await chaos('stripe', 'GET');
            return {statuses, happened: happened.map(({rule, about}) => [rule, about])};
        };
        const first = await run();
        assert.ok(new Set(first.statuses).size === 3, first.statuses.join(' '));
        assert.deepEqual(await run(), first);
    });
});

describe('webhooks', () => {
    let listener, endpoint;
    const ids = () => listener.deliveries.map(({body}) => JSON.parse(body).id);
    const types = () => listener.deliveries.map(({body}) => JSON.parse(body).type);
    const verified = ({headers, body}, secret = endpoint.secret) =>
        stripe.webhooks.constructEvent(body, headers['stripe-signature'], secret);

    before(async () => {
        listener = await startListener();
        endpoint = await stripe.webhookEndpoints.create({
            url: listener.url,
            enabled_events: ['customer.created', 'customer.updated', 'customer.deleted'],
        });
    });
    after(() => listener.close());
    /// What comes of `work`, once `count` webhooks are there.
    async function received(count, work) {
        listener.deliveries.length = 0;
        const result = await work();
        await eventually(`${count} webhooks`, () => listener.deliveries.length >= count);
        return result;
    }

    test('a duplicate is the same event again', async () => {
        await plan({webhook: 'customer.*', do: 'duplicate', count: 3});
        await received(3, () => stripe.customers.create({}));
        assert.equal(new Set(ids()).size, 1);
    });
    test('an order of types is kept', async () => {
        const order = ['customer.updated', 'customer.deleted', 'customer.created'];
        await plan({webhook: '*', endpoint: endpoint.id, do: 'reorder', order, wait_ms: 20000});
        await received(3, async () => {
            const {id} = await stripe.customers.create({});
            await stripe.customers.update(id, {name: 'Ada'});
            await stripe.customers.del(id);
        });
        assert.deepEqual(types(), order);
    });
    test('a burst comes at once', async () => {
        await plan({webhook: '*', do: 'burst', count: 3, wait_ms: 20000});
        await received(3, async () => {
            await stripe.customers.create({});
            await stripe.customers.create({});
            assert.equal(listener.deliveries.length, 0);
            await stripe.customers.create({});
        });
        assert.equal(new Set(ids()).size, 3);
    });
    test('a wrong signature, half a body, an old secret are not taken', async () => {
        await plan({webhook: '*', do: 'wrong_signature'}, {webhook: '*', do: 'truncate'},
                   {webhook: '*', do: 'old_secret'});
        const {secret} = endpoint;
        await received(3, async () => {
            await stripe.customers.create({});
            await stripe.customers.create({});
            endpoint = await stripe.rawRequest(
                'POST', `/_sandbox/webhook_endpoints/${endpoint.id}/roll_secret`, {});
            await stripe.customers.create({});
        });
        for (const delivery of listener.deliveries) assert.throws(() => verified(delivery));
        const old = listener.deliveries.filter((delivery) => {
            try {
                return verified(delivery, secret);
            } catch {
                return false;
            }
        });
        assert.equal(old.length, 1, 'the old secret’s owner can read one of them');
        await received(1, () => stripe.customers.create({}));
        assert.ok(verified(listener.deliveries[0]));
    });
    test('an older version is another shape, rightly signed', async () => {
        await plan({webhook: '*', do: 'old_version', version: '2022-11-15'},
                   {webhook: '*', do: 'old_version'});
        await received(2, async () => {
            await stripe.customers.create({});
            await stripe.customers.create({});
        });
        const versions = listener.deliveries.map((delivery) => verified(delivery).api_version);
        assert.deepEqual(versions, ['2022-11-15', '2024-06-20']);
    });
    test('what is dropped can be found', async () => {
        await plan({webhook: 'customer.created', do: 'drop'});
        const {id} = await received(1, async () => {
            const customer = await stripe.customers.create({});
            return stripe.customers.update(customer.id, {name: 'Ada'});
        });
        assert.deepEqual(types(), ['customer.updated']);
        await eventually('the event among those not delivered', async () => {
            const {data} = await stripe.events.list({delivery_success: false, limit: 100});
            return data.some((event) => event.data.object.id === id);
        });
    });
    test('what is held back goes when all is well again', async () => {
        await plan({webhook: '*', do: 'delay', wait_ms: 600000});
        listener.deliveries.length = 0;
        await stripe.customers.create({});
        await eventually('the strike', async () =>
            (await chaos('stripe', 'GET')).happened.length === 1);
        assert.equal(listener.deliveries.length, 0);
        await chaos('stripe', 'DELETE');
        await eventually('the webhook', () => listener.deliveries.length === 1);
    });
});

describe('Razorpay’s twin', () => {
    const monthly = () => razorpay.plans.create({
        period: 'monthly', interval: 1, item: {name: 'Gold', amount: 49900, currency: 'INR'},
    });
    test('fails, and has done it or not', async () => {
        await chaos('razorpay', 'PUT', {rules: [
            {call: 'POST /v1/plans', do: 'error_after_commit'},
            {call: 'POST /v1/plans', do: 'rate_limit'},
            {call: 'POST /v1/plans', do: 'error'},
        ]});
        for (const statusCode of [500, 429, 500]) await assert.rejects(monthly(), {statusCode});
        assert.equal((await razorpay.plans.all()).count, 1);
    });
    test('signs wrongly, and twice', async () => {
        const secret = 'a secret';
        const listener = await startListener();
        await razorpay.webhooks.create({
            url: listener.url, secret, events: ['subscription.activated', 'subscription.charged'],
        });
        await chaos('razorpay', 'PUT', {rules: [
            {webhook: 'subscription.activated', do: 'wrong_signature'},
            {webhook: 'subscription.charged', do: 'duplicate'},
        ]});
        const made = await razorpay.subscriptions.create({
            plan_id: (await monthly()).id, total_count: 12,
        });
        await fetch(made.short_url, {
            method: 'POST', body: new URLSearchParams({action: 'authorise'}), redirect: 'manual',
        });
        await eventually('three webhooks', () => listener.deliveries.length === 3);
        const verdicts = listener.deliveries.map(({headers, body}) => [
            JSON.parse(body).event,
            Razorpay.validateWebhookSignature(
                body.toString(), headers['x-razorpay-signature'], secret),
        ]);
        assert.deepEqual(verdicts.sort(), [
            ['subscription.activated', false],
            ['subscription.charged', true],
            ['subscription.charged', true],
        ]);
        await listener.close();
    });
});
