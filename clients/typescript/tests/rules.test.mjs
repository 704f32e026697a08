// The rules without a network: waits, and what an outbox does with events.
import assert from 'node:assert/strict';
import {webcrypto} from 'node:crypto';
import {describe, test} from 'node:test';
import {TurnpikeError} from '../dist/errors.js';
import {newEventId, quantityText, writeEvent} from '../dist/event.js';
import {Outbox} from '../dist/outbox.js';
import {randomBytes} from '../dist/random.js';
import {isRetryable, parseRetryAfter, waitAfter} from '../dist/retry.js';

const failure = new TurnpikeError('unavailable', 'client.timed_out', '');

test('what may be answered otherwise later is tried again', () => {
    for (const status of [408, 429, 500, 502, 503, 504]) assert.ok(isRetryable(status));
    for (const status of [200, 301, 400, 401, 402, 404, 409, 413]) assert.ok(!isRetryable(status));
});

test('waits double up to their bound, with full jitter on top of Retry-After', () => {
    const backoff = {firstWaitMs: 100, waitMaxMs: 1_000};
    for (const [name, attempt, retryAfter, random, wait] of [
        ['the least is a millisecond', 1, undefined, 0, 1],
        ['the most after one attempt is firstWaitMs', 1, undefined, 0.999, 100],
        ['twice as much after two', 2, undefined, 0.999, 200],
        ['eight times after four', 4, undefined, 0.999, 800],
        ['a quarter of it, and one', 4, undefined, 0.25, 201],
        ['waitMaxMs after five, not 1,600', 5, undefined, 0.999, 1_000],
        ['and for ever', 1e6, undefined, 0.999, 1_000],
        ['Retry-After comes first', 1, 7_000, 0, 7_001],
        ['and jitter on top', 1, 7_000, 0.999, 7_100],
        ['but no longer than five minutes', 1, 1e9, 0, 300_001],
    ])
        assert.equal(waitAfter(backoff, attempt, retryAfter, random), wait, name);
});

test('Retry-After is seconds or a date', () => {
    const now = new Date('2024-09-15T00:00:00Z');
    assert.equal(parseRetryAfter('7', now), 7_000);
    assert.equal(parseRetryAfter('Sun, 15 Sep 2024 00:01:00 GMT', now), 60_000);
    for (const header of [null, '', 'soon', '-1', '0', 'Sat, 14 Sep 2024 00:00:00 GMT'])
        assert.equal(parseRetryAfter(header, now), undefined);
});

test('an id is 128 random bits', () => {
    const ids = new Set(Array.from({length: 1_000}, newEventId));
    assert.equal(ids.size, 1_000);
    for (const id of ids) assert.match(id, /^[0-9a-f]{32}$/);
});

test('so it is in a browser', () => {
    // Which Node 18 is not: it has no global crypto.
    globalThis.crypto ??= webcrypto;
    const values = new Set(Array.from({length: 1_000}, () => String(randomBytes())));
    assert.equal(values.size, 1_000);
    assert.equal(randomBytes().length, 16);
});

test('what the server could not read is refused at once', () => {
    const good = {id: 'i', source: 's', customer: 'c', meter: 'm'};
    assert.deepEqual(JSON.parse(writeEvent({...good, quantity: 3n, latencyMs: 5, time: new Date(0),
                                                   properties: {user: 'u-3'}})),
                     {...good, quantity: '3', time: '1970-01-01T00:00:00.000Z', latency_ms: 5,
                      properties: {user: 'u-3'}});
    for (const bad of [{customer: ''}, {meter: undefined}, {id: 'a\n'}, {source: 'é'.repeat(128)},
                       {customer: '\ud800'}, {quantity: ''}, {quantity: 0.5}, {quantity: 2 ** 53},
                       {time: new Date(NaN)}])
        assert.throws(() => writeEvent({...good, ...bad}), {code: 'client.invalid_event'});
    assert.equal(quantityText('0.5'), '0.5');
});

