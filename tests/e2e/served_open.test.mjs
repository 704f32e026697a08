// The process ends while uses that it served open are not recorded: none is forgotten.
import assert from 'node:assert/strict';
import {after, before, describe, test} from 'node:test';
import {Server, adminToken} from '../lib/server.mjs';

describe('uses that were served and not recorded when the server ends', () => {
    let server, lost;
    before(async () => {
        server = await Server.besideSandbox();
        assert.equal((await server.subscribe('payer', 'starter')).status, 200);
        assert.equal((await server.gateway('payer', '/signals')).status, 200);
    });
    after(() => server.end());

    const current = async () => (await server.status('payer')).body.usage.current;
    const send = (lines) => server.request('POST', '/v1/events', {
        as: adminToken(), headers: {'content-type': 'application/x-ndjson'}, body: lines.join('\n')});

    test('are in the log, one a line, and counted', async () => {
        await server.limitFiles(1);
        for (const path of ['/signals', '/signals', '/export/csv']) {
            const answer = await server.gateway('payer', path);
            assert.deepEqual([answer.status, answer.headers.get('x-turnpike-degraded')], [200, '1']);
        }
        const began = Date.now();
        await server.stop();
        assert.ok(Date.now() - began < 20_000, 'the last tries are bounded');
        const {output} = server.program;
        lost = [...output.matchAll(/ event=usage\.lost reason=ended use=(.*)/g)].map(([, use]) => use);
        const uses = lost.map(JSON.parse);
        assert.deepEqual(uses.map(({meter, quantity}) => [meter, quantity]),
                         [['api_calls', '1'], ['api_calls', '1'], ['api_calls', '3']], output);
        assert.match(output, /event=usage\.given_up uses=3 served=3 recovered=0 lost=3/);
    });

    test('count once when they are sent again, however often', async () => {
        await server.restart();
        assert.equal(await current(), 1);
        for (const [accepted, duplicates] of [[3, 0], [0, 3]]) {
            const sent = await send(lost);
            const {totals} = sent.body;
            assert.deepEqual([sent.status, totals?.accepted, totals?.duplicates],
                             [200, accepted, duplicates], JSON.stringify(sent.body));
            assert.equal(await current(), 6);
        }
    });
});
