// Two servers on one database: what one of them changes, the other one sells, counts and refuses.
import assert from 'node:assert/strict';
import {after, before, describe, test} from 'node:test';
import {removeFolders} from '../lib/process.mjs';
import {adminToken, engines, Server} from '../lib/server.mjs';

after(removeFolders);

const shared = engines().find(({name}) => name === 'PostgreSQL');

describe('two nodes', {skip: shared ? false : 'TURNPIKE_TEST_POSTGRES is not set'}, () => {
    let one, other;
    const as = adminToken();
    const ok = async (node, method, path, body, status = 200) => {
        const answer = await node.request(method, path, {as, body});
        assert.equal(answer.status, status, JSON.stringify(answer.body));
        return answer.body;
    };
    const refused = async (node, method, path, body) => {
        const answer = await node.request(method, path, {as, body});
        return `${answer.status} ${answer.body.code}`;
    };
    const price = (amount) => ({prices: [{currency: 'usd', interval: 'month', amount}]});
    const buy = {plan: 'team', payment_method: 'pm_card_visa'};
    const page = {customer: 'cid', plan: 'team', success_url: 'https://shop.example/thanks',
                  cancel_url: 'https://shop.example/'};

    before(async () => {
        const env = {TURNPIKE_MASTER_KEY: '5'.repeat(64)};
        one = await Server.besideSandbox({database: await shared.database(), env});
        other = await Server.start(one.sandbox, {database: one.database, env});
        for (const name of ['ann', 'bea', 'cid'])
            await ok(one, 'POST', '/v1/customers', {external_id: name}, 201);
    });
    after(async () => {
        await other.stop();
        await one.end();
    });

    test('a plan is on sale everywhere as soon as it is made', async () => {
        await ok(one, 'POST', '/v1/plans', {key: 'team', name: 'Team', ...price(9000)}, 201);
        const bought = await ok(other, 'POST', '/v1/subscriptions', {customer: 'ann', ...buy}, 201);
        const [invoice] = (await ok(other, 'GET', `/v1/invoices?customer=ann`)).data;
        assert.deepEqual([bought.status, invoice.total], ['active', {amount: 9000, currency: 'USD'}]);
    });

    test('nobody pays a price that was lowered a moment ago', async () => {
        await ok(one, 'PATCH', '/v1/plans/team', price(1000));
        const shown = await ok(other, 'POST', '/v1/subscriptions/preview',
                               {customer: 'bea', plan: 'team'});
        assert.deepEqual(shown.total, {amount: 1000, currency: 'USD'});
        await ok(one, 'PATCH', '/v1/plans/team', price(800));
        await ok(other, 'POST', '/v1/subscriptions', {customer: 'bea', ...buy}, 201);
        const [invoice] = (await ok(other, 'GET', `/v1/invoices?customer=bea`)).data;
        assert.deepEqual(invoice.total, {amount: 800, currency: 'USD'});
    });

    test('plans that are made at once have a rank each', async () => {
        const nodes = [one, other, one, other, one, other];
        const made = await Promise.all(nodes.map((node, i) =>
            ok(node, 'POST', '/v1/plans', {key: `p${i}`, name: `P${i}`, ...price(1000 + i)}, 201)));
        assert.equal(new Set(made.map(({rank}) => rank)).size, nodes.length);
    });

    test('what was archived a moment ago is sold nowhere', async () => {
        await ok(one, 'DELETE', '/v1/plans/team');
        assert.equal(await refused(other, 'POST', '/v1/checkout_sessions', page),
                     '400 billing.plan_not_sold');
        assert.equal(await refused(other, 'POST', '/v1/subscriptions', {customer: 'cid', ...buy}),
                     '400 billing.plan_not_sold');
    });
});
