// Several interfaces on one server, each with a catalog of its own, and plans that are made while it
// runs, on both engines.
import assert from 'node:assert/strict';
import {after, before, describe, test} from 'node:test';
import {removeFolders} from '../lib/process.mjs';
import {call} from '../lib/sandbox.mjs';
import {adminToken, engines, Server, userToken} from '../lib/server.mjs';

after(removeFolders);

for (const engine of engines()) {
    describe(`catalogs on ${engine.name}`, () => {
        let server;
        const admin = (method, path, body) => server.request(method, path, {as: adminToken(), body});
        const ok = async (method, path, body, status = 200) => {
            const answer = await admin(method, path, body);
            assert.equal(answer.status, status, JSON.stringify(answer.body));
            return answer.body;
        };
        const refused = async (method, path, body) => {
            const {status, body: problem} = await admin(method, path, body);
            return `${status} ${problem.code}`;
        };
        before(async () => {
            server = await Server.besideSandbox({preset: 'all', database: await engine.database()});
        });
        after(() => server.end());

        test('each has its own plans, features and customers', async () => {
            const all = await ok('GET', '/v1/plans');
            assert.deepEqual(all.data.map((plan) => `${plan.catalog} ${plan.key}`), [
                'api-metering free', 'api-metering starter', 'api-metering pro',
                'api-metering enterprise', 'saas-orgs free', 'saas-orgs pro', 'learning-app free',
                'learning-app premium', 'learning-app plus', 'learning-app enterprise',
                'attribution starter', 'attribution pro', 'attribution scale']);
            assert.equal((await ok('GET', '/v1/plans/pro')).name, 'PRO');
            assert.equal((await ok('GET', '/v1/plans/saas-orgs~pro')).name, 'Professional');
            const {body: pricing} = await server.request('GET', '/pricing');
            assert.deepEqual(pricing.tiers.map((tier) => tier.tier),
                             ['free', 'starter', 'pro', 'enterprise']);
            const kinds = (await ok('GET', '/v1/features?catalog=learning-app')).data;
            assert.equal(kinds.find((one) => one.key === 'ai_minutes').kind, 'metered');
            assert.equal(kinds.find((one) => one.key === 'custom_ai').kind, 'boolean');

            const learner = await ok('POST', '/v1/customers',
                                     {external_id: 'alice', catalog: 'learning-app'}, 201);
            assert.equal(learner.external_id, 'learning-app~alice');
            const caller = await ok('POST', '/v1/customers', {external_id: 'alice'}, 201);
            assert.equal(caller.catalog, 'api-metering');
            assert.equal(await refused('POST', '/v1/customers', {external_id: 'x', catalog: 'zap'}),
                         '400 customer.unknown_catalog');
            const minutes = await ok('POST', '/v1/entitlements/check',
                                     {customer: 'learning-app~alice', feature: 'ai_minutes'});
            assert.equal(minutes.limit, '30');
            assert.equal(minutes.reset, 'day');
            const calls = await ok('POST', '/v1/entitlements/check',
                                   {customer: 'alice', feature: 'api_calls'});
            assert.equal(calls.limit, '100');
        });

        test('a user asks about himself in each of them', async () => {
            const ask = (name, body) => server.request(
                'POST', '/v1/entitlements/check', {as: userToken(name), body});
            const own = await ask('carol', {customer: 'attribution~carol', feature: 'csv_export'});
            assert.equal(own.status, 200, JSON.stringify(own.body));
            assert.equal(own.body.allowed, true);
            assert.equal(own.body.plan, 'starter');
            const others = await ask('carol', {customer: 'learning-app~alice', feature: 'custom_ai'});
            assert.equal(others.status, 404);
            const impostor = await ask('learning-app~alice', {feature: 'custom_ai'});
            assert.equal(impostor.body.code, 'customer.invalid_external_id');
        });

        test('a user sees his invoices of each of them', async () => {
            const buy = async (name, catalog, customer, plan) => {
                await ok('POST', '/v1/customers', {external_id: name, catalog}, 201);
                await ok('POST', '/v1/subscriptions',
                         {customer, plan, payment_method: 'pm_card_visa'}, 201);
            };
            await buy('ivy', 'api-metering', 'ivy', 'pro');
            await buy('ivy', 'learning-app', 'learning-app~ivy', 'premium');
            await buy('jon', 'learning-app', 'learning-app~jon', 'plus');
            const seen = (path, name) => server.request('GET', path, {as: userToken(name)});
            const {data} = (await seen('/v1/invoices', 'ivy')).body;
            assert.deepEqual(data.map(({total}) => total.amount).sort(), [9900, 999]);
            const premium = data.find(({total}) => total.amount === 999);
            const paths = [`/v1/invoices/${premium.id}`,
                           `/v1/invoice_lines/${premium.lines[0].id}/explain`];
            for (const path of paths) {
                assert.equal((await seen(path, 'ivy')).status, 200, path);
                assert.equal((await seen(path, 'jon')).status, 404, path);
            }
        });

        test('usage of a day and of a week is limited by itself', async () => {
            const use = (meter, quantity) => admin('POST', '/v1/usage/consume',
                {customer: 'learning-app~alice', meter, quantity});
            assert.equal((await use('ai_minutes', 30)).status, 200);
            const over = await use('ai_minutes', 1);
            assert.equal(over.status, 402);
            assert.equal(over.body.upgrade.plan, 'premium');
            assert.equal((await use('scenarios', 5)).status, 200);
            assert.equal((await use('scenarios', 1)).body.reset, 'week');
            assert.equal((await use('api_calls', 1)).body.code, 'not_in_plan');
        });

        test('a plan is made, bought, changed and archived', async () => {
            const body = {catalog: 'saas-orgs', key: 'professional', name: 'Professional',
                          prices: [{currency: 'usd', interval: 'month', amount: 4900}],
                          features: {users: 10, projects: 50}};
            const plan = await ok('POST', '/v1/plans', body, 201);
            assert.equal(await refused('POST', '/v1/plans', body), '409 catalog.plan_key_taken');
            const {body: prices} = await call(server.sandbox, 'GET', '/v1/prices?limit=100');
            assert.ok(prices.data.some((price) => price.unit_amount === 4900));

            await ok('POST', '/v1/customers', {external_id: 'acme', catalog: 'saas-orgs'}, 201);
            const bought = await ok('POST', '/v1/subscriptions', {
                customer: 'saas-orgs~acme', plan: 'professional', payment_method: 'pm_card_visa',
            }, 201);
            assert.equal(bought.status, 'active');
            assert.equal(await refused('POST', '/v1/subscriptions', {
                customer: 'saas-orgs~acme', plan: 'starter', payment_method: 'pm_card_visa',
            }), '400 billing.unknown_plan');
            const users = () => ok('POST', '/v1/entitlements/check',
                                   {customer: 'saas-orgs~acme', feature: 'users'});
            assert.equal((await users()).limit, 10);

            const changed = await ok('PATCH', '/v1/plans/saas-orgs~professional',
                                     {features: {users: 20}});
            assert.equal(changed.version, 2);
            assert.equal((await users()).limit, 10, 'who has subscribed keeps what he has');
            const given = await ok('PUT', '/v1/customers/saas-orgs~acme/entitlements/users',
                                   {value: 'unlimited'});
            assert.equal(given.limit, null);
            assert.equal((await users()).limit, null);
            await ok('DELETE', '/v1/customers/saas-orgs~acme/entitlements/users');
            assert.equal((await users()).limit, 10);

            assert.equal((await ok('DELETE', `/v1/plans/${plan.id}`)).archived, true);
            assert.equal((await ok('DELETE', `/v1/plans/${plan.id}`)).archived, true);
            assert.equal((await users()).plan, 'professional');
            const sold = await ok('GET', '/v1/plans?catalog=saas-orgs');
            assert.deepEqual(sold.data.map((one) => one.key), ['free', 'pro']);
            const ever = await ok('GET', '/v1/plans?catalog=saas-orgs&archived=true');
            assert.deepEqual(ever.data.map((one) => one.key), ['free', 'pro', 'professional']);
            const versions = await ok('GET', '/v1/plans/saas-orgs~professional/versions');
            assert.deepEqual(versions.data.map((one) => one.version), [2, 1]);
            assert.equal(await refused('DELETE', '/v1/plans/saas-orgs~free'),
                         '409 catalog.default_plan');
        });

        test('a price that is made for each customer is not bought', async () => {
            assert.equal(await refused('POST', '/v1/subscriptions', {
                customer: 'learning-app~alice', plan: 'enterprise',
                payment_method: 'pm_card_visa',
            }), '409 billing.talk_to_sales');
        });

        test('only who may write the catalog does', async () => {
            const key = await ok('POST', '/v1/api_keys',
                                 {name: 'reader', scopes: ['catalog:read']}, 201);
            const asReader = (method, path, body) =>
                server.request(method, path, {as: key.secret, body});
            assert.equal((await asReader('GET', '/v1/plans')).status, 200);
            for (const [method, path] of [['POST', '/v1/plans'], ['PATCH', '/v1/plans/pro'],
                                          ['DELETE', '/v1/plans/pro'], ['POST', '/v1/features']])
                assert.equal((await asReader(method, path, {})).status, 403, path);
            const user = await server.request('POST', '/v1/plans', {as: userToken('a'), body: {}});
            assert.equal(user.status, 403);
        });
    });
}

test('an interface that is not served is not there', async () => {
    const server = await Server.besideSandbox({preset: 'learning-app'});
    try {
        for (const path of ['/pricing', '/billing/status', '/health/billing'])
            assert.equal((await server.request('GET', path)).status, 404, path);
        assert.equal((await server.request('POST', '/billing/subscribe', {body: {}})).status, 404);
        const {body} = await server.request('GET', '/v1/plans/premium', {as: adminToken()});
        assert.equal(body.catalog, 'learning-app', 'its catalog is the primary one here');
    } finally {
        await server.end();
    }
});
