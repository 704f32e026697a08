// Calls that wait for their answer, against a server that loses requests and answers.
import assert from 'node:assert/strict';
import {afterEach, beforeEach, test} from 'node:test';
import {Client, TurnpikeError} from '../dist/index.js';
import {ManualClock, SkippingClock} from './lib/clock.mjs';
import {problem, Server} from './lib/server.mjs';

const long = 7_200_000;
const use = {customer: 'acme', meter: 'api_calls'};

let server, clock, client;
beforeEach(async () => {
    server = await Server.start();
    clock = new SkippingClock();
    client = new Client({url: `${server.url}/`, token: 'tp_test_secret', requestTimeoutMs: long, clock});
});
afterEach(() => server.stop());

const thrown = (promise) => promise.then(() => assert.fail('it did not throw'), (error) => error);

test('it consumes once, however often it must ask', async () => {
    server.failNext('lose request', 'lose answer', 'cut answer');
    const consumed = await client.consume(use);
    assert.ok(consumed.allowed);
    assert.ok(consumed.duplicate, 'the second attempt consumed');
    assert.deepEqual(server.requests.map(({body}) => body.id), Array(4).fill(consumed.id));
    assert.equal(server.counted.size, 1);
    assert.equal(clock.waits.length, 3);
    clock.waits.forEach((wait, i) => assert.ok(wait <= 100 * 2 ** i));
});

test('it consumes twice when asked twice', async () => {
    assert.notEqual((await client.consume(use)).id, (await client.consume(use)).id);
    assert.equal(server.counted.size, 2);
});

test('it says under which id it may have consumed', async () => {
    server.failNext(...Array(4).fill('lose answer'));
    const error = await thrown(client.consume(use));
    assert.ok(error instanceof TurnpikeError);
    assert.deepEqual([error.kind, error.code], ['unavailable', 'client.connection_lost']);
    const [id] = error.eventIds;
    assert.ok((await client.consume({...use, id})).duplicate);
    assert.equal(server.counted.size, 1);
});

test('a denial is an answer', async () => {
    const denied = await client.consume({...use, meter: 'used_up'});
    assert.deepEqual([denied.allowed, denied.reason, denied.limit, denied.remaining],
                     [false, 'limit_exceeded', '100', '0']);
    assert.deepEqual([denied.reset, denied.resetsAt], ['day', new Date('2024-10-15T00:00:00Z')]);
    assert.deepEqual(denied.upgrade, {plan: 'pro', name: 'PRO', price: '99.00', currency: 'USD',
                                      url: 'https://example.com/upgrade'});
    assert.equal(server.requests.length, 1);
});

test('a denial that cannot be read stays the refusal that it is', async () => {
    for (const members of [{upgrade: 'pro'}, {upgrade: {plan: 'pro'}}, {limit: 100}, {resets_at: 'soon'}]) {
        server.failNext(problem(402, 'limit_exceeded', {}, members));
        const error = await thrown(client.consume({...use, id: 'ours'}));
        assert.ok(error instanceof TurnpikeError, String(error));
        assert.deepEqual([error.kind, error.code, error.eventIds], ['refused', 'limit_exceeded', ['ours']]);
    }
});

test('half of a surrogate pair is refused before anything is sent', async () => {
    const half = 'acme\ud800';
    for (const call of [
        () => client.customer(half), () => client.ensureCustomer({externalId: half}),
        () => client.ensureCustomer({externalId: 'acme', name: half}),
        () => client.usage(half), () => client.usage('acme', half),
        () => client.check({...use, customer: half}), () => client.consume({...use, id: half}),
    ]) {
        const error = await thrown(call());
        assert.deepEqual([error.name, error.kind, error.code],
                         ['TurnpikeError', 'invalid', 'client.invalid_argument'], String(call));
    }
    assert.equal(server.requests.length, 0);
    assert.ok((await client.check({...use, customer: 'acme\u{1f600}'})).allowed, 'a whole pair is text');
});

test('a refusal is typed and not tried again', async () => {
    server.failNext(problem(400, 'request.invalid_body'));
    const error = await thrown(client.check(use));
    assert.deepEqual([error.name, error.kind, error.code, error.message],
                     ['TurnpikeError', 'refused', 'request.invalid_body', 'what happened']);
    assert.equal(error.problem.status, 400);
    assert.equal(error.problem.request_id, 'req_1');
    assert.deepEqual(error.problem.errors, [{pointer: '/quantity', code: 'malformed', detail: 'no'}]);
    assert.deepEqual(clock.waits, []);
});

