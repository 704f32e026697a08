// Prices that the seller has made at Stripe and names in the settings: what becomes of them when the
// catalog changes, and when Stripe is slow. A server that guards an API must start all the same.
import assert from 'node:assert/strict';
import {readFile, writeFile} from 'node:fs/promises';
import {createServer} from 'node:net';
import {once} from 'node:events';
import {after, before, describe, test} from 'node:test';
import {top} from '../lib/documents.mjs';
import {binary, removeFolders, run} from '../lib/process.mjs';
import {call, secretKey, startSandbox} from '../lib/sandbox.mjs';
import {Server} from '../lib/server.mjs';

after(removeFolders);

describe('a price of the settings', () => {
    let sandbox;
    before(async () => { sandbox = await startSandbox(); });
    after(async () => { await sandbox.program.stop(); });

    async function madeAtStripe(amount) {
        const {body} = await call(sandbox, 'POST', '/v1/products', {name: 'Own'});
        const price = await call(sandbox, 'POST', '/v1/prices', {
            product: body.id, currency: 'usd', unit_amount: amount, recurring: {interval: 'month'},
        });
        return price.body.id;
    }

    test('that the last version of the plan is sold under does not stop a start', async (t) => {
        const env = {STRIPE_STARTER_PRICE_ID: await madeAtStripe(2900)};
        const server = await Server.start(sandbox, {env});
        t.after(() => server.kill());
        await server.stop();
        const preset = await readFile(`${top}presets/api-metering.toml`, 'utf8');
        server.catalog = `${server.data}/catalog.toml`;
        await writeFile(server.catalog, preset.replace('included = "1000"', 'included = "1500"'));
        const settings = {TURNPIKE_JWT_SECRET: '0123456789abcdef0123456789abcdef',
                          STRIPE_SECRET_KEY: secretKey, STRIPE_API_BASE: sandbox.url,
                          STRIPE_WEBHOOK_SECRET: 'whsec_abcdef', ...env};
        const where = ['--data', server.data, '--catalog', server.catalog];
        const applied = await run(binary, ['plan', 'apply', ...where], settings);
        assert.equal(applied.code, 0, applied.output);

        const examined = await run(binary, ['doctor', ...where], settings);
        assert.match(examined.output, /note +stripe\.starter_price_id: .*an earlier version of starter/);
        await server.restart();
        assert.match(server.program.output, /event=prices\.passed_over plan=starter/);
        const sold = await server.subscribe('alice', 'starter');
        assert.equal(sold.status, 200, JSON.stringify(sold.body));
        assert.equal(sold.body.usage.included, 1500);
        await server.stop();
    });

    test('that differs stops a start after all were looked at', async () => {
        const env = {STRIPE_STARTER_PRICE_ID: await madeAtStripe(100),
                     STRIPE_ENTERPRISE_PRICE_ID: 'price_absent'};
        await assert.rejects(Server.start(sandbox, {env}),
                             /stripe\.enterprise_price_id: the provider's price price_absent does not/);
    });

    test('does not hold up a start while Stripe does not answer', async (t) => {
        const silent = createServer(() => {});
        t.after(() => silent.close());
        silent.listen(0, '127.0.0.1');
        await once(silent, 'listening');
        const server = await Server.start(sandbox, {env: {
            STRIPE_API_BASE: `http://127.0.0.1:${silent.address().port}`,
            STRIPE_STARTER_PRICE_ID: 'price_starter', STRIPE_PRO_PRICE_ID: 'price_pro',
        }});
        t.after(() => server.kill());
        assert.match(server.program.output, /event=prices\.awaited/);
        assert.equal((await server.gateway('bob', '/signals')).status, 200);
    });
});
