// Behind a proxy: who asks is whom it names, and limits count him and not the proxy.
import assert from 'node:assert/strict';
import {after, before, describe, test} from 'node:test';
import {Server} from '../lib/server.mjs';

describe('behind a trusted proxy', () => {
    let server;
    before(async () => {
        server = await Server.besideSandbox({
            env: {TURNPIKE_TRUSTED_PROXIES: '127.0.0.1, 10.0.0.0/8'}});
    });
    after(() => server.end());

    // 30 refused credentials a minute are free; two more than that refill nothing in between.
    const guess = (forwarded) => server.request('GET', '/v1/customers', {
        headers: {authorization: 'Bearer nonsense', 'x-forwarded-for': forwarded}});
    async function statuses(forwarded, count) {
        const all = new Set();
        for (let i = 0; i < count; ++i) all.add((await guess(forwarded)).status);
        return all;
    }

    test('each caller has limits of his own, whatever he claims to be', async () => {
        assert.ok((await statuses('203.0.113.7', 40)).has(429));
        assert.deepEqual(await statuses('203.0.113.8', 1), new Set([401]));
        assert.deepEqual(await statuses('203.0.113.8, 203.0.113.7, 10.1.1.1', 1), new Set([429]));
        assert.deepEqual(await statuses('203.0.113.7, 203.0.113.9', 1), new Set([401]));
    });

    test('a subscriber of IPv6 is one caller', async () => {
        const all = new Set();
        for (let i = 0; i < 40; ++i) all.add((await guess(`2001:db8:1:2::${i}`)).status);
        assert.ok(all.has(429));
        assert.deepEqual(await statuses('2001:db8:1:3::1', 1), new Set([401]));
    });

    test('an empty header is none', async () => {
        assert.equal((await guess('')).status, 401);
    });
});
