// Stripe and Razorpay beside each other: one ledger, webhooks of both, and customers who move.
import assert from 'node:assert/strict';
import {createHmac} from 'node:crypto';
import {after, before, describe, test} from 'node:test';
import {eventually, freePort, removeFolders} from '../lib/process.mjs';
import {startSandbox} from '../lib/sandbox.mjs';
import {engines, Server} from '../lib/server.mjs';

const keys = {id: 'rzp_test_e2e', secret: 'razorpaySecret'};
const webhookSecret = 'razorpay-webhook-secret';

/// One call to Razorpay's twin, as its clients make it.
async function razorpay(url, method, path, body) {
    const response = await fetch(url + path, {
        method,
        headers: {authorization: `Basic ${Buffer.from(`${keys.id}:${keys.secret}`).toString('base64')}`,
                  'content-type': 'application/json'},
        body: body && JSON.stringify(body),
    });
    const answer = await response.json();
    assert.equal(response.status, 200, `${method} ${path}: ${JSON.stringify(answer)}`);
    return answer;
}

/// A person at the page where Razorpay is allowed to charge.
async function authorise(page) {
    const answer = await fetch(page, {method: 'POST', redirect: 'manual',
                                      body: new URLSearchParams({action: 'authorise'})});
    assert.equal(answer.status, 303);
}

after(removeFolders);

