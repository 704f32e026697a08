// The recorder against a server that loses requests and answers, with a clock that stands still.
import assert from 'node:assert/strict';
import {execFile} from 'node:child_process';
import {afterEach, beforeEach, test} from 'node:test';
import {promisify} from 'node:util';
import {Client, isCounted, Recorder} from '../dist/index.js';
import {ManualClock} from './lib/clock.mjs';
import {problem, Server} from './lib/server.mjs';

const long = 7_200_000;

let server, clock, client, recorder, verdicts, watchers;
beforeEach(async () => {
    server = await Server.start();
    clock = new ManualClock();
    client = new Client({url: server.url, token: 'tp_test_secret', requestTimeoutMs: long, clock});
    verdicts = new Map();
    watchers = [];
});
afterEach(async () => {
    await recorder.close(0);
    server.stop();
});

function start(batchMax, options = {}) {
    const onVerdict = (event, verdict) => {
        assert.ok(!verdicts.has(event.id), `two verdicts for ${event.id}`);
        verdicts.set(event.id, verdict);
        for (const watcher of watchers.splice(0)) watcher();
    };
    const backoff = {firstWaitMs: 200, waitMaxMs: 30_000};
    recorder = new Recorder(client, {onVerdict, batchMax, queueMax: 100, backoff, ...options});
}
const use = (more = {}) => ({customer: 'acme', meter: 'api_calls', ...more});
const record = (count) => Array.from({length: count}, () => recorder.record(use()));
/// All verdicts, once there are `count`.
async function judged(count) {
    while (verdicts.size < count) await new Promise((resolve) => watchers.push(resolve));
    assert.equal(verdicts.size, count);
    return [...verdicts.values()];
}
const idsSent = async (request) =>
    (await server.received(request + 1))[request].body.map((event) => event.id);
/// Lets the pause pass that begins after request number `request`; how long it was.
async function passPause(request) {
    await server.received(request + 1);
    const wait = await clock.nextWait();
    clock.advance(wait);
    return wait;
}

test('one batch is sent when the oldest has waited', async () => {
    start(10);
    const ids = record(3);
    assert.equal(new Set(ids).size, 3);
    assert.equal(await clock.nextWait(), 1_000);
    clock.advance(1_000);
    assert.deepEqual(await idsSent(0), ids);
    for (const verdict of await judged(3)) assert.deepEqual(verdict, {kind: 'accepted', attempts: 1});
    const {headers, body} = server.requests[0];
    assert.equal(headers.authorization, 'Bearer tp_test_secret');
    assert.deepEqual(body[0], {id: ids[0], source: 'turnpike-client', customer: 'acme', meter: 'api_calls',
                               quantity: '1', time: '2024-09-15T00:00:00.000Z'});
});

test('a full batch is sent at once', async () => {
    start(3);
    record(7);
    await judged(6);
    assert.equal((await recorder.flush(long)).unconfirmed.length, 0);
    await judged(7);
    assert.deepEqual(server.requests.map(({body}) => body.length), [3, 3, 1]);
});

test('the same ids are sent until there is an answer', async () => {
    server.failNext('lose request', 'lose answer', 'cut answer', problem(500, 'internal'),
                    {status: 200, body: "<html>a proxy's page</html>"});
    start(4);
    const ids = record(4);
    for (let request = 0; request < 5; ++request)
        assert.ok(await passPause(request) <= 200 * 2 ** request);
    for (const verdict of await judged(4)) {
        assert.deepEqual(verdict, {kind: 'duplicate', attempts: 6});
        assert.ok(isCounted(verdict));
    }
    for (let request = 0; request < 6; ++request) assert.deepEqual(await idsSent(request), ids);
    assert.equal(server.counted.size, 4);
});

test('a time-out is tried again', async () => {
    server.failNext('silence');
    start(2);
    record(2);
    await server.received(1);
    clock.advance(long);
    await passPause(0);
    for (const {kind} of await judged(2)) assert.equal(kind, 'duplicate');
    assert.equal(server.counted.size, 2);
});

test('it comes back when the server wants it', async () => {
    server.failNext(problem(429, 'busy', {'retry-after': '7'}), problem(503, 'busy', {'retry-after': '9'}));
    start(2);
    record(2);
    const waits = [await passPause(0), await passPause(1)];
    assert.ok(waits[0] >= 7_000 && waits[0] <= 7_200, String(waits));
    assert.ok(waits[1] >= 9_000 && waits[1] <= 9_400, String(waits));
    await judged(2);
});

