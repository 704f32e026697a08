// POST /v1/events as a sender meets it: formats, encodings, limits, and what is wrong with one event
// of many.
import assert from 'node:assert/strict';
import {after, before, describe, test} from 'node:test';
import {randomUUID} from 'node:crypto';
import {spawnSync} from 'node:child_process';
import {gzipSync} from 'node:zlib';
import {adminToken, engines, Server, userToken} from '../lib/server.mjs';

const MiB = 1 << 20;

/// An event that counts nothing, so that no limit is in the way.
const event = (id, more = {}) => ({...Server.event('alice', id, 0), ...more});
const lines = (events) => events.map((one) => JSON.stringify(one) + '\n').join('');
const many = (count, prefix = randomUUID()) =>
    Array.from({length: count}, (_, i) => event(`${prefix}-${i}`));

function zstd(bytes) {
    const done = spawnSync('zstd', ['-q', '-c'], {input: bytes, maxBuffer: 256 * MiB});
    assert.equal(done.status, 0, String(done.stderr));
    return done.stdout;
}

for (const engine of engines())
    describe(engine.name, () => {
        let server;
        const post = (body, headers = {}, as = adminToken()) =>
            server.request('POST', '/v1/events', {as, body, headers});
        const postLines = (body, headers = {}, as = adminToken()) =>
            post(body, {'content-type': 'application/x-ndjson', ...headers}, as);
        const acceptedOf = (answer) => {
            assert.equal(answer.status, 200, JSON.stringify(answer.body));
            return answer.body.totals?.accepted ?? answer.body.accepted;
        };

        before(async () => {
            server = await Server.besideSandbox({database: await engine.database()});
            await server.customer('alice');
        });
        after(() => server.end());

        test('one fact is one event, however it is sent', async () => {
            const id = randomUUID();
            const one = event(id), json = JSON.stringify(one);
            const plain = {id, source: 'e2e', customer: 'alice', meter: 'api_calls', quantity: '0.0'};
            const binary = {'content-type': 'application/json', 'ce-specversion': '1.0', 'ce-id': id,
                            'ce-source': 'e2e', 'ce-type': 'api.call', 'ce-subject': 'alice'};
            const ways = {
                'structured': () => post(json, {'content-type': 'application/cloudevents+json'}),
                'batch': () => post(`[${json}]`, {'content-type': 'application/cloudevents-batch+json'}),
                'JSON array': () => post([one]),
                'JSON object': () => post(one),
                'plain object': () => post(plain),
                'mixed array': () => post([plain]),
                'binary': () => post('{"quantity":0}', binary),
                'gzip': () => post(gzipSync(json), {'content-encoding': 'gzip'}),
                'zstd': () => post(zstd(json), {'content-encoding': 'zstd'}),
            };
            const seen = [];
            for (const [name, send] of Object.entries(ways)) {
                const answer = await send();
                assert.equal(answer.status, 200, `${name}: ${JSON.stringify(answer.body)}`);
                seen.push(...answer.body.verdicts);
            }
            assert.deepEqual(seen, ['accepted', ...Array(Object.keys(ways).length - 1).fill('duplicate')]);
            for (const body of [lines([one]), lines([plain, one])]) {
                const answer = await postLines(body);
                assert.equal(acceptedOf(answer), 0);
                assert.equal(answer.body.totals.duplicates, answer.body.totals.events);
            }
            const listed = await server.admin('GET', '/v1/events?customer=alice&limit=100');
            assert.equal(listed.body.data.filter((row) => row.event_id === id).length, 1);
        });

        test('a bad event is rejected by itself, with its code', async () => {
            const deep = '['.repeat(100) + ']'.repeat(100);
            const with_data = (id, data) =>
                JSON.stringify(event(id)).replace('"data":{"quantity":0}', `"data":${data}`);
            const quantity = (id, digits) => with_data(id, `{"quantity":${digits}}`);
            const cases = [
                ['a fraction', quantity(randomUUID(), '0.5'), undefined],
                ['negative', quantity('b1', '-1'), 'bad_quantity'],
                ['huge', quantity('b2', '1' + '0'.repeat(40)), 'bad_quantity'],
                ['19 decimals', quantity('b3', '"0.1234567890123456789"'), 'bad_quantity'],
                ['19 decimals, a number', quantity('b4', '0.1234567890123456789'), 'bad_quantity'],
                ['not numeric', quantity('b5', '"many"'), 'bad_quantity'],
                ['an id of 10 kB', JSON.stringify(event('i'.repeat(10_000))), 'bad_field'],
                ['1 MB of properties', with_data('b6', `{"quantity":0,"p":"${'p'.repeat(1e6)}"}`),
                 'event_too_large'],
                ['depth 100', with_data('b7', `{"quantity":0,"p":${deep}}`), 'nested_too_deeply'],
                ['a repeated member', quantity('b8', '0,"quantity":0'), 'repeated_member'],
                ['an unknown meter', JSON.stringify(event('b9', {type: 'nobody.counts'})), 'unknown_meter'],
                ['an unknown customer', JSON.stringify(event('b10', {subject: 'nobody'})),
                 'unknown_customer'],
                ['the year 1', JSON.stringify(event('b11', {time: '0001-01-01T00:00:00Z'})), 'bad_time'],
                ['the year 9999', JSON.stringify(event('b12', {time: '9999-12-31T23:59:59Z'})),
                 'time_in_future'],
                ['an open brace in a text', quantity('b13', '0,"p":"{"'), undefined],
            ];
            const texts = cases.map(([, text]) => text);
            const codes = cases.map(([, , code]) => code);
            const array = await post(`[${texts.join(',')}]`);
            assert.equal(array.status, 200, JSON.stringify(array.body));
            const found = Array(cases.length).fill(undefined);
            for (const {index, code} of array.body.rejected) found[index] = code;
            assert.deepEqual(found, codes);
            assert.equal(array.body.accepted, 2);

            const byLine = await postLines(texts.join('\n') + '\n{"id":\n');
            found.fill(undefined);
            for (const {line, code} of byLine.body.rejected) found[line - 1] = code;
            assert.deepEqual(found, [...codes, 'bad_json']);
            assert.deepEqual(byLine.body.duplicates, [{line: 1}, {line: cases.length}]);
            assert.deepEqual(byLine.body.totals, {events: cases.length + 1, accepted: 0, duplicates: 2,
                                                  conflicts: 0, rejected: cases.length - 1});
        });

        test('NDJSON with one bad line among many: the others count, and again is safe', async () => {
            const good = lines(many(5_000)).split('\n');
            good[2_499] = '{"specversion":"1.0","id":';
            const body = good.join('\n');
            const first = await postLines(gzipSync(body), {'content-encoding': 'gzip'});
            assert.equal(acceptedOf(first), 4_999);
            assert.deepEqual(first.body.rejected.map(({line, code}) => [line, code]),
                             [[2_500, 'bad_json']]);
            const again = await postLines(zstd(body), {'content-encoding': 'zstd'});
            assert.equal(acceptedOf(again), 0);
            assert.equal(again.body.totals.duplicates, 4_999);
        });

        test('an encoding that is cut, corrupt, unknown or a bomb is named', async () => {
            const body = lines(many(3));
            const gzip = gzipSync(body), zst = zstd(body);
            const bomb = Buffer.alloc(300 * MiB, 0x20);
            const cases = [
                ['cut gzip', gzip.subarray(0, -5), 'gzip', 400, 'http.bad_encoding'],
                ['cut zstd', zst.subarray(0, -5), 'zstd', 400, 'http.bad_encoding'],
                ['no gzip', Buffer.from(body), 'gzip', 400, 'http.bad_encoding'],
                ['something behind', Buffer.concat([gzip, Buffer.from('x')]), 'gzip', 400,
                 'http.bad_encoding'],
                ['a gzip bomb', gzipSync(bomb), 'gzip', 413, 'http.decoded_too_large'],
                ['a zstd bomb', zstd(bomb), 'zstd', 413, 'http.decoded_too_large'],
                ['brotli', Buffer.from(body), 'br', 415, 'http.unsupported_coding'],
                ['two codings', gzipSync(gzip), 'gzip, gzip', 415, 'http.unsupported_coding'],
            ];
            for (const [name, bytes, coding, status, code] of cases) {
                for (const type of ['application/x-ndjson', 'application/json']) {
                    const answer =
                        await post(bytes, {'content-type': type, 'content-encoding': coding});
                    assert.equal(answer.status, status, `${name}, ${type}`);
                    assert.equal(answer.body.code, code, `${name}, ${type}`);
                    if (status === 415)
                        assert.equal(answer.headers.get('accept-encoding'), 'gzip, zstd, identity');
                }
            }
        });

        test('a body that breaks off says what is counted', async () => {
            const noise = many(3_000).map((one) => ({...one, noise: randomUUID()}));
            const gzip = gzipSync(lines(noise));
            const cut = await postLines(gzip.subarray(0, gzip.length - 100), {'content-encoding': 'gzip'});
            assert.equal(cut.status, 400);
            assert.equal(cut.body.code, 'http.bad_encoding');
            const {lines_done: done, totals} = cut.body;
            assert.ok(done >= 1_000 && done < 3_000, `${done} lines`);
            assert.equal(totals.accepted, done);
            const whole = await postLines(gzip, {'content-encoding': 'gzip'});
            assert.equal(whole.body.totals.duplicates, done);
            assert.equal(acceptedOf(whole), 3_000 - done);
        });

        test('large bodies are for NDJSON, and for those who may send events', async () => {
            // Few events with much beside them: what is tried here is the size.
            const padding = ' '.repeat(60_000);
            const large = Buffer.from(many(200).map((one) => JSON.stringify(one) + padding).join('\n'));
            assert.ok(large.length > 8 * MiB);
            assert.equal((await postLines(large, {}, null)).status, 401);
            assert.equal((await postLines(large, {}, 'no.good.token')).status, 401);
            assert.equal((await postLines(large, {}, userToken('alice'))).status, 403);
            assert.equal((await post(large, {'content-type': 'application/json'})).status, 413);
            const answer = await postLines(large);
            assert.equal(acceptedOf(answer), 200);
            const huge = await postLines(Buffer.alloc(64 * MiB + 1, 0x20));
            assert.equal(huge.status, 413);
            assert.equal(huge.body.code, 'http.body_too_large');
            // Chunked: nobody knows its length before.
            const streamed = await fetch(`${server.url}/v1/events`, {
                method: 'POST',
                duplex: 'half',
                headers: {'authorization': `Bearer ${adminToken()}`,
                          'content-type': 'application/x-ndjson'},
                body: new ReadableStream({
                    start(controller) {
                        for (let from = 0; from < large.length; from += MiB)
                            controller.enqueue(large.subarray(from, from + MiB));
                        controller.close();
                    },
                }),
            });
            assert.equal(streamed.status, 200);
            assert.equal((await streamed.json()).totals.duplicates, 200);
        });

        test('checks are answered while a large body is recorded', async () => {
            const sent = postLines(gzipSync(lines(many(5_000))), {'content-encoding': 'gzip'});
            let done = false, asked = 0, slowest = 0;
            sent.then(() => { done = true; });
            while (!done) {
                const began = performance.now();
                const answer = await server.admin('POST', '/v1/entitlements/check',
                                                  {customer: 'alice', meter: 'api_calls'});
                assert.equal(answer.status, 200, JSON.stringify(answer.body));
                slowest = Math.max(slowest, performance.now() - began);
                ++asked;
            }
            assert.equal(acceptedOf(await sent), 5_000);
            assert.ok(asked > 3, `${asked} checks`);
            assert.ok(slowest < 3_000, `the slowest check took ${slowest} ms`);
        });
    });