for (const engine of engines())
    describe(`two providers on ${engine.name}`, () => {
        let sandbox, server, twin;
        before(async () => {
            const port = await freePort();
            twin = `http://127.0.0.1:${port}`;
            sandbox = await startSandbox({args: ['--razorpay-listen', `127.0.0.1:${port}`]});
            await sandbox.program.answering(twin);
            const account = await razorpay(twin, 'GET', '/_sandbox/account');
            server = await Server.start(sandbox, {
                database: await engine.database(),
                env: {RAZORPAY_KEY_ID: keys.id, RAZORPAY_KEY_SECRET: keys.secret,
                      RAZORPAY_API_BASE: twin, RAZORPAY_ACCOUNT_ID: account.id,
                      RAZORPAY_WEBHOOK_SECRET: `${webhookSecret},the-one-before`},
            });
            await razorpay(twin, 'POST', '/v1/webhooks', {
                url: `${server.url}/webhooks/razorpay`, secret: webhookSecret,
                events: ['subscription.authenticated', 'subscription.activated',
                         'subscription.charged', 'invoice.paid'],
            });
        });
        after(() => server.end());

        const customer = async (name) => {
            const made = await server.admin('POST', '/v1/customers', {external_id: name});
            assert.equal(made.status, 201);
        };
        const subscribe = (name, more) =>
            server.admin('POST', '/v1/subscriptions', {customer: `ext:${name}`, plan: 'pro', ...more});
        const show = async (id) => (await server.admin('GET', `/v1/subscriptions/${id}`)).body;

        test('a customer authorises at Razorpay, and its webhooks say so', async () => {
            await customer('asha');
            const made = await subscribe('asha', {provider: 'razorpay'});
            assert.equal(made.status, 201, JSON.stringify(made.body));
            assert.equal(made.body.status, 'incomplete');
            assert.ok(made.body.authorization_url.startsWith(twin));
            const again = await subscribe('asha', {provider: 'razorpay'});
            assert.equal(again.body.id, made.body.id);
            assert.equal((await razorpay(twin, 'GET', '/v1/subscriptions')).count, 1);

            await authorise(made.body.authorization_url);
            await eventually('the subscription to be active', async () =>
                (await show(made.body.id)).status === 'active');
            // Another of its webhooks may have been first: each fetches what is.
            await eventually('the webhook that says so', async () => {
                const {body} = await server.admin('GET', '/v1/webhook_events');
                return body.data.some(({provider, type}) =>
                    provider === 'razorpay' && type === 'subscription.activated');
            });
        });

        test('a webhook that comes again under another id is the same one', async () => {
            const account = await razorpay(twin, 'GET', '/_sandbox/account');
            const send = async (body, id) => {
                const signature = createHmac('sha256', 'the-one-before').update(body).digest('hex');
                const {status} = await server.request('POST', '/webhooks/razorpay', {
                    body, headers: {'x-razorpay-signature': signature, 'x-razorpay-event-id': id}});
                return status;
            };
            const event = (account_id) => JSON.stringify({
                entity: 'event', account_id, event: 'subscription.charged', payload: {}});
            assert.equal(await send(event(account.id), 'replay_1'), 200);
            assert.equal(await send(event(account.id), 'replay_2'), 200);
            assert.equal(await send(event('acc_of_others'), 'replay_3'), 400);
            const {body} = await server.admin('GET', '/v1/webhook_events?limit=100');
            const replays = body.data.filter((one) => one.provider_event_id.startsWith('replay_'));
            assert.deepEqual(replays.map((one) => one.provider_event_id), ['replay_1']);
            const stripes = await server.request('POST', '/webhooks/stripe', {
                body: event(account.id), headers: {'x-razorpay-signature': 'f'.repeat(64)}});
            assert.equal(stripes.status, 400);
        });

        test('a customer moves there and back, with what was used', async () => {
            await customer('bert');
            const made = await subscribe('bert', {payment_method: 'pm_card_visa'});
            assert.equal(made.body.provider, 'stripe');
            const id = made.body.id, period = made.body.current_period;
            await server.admin('POST', '/v1/usage/consume',
                               {customer: 'ext:bert', meter: 'api_calls', quantity: 120});
            const move = (body) => server.admin('POST', `/v1/subscriptions/${id}/move`, body);

            const asked = await move({provider: 'razorpay'});
            assert.equal(asked.status, 200, JSON.stringify(asked.body));
            assert.equal(asked.body.provider, 'stripe');
            assert.equal(asked.body.move.status, 'waiting');
            await authorise(asked.body.move.authorization_url);
            await eventually('the move to be done', async () => (await show(id)).provider === 'razorpay');
            const there = await show(id);
            assert.equal(there.move, null);
            assert.equal(there.status, 'active');
            assert.deepEqual(there.current_period, period);

            // The card is on file there since the first start.
            const back = await move({provider: 'stripe'});
            assert.equal(back.status, 200, JSON.stringify(back.body));
            assert.equal(back.body.provider, 'stripe');
            assert.deepEqual(back.body.current_period, period);
            const usage = await server.admin('GET', '/v1/usage?customer=ext:bert');
            assert.equal(usage.body.meters[0].used, '120');
            // Once the last webhooks have been applied.
            await eventually('the ledger to agree with both', async () => {
                const looked = await server.admin('POST', '/v1/reconciliations', {mode: 'report'});
                return looked.body.differences.length === 0;
            });
        });

        test('both are watched', async () => {
            const health = (await server.request('GET', '/health/billing')).body;
            assert.deepEqual(health.providers.map(({name}) => name), ['stripe', 'razorpay']);
            const ready = (await server.request('GET', '/readyz')).body;
            assert.deepEqual(ready.jobs_by_provider, {stripe: 'ok', razorpay: 'ok'});
            const metrics = (await server.request('GET', '/metrics')).body;
            for (const provider of ['stripe', 'razorpay'])
                assert.match(metrics, new RegExp(`billing_pass_seconds{provider="${provider}"}`));
        });

        test('Razorpay may be the only one', async () => {
            server.env = {...server.env, STRIPE_SECRET_KEY: '', STRIPE_WEBHOOK_SECRET: ''};
            await server.stop();
            await server.restart();
            await customer('cato');
            const made = await subscribe('cato');
            assert.equal(made.body.provider, 'razorpay', JSON.stringify(made.body));
            assert.equal((await server.request('POST', '/webhooks/stripe', {body: '{}'})).status, 404);
            const refused = await subscribe('cato', {provider: 'stripe'});
            assert.equal(refused.status, 422);
            assert.equal(refused.body.code, 'billing.provider_not_configured');
        });
    });
