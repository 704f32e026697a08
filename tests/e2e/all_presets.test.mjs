// All published interfaces in one process, each with customers and a catalog of its own; and one
// alone, where nothing of the others is to be found.
import assert from 'node:assert/strict';
import {randomUUID} from 'node:crypto';
import {after, before, describe, test} from 'node:test';
import {removeFolders} from '../lib/process.mjs';
import {Server, engines} from '../lib/server.mjs';

after(removeFolders);

/// One route of each interface that answers without a credential or a body, or asks for them.
const routes = {
    'api-metering': ['GET', '/billing/status'],
    'saas-orgs': ['GET', '/api/usage/organization/org_none/summary'],
    'learning-app': ['GET', '/api/v1/payments/usage'],
    'attribution': ['GET', '/admin/webhooks'],
};
const webhooks = {
    '/webhooks/stripe': Object.keys(routes),
    '/api/webhooks/stripe': ['saas-orgs'],
    '/api/v1/payments/webhook': ['learning-app'],
    '/webhook/stripe': ['attribution'],
};

for (const engine of engines()) {
    describe(`all presets on ${engine.name}`, () => {
        let server;
        before(async () => {
            server = await Server.besideSandbox({preset: 'all', database: await engine.database()});
        });
        after(() => server.end());
        const checkout = (receipt, tier) => server.request('POST', '/api/billing/create-checkout', {
            body: {receipt, tier}, headers: {'idempotency-key': randomUUID()}});

        test('the index names them', async () => {
            const {body} = await server.request('GET', '/');
            assert.deepEqual(body.interfaces.map((one) => one.preset), Object.keys(routes));
            assert.equal(body.pricing, '/pricing');
            for (const {pricing} of body.interfaces)
                if (pricing)
                    assert.equal((await server.request('GET', pricing)).status, 200, pricing);
        });

        test('one user is a customer of each, and they share nothing', async () => {
            assert.equal((await server.status('alice')).body.tier, 'free');
            const usage = () => server.user('alice', 'GET', '/api/v1/payments/usage');
            assert.equal((await usage()).body.ai_minutes_limit, 30);
            assert.equal((await checkout('alice', 'pro')).status, 200);

            assert.equal((await server.subscribe('alice', 'pro')).status, 200);
            assert.equal((await server.user('alice', 'GET', '/api/v1/payments/subscription'))
                .body.tier, 'free');
            const spent = await server.admin('POST', '/v1/usage/consume', {
                customer: 'learning-app~alice', meter: 'ai_minutes', quantity: 30});
            assert.equal(spent.status, 200, JSON.stringify(spent.body));
            assert.equal((await usage()).body.can_use_ai, false);
            assert.equal((await server.consume('alice', 1)).status, 200);

            const may = async (customer, feature) => (await server.admin(
                'POST', '/v1/entitlements/check', {customer, feature})).body;
            assert.equal((await may('attribution~alice', 'batch_generate')).upgrade.plan, 'pro');
            // Both know a white label; each its own.
            assert.equal((await may('attribution~alice', 'white_label')).upgrade.plan, 'scale');
            assert.equal((await may('learning-app~alice', 'white_label')).upgrade.plan,
                         'enterprise');
        });

        test('plans of one are not sold by another', async () => {
            for (const [tier, status] of [['pro', 200], ['premium', 400], ['enterprise', 400]])
                assert.equal((await checkout('bob', tier)).status, status, tier);
            const bought = await server.subscribe('bob', 'premium');
            assert.deepEqual([bought.status, bought.body.code], [400, 'billing.unknown_tier']);
        });

        test('usage of a feature is slowed down for each customer by himself', async () => {
            for (const receipt of ['quick', 'other']) {
                assert.equal((await checkout(receipt, 'pro')).status, 200);
                const made = await server.admin('POST', '/v1/subscriptions', {
                    customer: `attribution~${receipt}`, plan: 'pro',
                    payment_method: 'pm_card_visa'});
                assert.equal(made.status, 201, JSON.stringify(made.body));
            }
            const use = (receipt) => server.admin('POST', '/v1/usage/consume', {
                customer: `attribution~${receipt}`, feature: 'batch_generate'});
            // 10 a minute: ten at once, and one more every six seconds.
            for (let i = 0; i < 10; i += 1) assert.equal((await use('quick')).status, 200);
            const often = await use('quick');
            assert.equal(often.status, 429, JSON.stringify(often.body));
            assert.equal(often.body.code, 'access.rate_limited');
            const wait = Number(often.headers.get('retry-after'));
            assert.ok(wait >= 1 && wait <= 6, String(wait));
            assert.equal((await use('other')).status, 200);
            const starter = await server.admin('POST', '/v1/usage/consume', {
                customer: 'attribution~alice', feature: 'batch_generate'});
            assert.deepEqual([starter.status, starter.body.upgrade.plan], [402, 'pro']);
        });

        test('every endpoint of webhooks is there, and asks for a signature', async () => {
            for (const path of Object.keys(webhooks)) {
                const answer = await server.request('POST', path, {body: {}});
                assert.deepEqual([answer.status, answer.body.code],
                                 [400, 'webhook.bad_signature'], path);
            }
        });
    });
}

for (const preset of Object.keys(routes))
    test(`${preset} alone serves nothing of the others`, async () => {
        const server = await Server.besideSandbox({preset});
        try {
            const {body} = await server.request('GET', '/');
            assert.deepEqual(body.interfaces.map((one) => one.preset), [preset]);
            for (const [other, [method, path]] of Object.entries(routes)) {
                const {status} = await server.request(method, path);
                assert.equal(status, other === preset ? 401 : 404, path);
            }
            for (const [path, presets] of Object.entries(webhooks)) {
                const {status} = await server.request('POST', path, {body: {}});
                assert.equal(status, presets.includes(preset) ? 400 : 404, path);
            }
        } finally {
            await server.end();
        }
    });

test('a receipt names no customer of another interface', async () => {
    const server = await Server.besideSandbox({preset: 'attribution,learning-app'});
    try {
        const usage = await server.user('alice', 'GET', '/api/v1/payments/usage');
        assert.equal(usage.status, 200, JSON.stringify(usage.body));
        const known = await server.admin('GET', '/v1/customers/ext:learning-app~alice');
        assert.equal(known.status, 200, JSON.stringify(known.body));
        const refused = await server.request('POST', '/api/billing/create-checkout', {
            body: {receipt: 'learning-app~alice', tier: 'pro'},
            headers: {'idempotency-key': randomUUID()}});
        assert.deepEqual([refused.status, refused.body.code], [400, 'customer.invalid_external_id']);
    } finally {
        await server.end();
    }
});