describe('an outbox', () => {
    const backoff = {firstWaitMs: 100, waitMaxMs: 400};
    const outboxOf = (...ids) => {
        const outbox = new Outbox({queueMax: 5, batchMax: 3, ageMaxMs: 1_000, backoff});
        for (const id of ids) outbox.put({id, source: 's', customer: 'c', meter: 'm'}, id, 0);
        return outbox;
    };
    const verdicts = (...kinds) => kinds.map((kind) => ({kind}));

    test('sends what is old enough, or enough, or hurried', () => {
        const outbox = outboxOf('a', 'b');
        assert.equal(outbox.due(), 1_000);
        outbox.put({id: 'c'}, 'c', 500);
        assert.equal(outbox.due(), 0);
        outbox.put({id: 'd'}, 'd', 700);
        assert.deepEqual(outbox.take(), ['a', 'b', 'c']);
        assert.equal(outbox.due(), undefined, 'one batch at a time');
        outbox.answered(verdicts('accepted', 'accepted', 'accepted'));
        assert.equal(outbox.due(), 1_700);
        outbox.hurry();
        assert.equal(outbox.due(), 700);
    });

    test('is full with what has no verdict', () => {
        const outbox = outboxOf('a', 'b', 'c', 'd', 'e');
        outbox.take();
        assert.ok(!outbox.hasRoom, 'what is under way may come back');
        outbox.answered(verdicts('duplicate', 'duplicate', 'duplicate'));
        assert.ok(outbox.hasRoom);
    });

    test('sends a failed batch again after its pause and before all else', () => {
        const outbox = outboxOf('a', 'b', 'c', 'd');
        outbox.take();
        outbox.failed(failure, 0, 0.999);
        outbox.hurry();
        assert.equal(outbox.due(), 100, 'a hurry does not break the pause');
        assert.deepEqual(outbox.take(), ['a', 'b', 'c']);
        outbox.failed(failure, 100, 0.999);
        assert.equal(outbox.due(), 300);
        outbox.take();
        const settled = outbox.answered(verdicts('duplicate', 'duplicate', 'duplicate'));
        assert.deepEqual(settled.map(({verdict}) => verdict.attempts), [3, 3, 3]);
        assert.ok(!outbox.isOpen(3));
        assert.ok(outbox.isOpen(4));
    });

    test('says what it gives up and whether it was tried', () => {
        const outbox = outboxOf('a', 'b', 'c', 'd');
        outbox.take();
        outbox.failed(failure, 0, 0);
        const left = outbox.giveUp();
        assert.deepEqual(left.map(({event, verdict}) => [event.id, verdict.attempts, verdict.error.code]),
                         [['a', 1, 'client.timed_out'], ['b', 1, 'client.timed_out'],
                          ['c', 1, 'client.timed_out'], ['d', 0, 'client.not_sent']]);
        assert.equal(outbox.size, 0);
    });

    test('gives every event exactly one verdict', () => {
        // A small generator with a seed, so that a failure can be had again.
        let state = 12345;
        const below = (n) => {
            state = (Math.imul(state, 1103515245) + 12345) >>> 0;
            return (state >>> 8) % n;
        };
        for (let round = 0; round < 200; ++round) {
            const outbox = outboxOf();
            const counted = new Set(), settled = new Map();
            let made = 0, now = 0;
            const settle = (done) => {
                for (const {event, verdict} of done) {
                    assert.ok(!settled.has(event.id));
                    settled.set(event.id, verdict);
                }
            };
            const judge = (id) => counted.has(id) ? 'duplicate' : (counted.add(id), 'accepted');
            const send = () => {
                const batch = outbox.take();
                assert.ok(batch.length > 0 && batch.length <= 3);
                const answer = verdicts(...(below(2) ? batch.map(judge) : []));
                if (answer.length > 0 && below(2)) settle(outbox.answered(answer));
                else outbox.failed(failure, now, 0.5);
            };
            for (let step = 0; step < 200; ++step) {
                const choice = below(4);
                if (choice === 0 && outbox.hasRoom) outbox.put({id: String(++made)}, String(made), now);
                else if (choice === 1) now += below(2_000);
                else if (choice === 2) outbox.hurry();
                else if (outbox.due() <= now) send();
                assert.ok(outbox.size <= 5);
                assert.equal(outbox.isOpen(made), outbox.size > 0);
            }
            settle(outbox.giveUp());
            assert.equal(settled.size, made);
            for (const [id, verdict] of settled)
                assert.ok(verdict.kind === 'unconfirmed' || counted.has(id));
        }
    });
});
