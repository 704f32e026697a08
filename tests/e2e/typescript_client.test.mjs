// The TypeScript client as a host gets it, cut off from the server between request and answer. What
// was handed over is counted, once.
import assert from 'node:assert/strict';
import {mkdir, symlink, writeFile} from 'node:fs/promises';
import {after, before, test} from 'node:test';
import {firstExample, top} from '../lib/documents.mjs';
import {eventually, freshFolder, run} from '../lib/process.mjs';
import {Relay} from '../lib/relay.mjs';
import {Server} from '../lib/server.mjs';
import {Client, isCounted, Recorder} from '../../clients/typescript/dist/index.js';

const quick = {firstWaitMs: 1, waitMaxMs: 5};

let server, relay;
before(async () => {
    server = await Server.besideSandbox();
    relay = await Relay.start(server.port);
});
after(async () => {
    relay.stop();
    await server.end();
});

test('connections are cut, and the counter is what was handed over', async () => {
    assert.equal((await server.subscribe('bob', 'starter')).status, 200);
    const client = new Client({url: relay.url, token: await server.sellerKey('usage:write'), backoff: quick});
    const verdicts = new Map();
    const recorder = new Recorder(client, {
        onVerdict: (event, verdict) => verdicts.set(event.id, verdict),
        queueMax: 200, batchMax: 50, ageMaxMs: 10, backoff: quick,
    });
    const consumed = (async () => {
        for (let i = 0; i < 20; ++i)
            assert.ok((await client.consume({customer: 'bob', meter: 'api_calls'})).allowed);
    })();
    for (let i = 0; i < 1000; ++i) {
        await recorder.room(60_000);
        recorder.record({customer: 'bob', meter: 'api_calls'});
    }
    assert.deepEqual((await recorder.close(60_000)).unconfirmed, []);
    await consumed;
    assert.equal(verdicts.size, 1000);
    assert.ok([...verdicts.values()].every(isCounted));
    const duplicates = [...verdicts.values()].filter(({kind}) => kind === 'duplicate').length;
    assert.ok(duplicates > 0 && relay.cuts > 20, `${duplicates} duplicates, ${relay.cuts} cuts`);
    assert.equal((await server.status('bob')).body.usage.current, 1020);
});

test('the server dies and comes back, and the counter is what was handed over', async () => {
    assert.equal((await server.subscribe('carol', 'starter')).status, 200);
    const client = new Client({url: server.url, token: await server.sellerKey('usage:write')});
    let counted = 0;
    const onVerdict = (event, verdict) => { counted += isCounted(verdict); };
    const backoff = {firstWaitMs: 20, waitMaxMs: 100};
    const recorder = new Recorder(client, {onVerdict, batchMax: 10, ageMaxMs: 1, backoff});
    const record = () => recorder.record({customer: 'carol', meter: 'api_calls'});
    for (let i = 0; i < 300; ++i) record();
    await eventually('some to be counted', () => counted > 50);
    await server.kill();
    for (let i = 0; i < 300; ++i) record();
    assert.ok((await recorder.flush(100)).unconfirmed.length >= 300);
    await server.restart();
    assert.deepEqual((await recorder.close(60_000)).unconfirmed, []);
    assert.equal(counted, 600);
    assert.equal((await server.status('carol')).body.usage.current, 600);
});

test("the README's example compiles, and does what it says", async () => {
    const host = await freshFolder();
    await mkdir(`${host}/node_modules/@turnpike`, {recursive: true});
    await symlink(`${top}clients/typescript`, `${host}/node_modules/@turnpike/client`);
    await writeFile(`${host}/package.json`, '{"type": "module"}');
    await writeFile(`${host}/host.ts`, await firstExample('clients/typescript/README.md', 'ts'));
    const compiler = `${top}clients/typescript/node_modules/typescript/bin/tsc`;
    const compilerOptions = {strict: true, module: 'node16', target: 'es2022', lib: ['es2022', 'dom'], types: []};
    await writeFile(`${host}/tsconfig.json`, JSON.stringify({compilerOptions}));
    const compiled = await run(process.execPath, [compiler, '-p', host]);
    assert.equal(compiled.code, 0, compiled.output);
    const told = await run(process.execPath, [`${host}/host.js`], {
        TURNPIKE_URL: server.url,
        TURNPIKE_TOKEN: await server.sellerKey('usage:write', 'usage:read', 'customers:read', 'customers:write'),
    });
    // Three are recorded in the background, two consumed; the free plan has 100.
    assert.match(told.output, /^served, (98|95) of 100 left\napi_calls: 5 used\n$/);
});
