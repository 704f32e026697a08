// The TypeScript client as a host gets it, cut off from the server between request and answer. What
// was handed over is counted, once.
import assert from 'node:assert/strict';
import {mkdir, symlink, writeFile} from 'node:fs/promises';
import {after, before, test} from 'node:test';
import {examples, top} from '../lib/documents.mjs';
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

const used = async (name) => (await server.status(name)).body.usage.current;
const freeCustomer = async (client, externalId) => {
    await client.ensureCustomer({externalId});
    return {customer: externalId, meter: 'api_calls'};
};
const clientOf = async (url) =>
    new Client({url, token: await server.sellerKey('usage:write', 'customers:write'), backoff: quick});

test('connections are cut, and what was reserved and corrected is counted once', async () => {
    assert.equal((await server.subscribe('dave', 'starter')).status, 200);
    const client = await clientOf(relay.url);
    const work = {customer: 'dave', meter: 'api_calls', quantity: 10};
    for (let i = 0; i < 6; ++i)
        assert.equal((await client.withReservation(work, async () => 7)).outcome, 'committed');
    await assert.rejects(client.withReservation(work, async () => { throw new Error('it failed'); }), /it failed/);
    assert.equal(await used('dave'), 42);

    const codes = {};
    const onVerdict = (event, {kind, code}) => { codes[event.id] = code ?? kind; };
    const recorder = new Recorder(client, {onVerdict, batchMax: 2, ageMaxMs: 1, backoff: quick});
    const event = (id, quantity) => ({customer: 'dave', meter: 'api_calls', id, quantity});
    for (const one of [event('right', 1), event('wrong', 100), event('much', 50),
                       {customer: 'dave', id: 'v', void: {id: 'wrong'}},
                       {customer: 'dave', id: 'a', amend: {id: 'much', quantity: 5}},
                       {customer: 'dave', id: 'w', void: {id: 'wrong'}},
                       {customer: 'dave', id: 'x', void: {id: 'nothing'}}])
        recorder.record(one);
    assert.deepEqual((await recorder.close(60_000)).unconfirmed, []);
    for (const id of ['right', 'wrong', 'much', 'v', 'a'])
        assert.ok(['accepted', 'duplicate'].includes(codes[id]), `${id}: ${codes[id]}`);
    assert.deepEqual([codes.w, codes.x], ['already_voided', 'unknown_event']);
    assert.equal(await used('dave'), 42 + 1 + 5);
});

test('a surplus that does not fit leaves the reservation open', async () => {
    const client = await clientOf(server.url);
    const work = await freeCustomer(client, 'erin');  // 100 calls and no more
    const {reservation} = await client.reserve({...work, quantity: 60});
    assert.equal((await client.consume({...work, quantity: 30})).allowed, true);
    const denied = await client.reserve({...work, quantity: 11});
    assert.deepEqual([denied.outcome, denied.standing.upgrade.plan], ['limit_exceeded', 'starter']);
    assert.equal((await client.commit(reservation.id, 71)).outcome, 'exceeds_limit');
    assert.equal((await client.commit(reservation.id, 70)).outcome, 'committed');
    assert.equal((await client.commit(reservation.id, 1)).outcome, 'already_committed');
});

test('a reservation that nobody ends expires', async () => {
    const client = await clientOf(server.url);
    const work = await freeCustomer(client, 'frank');
    const {reservation} = await client.reserve({...work, id: 'slow', quantity: 100, ttlS: 1});
    await eventually('its end', () => Date.now() > reservation.expiresAt);
    assert.equal((await client.commit(reservation.id, 1)).outcome, 'expired');
    assert.equal((await client.release(reservation.id)).outcome, 'expired');
    const again = await client.reserve({...work, id: 'slow', quantity: 100, ttlS: 1});
    assert.deepEqual([again.outcome, again.reservation.status], ['ended', 'expired']);
    assert.equal((await client.consume({...work, quantity: 100})).allowed, true);
});

test("the README's examples compile, and do what they say", async () => {
    const host = await freshFolder();
    await mkdir(`${host}/node_modules/@turnpike`, {recursive: true});
    await symlink(`${top}clients/typescript`, `${host}/node_modules/@turnpike/client`);
    await writeFile(`${host}/package.json`, '{"type": "module"}');
    for (const [i, code] of (await examples('clients/typescript/README.md', 'ts')).entries())
        await writeFile(`${host}/host${i}.ts`, code);
    const compiler = `${top}clients/typescript/node_modules/typescript/bin/tsc`;
    const compilerOptions = {strict: true, module: 'node16', target: 'es2022', lib: ['es2022', 'dom'], types: []};
    await writeFile(`${host}/tsconfig.json`, JSON.stringify({compilerOptions}));
    const compiled = await run(process.execPath, [compiler, '-p', host]);
    assert.equal(compiled.code, 0, compiled.output);
    const env = {
        TURNPIKE_URL: server.url,
        TURNPIKE_TOKEN: await server.sellerKey('usage:write', 'usage:read', 'customers:read', 'customers:write'),
    };
    const told = await run(process.execPath, [`${host}/host0.js`], env);
    // Three are recorded in the background, two consumed; the free plan has 100.
    assert.match(told.output, /^served, (98|95) of 100 left\napi_calls: 5 used\n$/);
    const reserving = await run(process.execPath, [`${host}/host1.js`], env);
    assert.equal(reserving.output, 'committed\naccepted, accepted\n');
    assert.equal((await server.status('acme')).body.usage.current, 5);
});