test('it tries at most attemptsMax times', async () => {
    server.failNext(...Array(5).fill(problem(503, 'ledger.unavailable')));
    const error = await thrown(client.check(use));
    assert.deepEqual([error.kind, error.code], ['unavailable', 'ledger.unavailable']);
    assert.equal(server.requests.length, 4);
    assert.equal(clock.waits.length, 3);
});

test('it waits for a short Retry-After and hands a long one back', async () => {
    server.failNext(problem(429, 'access.rate_limited', {'retry-after': '2'}));
    assert.ok((await client.check(use)).allowed);
    assert.ok(clock.waits[0] >= 2_000);
    server.failNext(problem(429, 'access.rate_limited', {'retry-after': '60'}));
    assert.equal((await thrown(client.check(use))).retryAfterMs, 60_000);
    assert.equal(clock.waits.length, 1);
});

test('an attempt that takes too long is given up', async () => {
    server.failNext('silence');
    const manual = new ManualClock();
    const patient = new Client({url: server.url, token: 't', requestTimeoutMs: long, attemptsMax: 1,
                                clock: manual});
    const asked = thrown(patient.consume(use));
    await server.received(1);
    manual.advance(long);
    assert.equal((await asked).code, 'client.timed_out');
});

test('a server that is not there is unavailable', async () => {
    const nobody = new Client({url: 'http://127.0.0.1:1', token: 't', attemptsMax: 1, clock});
    assert.equal((await thrown(nobody.check(use))).kind, 'unavailable');
});

test("an answer that is not Turnpike's is unavailable, and a redirect is not followed", async () => {
    for (const body of ['<html>', '{}', '[]', '{"allowed":1}']) {
        server.failNext({status: 200, body});
        const error = await thrown(client.check(use));
        assert.deepEqual([error.kind, error.code], ['unavailable', 'client.unexpected_answer'], body);
    }
    server.failNext({status: 302, body: '', headers: {location: 'http://127.0.0.1:1/'}});
    assert.equal((await thrown(client.check(use))).kind, 'refused');
});

test('it reads where a customer stands', async () => {
    const answer = await client.check({...use, requested: 5});
    assert.deepEqual([answer.allowed, answer.remaining, answer.reason, answer.upgrade],
                     [true, '93', 'within_allowance', undefined]);
    assert.equal(server.requests[0].body.requested, '5');
});

test('it reads the usage of a period', async () => {
    const usage = await client.usage('café &', 'api_calls');
    assert.equal(usage.periodEnd - usage.periodStart, 30 * 86_400_000);
    assert.deepEqual(usage.meters, [{
        meter: 'api_calls', used: '12345', included: '10000', reserved: '7', remaining: '0', usagePercentage: '123.4',
        overage: '2345', overageAllowed: true, overageAmount: 4690, currency: 'USD', // 2,345 at $0.02
    }]);
});

test('it records a batch with a verdict each', async () => {
    server.failNext('lose answer');
    const bad = {...use, meter: 'unknown_meter'};
    const verdicts = await client.recordBatch([use, bad, use]);
    assert.deepEqual(verdicts.map(({kind}) => kind), ['duplicate', 'rejected', 'duplicate']);
    assert.equal(verdicts[1].code, 'unknown_meter');
    assert.equal(server.counted.size, 2);
    assert.equal((await client.record(use)).kind, 'accepted');
    for (const batch of [[], Array(1_001).fill(use), [{customer: 'acme'}]])
        assert.equal((await thrown(client.recordBatch(batch))).kind, 'invalid');
});

test('it makes a customer once, or finds it', async () => {
    server.failNext('lose answer');
    const draft = {externalId: 'acme', email: 'a@example.com'};
    const made = await client.ensureCustomer(draft);
    assert.deepEqual(made, {id: 'cus_1', externalId: 'acme', email: 'a@example.com', name: undefined,
                            metadata: {tier: 'gold'}, createdAt: new Date('2024-09-15T00:00:00Z')});
    assert.deepEqual(await client.ensureCustomer(draft), made);
});

test('options that cannot be right are refused', () => {
    const good = {url: 'https://billing.example.com', token: 't'};
    new Client(good);
    for (const bad of [{url: 'billing.example.com'}, {url: 'https://'}, {url: 'https://a/?b'}, {token: ''},
                       {token: 'a\r\nX-Header: b'}, {attemptsMax: 0}, {requestTimeoutMs: 0}])
        assert.throws(() => new Client({...good, ...bad}), {code: 'client.invalid_argument'});
});
