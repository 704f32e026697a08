// Reservations against a server that loses requests and answers. Its allowance is 100 units.
import assert from 'node:assert/strict';
import {afterEach, beforeEach, test} from 'node:test';
import {Client} from '../dist/index.js';
import {ManualClock, SkippingClock} from './lib/clock.mjs';
import {problem, Server} from './lib/server.mjs';

const long = 7_200_000;
const work = {customer: 'acme', meter: 'tokens', quantity: 60};
const faults = ['lose request', 'lose answer', 'cut answer'];

let server, clock, client;
beforeEach(async () => {
    server = await Server.start();
    clock = new SkippingClock();
    client = new Client({url: server.url, token: 'tp_test_secret', requestTimeoutMs: long, clock});
});
afterEach(() => server.stop());

const thrown = (promise) => promise.then(() => assert.fail('it did not throw'), (error) => error);
const held = async () => (await client.reserve(work)).reservation.id;
const outcome = async (promise) => (await promise).outcome;

test('it holds and commits once, however often it must ask', async () => {
    server.failNext(...faults);
    const {outcome, reservation, standing} =
        await client.reserve({...work, ttlS: 120, properties: {model: 'm-1'}});
    assert.deepEqual([outcome, standing.remaining, server.units('open')], ['held', '93', 60]);
    assert.deepEqual(reservation, {
        id: 'rsv_1', status: 'open', customer: 'cus_1', meter: 'tokens', source: 'turnpike-client',
        eventId: server.requests[0].body.id, reserved: '60', expiresAt: new Date('2024-09-15T00:05:00Z'),
        quantity: undefined, endedAt: undefined,
    });
    for (const {body} of server.requests)
        assert.deepEqual(body, {customer: 'acme', meter: 'tokens', quantity: '60', source: 'turnpike-client',
                                id: reservation.eventId, ttl_s: 120, properties: {model: 'm-1'}});
    server.failNext(...faults);
    const ended = await client.commit(reservation.id, 25, {model: 'm-2'});
    assert.deepEqual([ended.outcome, ended.reservation.status, ended.reservation.quantity],
                     ['committed', 'committed', '25']);
    assert.deepEqual([server.units('open'), server.units('committed')], [0, 25]);
    assert.equal(server.requests.length, 8);
    assert.equal(server.requests[7].url, '/v1/usage/reservations/rsv_1/commit');
    assert.deepEqual(server.requests[7].body, {quantity: '25', properties: {model: 'm-2'}});
});

test('it says under which id it may hold', async () => {
    server.failNext(...Array(4).fill('lose answer'));
    const error = await thrown(client.reserve(work));
    assert.equal(error.kind, 'unavailable');
    const [id] = error.eventIds;
    assert.equal(await outcome(client.reserve({...work, id})), 'held');
    assert.equal(server.units('open'), 60);
});

test('a commit that takes too long counts once', async () => {
    const id = await held();
    server.failNext('silence');
    const manual = new ManualClock();
    const patient = new Client({url: server.url, token: 't', requestTimeoutMs: long, clock: manual});
    const committed = patient.commit(id, 60);
    await server.received(2);
    manual.advance(long);
    manual.advance(await manual.nextWait());
    assert.equal(await outcome(committed), 'committed');
    assert.equal(server.units('committed'), 60);
});

test('a denial is an answer', async () => {
    await held();
    const full = await client.reserve(work);
    assert.deepEqual([full.outcome, full.reservation, full.standing.limit, full.standing.upgrade.plan],
                     ['limit_exceeded', undefined, '100', 'pro']);
    assert.equal(await outcome(client.reserve({...work, meter: 'not_in_plan'})), 'not_in_plan');
});

test('the same request finds what became of it', async () => {
    const named = {...work, id: 'job-1'};
    const {id} = (await client.reserve(named)).reservation;
    assert.equal((await client.reserve(named)).reservation.id, id);
    await client.commit(id, 1);
    const found = await client.reserve(named);
    assert.deepEqual([found.outcome, found.reservation.status], ['ended', 'committed']);
    const error = await thrown(client.reserve({...named, quantity: 61}));
    assert.deepEqual([error.kind, error.code], ['refused', 'reservation.conflict']);
});

test('a surplus that does not fit leaves it open', async () => {
    const id = await held();
    assert.deepEqual(await client.commit(id, 101),
                     {outcome: 'exceeds_limit', reservation: undefined, detail: 'what happened'});
    assert.equal(server.units('open'), 60);
    assert.equal(await outcome(client.commit(id, 100)), 'committed');
});

test('it ends once and says how', async () => {
    const released = await held();
    for (const end of [client.release(released), client.release(released), client.commit(released, 1)])
        assert.equal(await outcome(end), 'released');
    const expired = await held();
    server.expire();
    assert.equal(await outcome(client.commit(expired, 1)), 'expired');
    assert.equal(await outcome(client.release(expired)), 'expired');
    const committed = await held();
    assert.equal(await outcome(client.commit(committed, 1)), 'committed');
    assert.equal(await outcome(client.commit(committed, 2)), 'already_committed');
    assert.equal(await outcome(client.release(committed)), 'already_committed');
    assert.equal((await thrown(client.commit('rsv_unknown', 1))).code, 'reservation.not_found');
});

test("an answer that is not Turnpike's is unavailable", async () => {
    const id = await held();
    const open = {id, status: 'open', customer: 'c', meter: 'm', source: 's', event_id: 'e', reserved: '1',
                  expires_at: '2024-09-15T00:00:00Z'};
    for (const body of ['<html>', '{}', open, {...open, status: 'odd'}, {...open, status: 'expired', ended_at: 1}]) {
        server.failNext({status: 200, body});
        assert.equal((await thrown(client.commit(id, 1))).code, 'client.unexpected_answer');
    }
    server.failNext({status: 410, body: 'gone'});
    assert.equal((await thrown(client.commit(id, 1))).kind, 'refused');
    for (const call of [() => client.commit(id, 0.5), () => client.reserve({...work, quantity: 0.5}),
                        () => client.release('\ud800')])
        assert.equal((await thrown(call())).kind, 'invalid');
    assert.equal(server.units('open'), 60);
});

test('what the work used is committed', async () => {
    const done = await client.withReservation(work, async (reservation) => {
        assert.deepEqual([reservation.reserved, server.units('open')], ['60', 60]);
        return 25;
    });
    assert.deepEqual([done.outcome, done.reservation.quantity], ['committed', '25']);
});

test('work that fails releases', async () => {
    const failure = new Error('it failed');
    server.failNext(undefined, ...Array(4).fill(problem(503, 'busy')));
    for (const open of [60, 0]) {
        // The first time the release fails, too, and what is held would expire.
        const error = await thrown(client.withReservation(work, async () => { throw failure; }));
        assert.equal(error, failure);
        assert.equal(server.units('open'), open);
        server.expire();
    }
});

test('work that may not begin does not, and work that was done is not released', async () => {
    const never = async () => assert.fail('it began');
    assert.equal(await outcome(client.withReservation({...work, quantity: 101}, never)), 'limit_exceeded');
    const named = {...work, id: 'job-1'};
    assert.equal(await outcome(client.withReservation(named, async () => 101)), 'exceeds_limit');
    assert.equal(server.units('open'), 60, 'it can still be committed');
    const {reservation} = await client.reserve(named);
    await client.release(reservation.id);
    assert.equal(await outcome(client.withReservation(named, never)), 'ended');
});