test('each verdict is handed back', async () => {
    start(4);
    for (const meter of ['api_calls', 'unknown_meter', 'limit_exceeded', 'conflict'])
        recorder.record(use({meter, id: meter}));
    await judged(4);
    assert.deepEqual(Object.fromEntries(verdicts), {
        api_calls: {kind: 'accepted', attempts: 1},
        unknown_meter: {kind: 'rejected', code: 'unknown_meter', detail: 'no', attempts: 1},
        limit_exceeded: {kind: 'rejected', code: 'limit_exceeded', detail: 'no', attempts: 1},
        conflict: {kind: 'conflict', code: 'conflict', detail: 'no', attempts: 1},
    });
});

test('what it cannot hold is refused, and room is told', async () => {
    server.failNext(problem(503, 'busy'));
    start(3, {queueMax: 3});
    record(3);
    assert.throws(() => recorder.record(use()), {kind: 'queue_full', code: 'client.queue_full'});
    const room = recorder.room(long);
    await passPause(0);
    await room;
    recorder.record(use());
});

test('a template is not changed, and each use of it counts', async () => {
    start(2);
    const template = Object.freeze(use());
    assert.notEqual(recorder.record(template), recorder.record(template));
    await judged(2);
    assert.equal(server.counted.size, 2);
});

test('a batch that is refused as a whole is handed back', async () => {
    server.failNext(problem(401, 'access.key_invalid'));
    start(2);
    const ids = record(2);
    for (const [i, {kind, error}] of (await judged(2)).entries()) {
        assert.equal(kind, 'unconfirmed');
        assert.deepEqual([error.kind, error.code], ['refused', 'access.key_invalid']);
        assert.equal(error.problem.request_id, 'req_1');
        assert.deepEqual(error.eventIds, [ids[i]]);
    }
    record(2);
    await judged(4);
});

test('flush says at its deadline what is unconfirmed, and it is still tried', async () => {
    server.failNext(problem(503, 'ledger.unavailable', {'retry-after': '60'}));
    start(2);
    const ids = record(2);
    await server.received(1);
    await clock.nextWait();
    const flushed = recorder.flush(10);
    clock.advance(10);
    const report = await flushed;
    assert.deepEqual(report.unconfirmed.map((event) => event.id), ids);
    assert.equal(report.lastError.code, 'ledger.unavailable');
    clock.advance(61_000);
    assert.deepEqual((await recorder.flush(long)).unconfirmed, []);
    assert.equal(server.counted.size, 2);
});

test('close says at its deadline what was not sent, and another recorder may send it', async () => {
    server.failNext('silence');
    start(2);
    record(3);
    await server.received(1);
    const closed = recorder.close(10);
    assert.throws(() => recorder.record(use()), {kind: 'closed'});
    clock.advance(10);
    const {unconfirmed, lastError} = await closed;
    assert.equal(unconfirmed.length, 3);
    assert.equal(lastError.code, 'client.canceled');
    assert.deepEqual((await judged(3)).map(({attempts, error}) => [attempts, error.code]),
                     [[1, 'client.canceled'], [1, 'client.canceled'], [0, 'client.not_sent']]);
    assert.deepEqual((await recorder.close(long)).unconfirmed, []);
    assert.equal(server.counted.size, 2, 'the batch had arrived');
    verdicts.clear();
    start(3);
    for (const event of unconfirmed) recorder.record(event);
    await judged(3);
    assert.equal(server.counted.size, 3);
});

test('close wakes who waits for room', async () => {
    server.failNext('silence');
    start(1, {queueMax: 1});
    record(1);
    const room = recorder.room(long);
    const closed = recorder.close(1);
    await room;
    clock.advance(1);
    await closed;
});

test('a handler that throws harms no other event', async () => {
    start(1);
    // In a program of its own: the test runner has its own view of uncaught errors.
    const program = `
        import {Client, Recorder} from ${JSON.stringify(new URL('../dist/index.js', import.meta.url))};
        process.on('uncaughtException', (error) => console.log(error.message));
        const client = new Client({url: ${JSON.stringify(server.url)}, token: 't'});
        const recorder = new Recorder(client, {onVerdict: () => { throw new Error('ours'); }});
        for (let i = 0; i < 2; ++i) recorder.record({customer: 'acme', meter: 'api_calls'});
        const {unconfirmed} = await recorder.close(10_000);
        console.log(unconfirmed.length);`;
    const {stdout} = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program]);
    assert.equal(stdout, 'ours\nours\n0\n');
    assert.equal(server.counted.size, 2);
});

test('options out of range are refused', () => {
    const onVerdict = () => {};
    start(1);
    for (const bad of [{}, {onVerdict, queueMax: 0}, {onVerdict, batchMax: 0}, {onVerdict, batchMax: 1_001},
                       {onVerdict, ageMaxMs: 0}, {onVerdict, ageMaxMs: NaN},
                       {onVerdict, backoff: {firstWaitMs: 0, waitMaxMs: 1}}])
        assert.throws(() => new Recorder(client, bad), {code: 'client.invalid_argument'});
});
