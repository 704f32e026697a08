// Voids and amends, through the client and through a recorder.
import assert from 'node:assert/strict';
import {afterEach, beforeEach, test} from 'node:test';
import {Client, isCounted, Recorder} from '../dist/index.js';
import {SkippingClock} from './lib/clock.mjs';
import {Server} from './lib/server.mjs';

const use = (id) => ({customer: 'acme', meter: 'api_calls', id});
const voided = (id, of) => ({customer: 'acme', id, void: {id: of}});
const code = (verdict) => verdict.code ?? verdict.kind;

let server, client;
beforeEach(async () => {
    server = await Server.start();
    client = new Client({url: server.url, token: 't', source: 'llm', requestTimeoutMs: 7_200_000,
                         clock: new SkippingClock()});
});
afterEach(() => server.stop());

test('a correction says which event and nothing else', async () => {
    await client.recordBatch([
        voided('v-1', 'c-1'), {customer: 'acme', id: 'a-1', source: 'support', time: new Date(0),
                               amend: {id: 'c-2', source: 'jobs', quantity: '3.5'}}]);
    assert.deepEqual(server.requests[0].body, [
        {id: 'v-1', source: 'llm', customer: 'acme', void: {id: 'c-1', source: 'llm'}},
        {id: 'a-1', source: 'support', customer: 'acme', time: '1970-01-01T00:00:00.000Z',
         amend: {id: 'c-2', source: 'jobs', quantity: '3.5'}}]);
});

test('a correction has a verdict like any event', async () => {
    const verdicts = await client.recordBatch([
        use('1'), {customer: 'acme', id: 'a', amend: {id: '1', quantity: 2}}, voided('v', '1'),
        voided('v', '1'), voided('w', '1'), voided('x', '2')]);
    assert.deepEqual(verdicts.map(code), ['accepted', 'accepted', 'accepted', 'duplicate',
                                          'already_voided', 'unknown_event']);
    assert.deepEqual(verdicts.map(isCounted), [true, true, true, true, false, false]);
});

test('a correction is made once, however often it must be sent', async () => {
    await client.record(use('1'));
    server.failNext('lose request', 'lose answer', 'cut answer');
    const verdict = await client.record({customer: 'acme', void: {id: '1'}});
    assert.equal(verdict.kind, 'duplicate', 'the second attempt voided it');
    const ids = server.requests.slice(1).map(({body}) => body[0].id);
    assert.deepEqual([ids.length, new Set(ids).size], [4, 1]);
});

test('a correction follows its event through a recorder', async () => {
    const codes = {};
    const onVerdict = (event, verdict) => { codes[event.id] = code(verdict); };
    const recorder = new Recorder(new Client({url: server.url, token: 't'}),
                                  {onVerdict, batchMax: 2, ageMaxMs: 1, backoff: {firstWaitMs: 1, waitMaxMs: 2}});
    server.failNext('lose answer', 'lose request');
    // The amend goes in a batch after its event's.
    for (const event of [use('1'), voided('v', '1'), use('2'), use('3'),
                         {customer: 'acme', id: 'a', amend: {id: '2', quantity: 0}}, voided('x', 'nothing')])
        recorder.record(event);
    assert.deepEqual((await recorder.close(10_000)).unconfirmed, []);
    assert.deepEqual(codes, {1: 'duplicate', v: 'duplicate', 2: 'accepted', 3: 'accepted', a: 'accepted',
                             x: 'unknown_event'});
});

test('what the server could not read is refused at once', async () => {
    const good = {customer: 'acme', id: 'a', amend: {id: '1', quantity: '2'}};
    for (const bad of [{customer: ''}, {meter: 'api_calls'}, {quantity: 1}, {latencyMs: 1}, {properties: {}},
                       {void: {id: '1'}}, {amend: {id: ''}}, {amend: {id: '1'}}, {amend: {id: '1', quantity: 0.5}},
                       {amend: undefined, void: {}}])
        await assert.rejects(client.record({...good, ...bad}), {code: 'client.invalid_event'});
    assert.equal(server.requests.length, 0);
});
