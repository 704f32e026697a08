// The figures of usage as the seller and a customer see them, and what a crash leaves of them.
import assert from 'node:assert/strict';
import {after, before, describe, test} from 'node:test';
import {eventually} from '../lib/process.mjs';
import {engines, Server} from '../lib/server.mjs';

const day = 86_400_000;
const midnight = Math.floor(Date.now() / day) * day;
const at = (days, hours = 0) => new Date(midnight + days * day + hours * 3_600_000).toISOString();
const query = (values) => new URLSearchParams({meter: 'api_calls', ...values});

for (const engine of engines())
    describe(engine.name, () => {
        let server, sent = 0;

        const send = async (name, quantity, time, latency) => {
            const event = {...Server.event(name, `figures-${++sent}`), time,
                           data: {quantity, ...(latency ? {latency_ms: latency} : {})}};
            const answer = await server.admin('POST', '/v1/events', [event]);
            assert.equal(answer.body.accepted, 1, JSON.stringify(answer.body));
        };
        const series = (values) => server.admin('GET', `/v1/usage/series?${query(values)}`);
        /// Figures that hold everything sent until now.
        const settled = (values) => {
            const now = new Date().toISOString();
            return eventually('the figures to come so far', async () => {
                const {status, body} = await series(values);
                assert.equal(status, 200, JSON.stringify(body));
                return body.as_of !== null && Date.parse(body.as_of) >= Date.parse(now) && body;
            });
        };
        const lastDays = {from: at(-3), to: at(0)};

        before(async () => {
            server = await Server.besideSandbox({database: await engine.database()});
            for (const name of ['ada', 'bob']) await server.status(name);
        });
        after(() => server.end());

        test('a series says what was used when, with zeros between', async () => {
            await send('ada', 2, at(-3, 5), '20');
            await send('ada', 3, at(-1, 7));
            await send('bob', 4, at(-1, 8));
            const ada = await settled({...lastDays, customer: 'ada'});
            assert.deepEqual(ada.data.map((bucket) => bucket.quantity), ['2', '0', '3']);
            assert.equal(ada.total.quantity, '5');
            assert.equal(ada.complete, true);
            // 20 ms: 2^14 + 3 * 1024 microseconds, and the bucket is 1024 wide.
            assert.deepEqual(ada.data[0].latency,
                             {count: 1, p50_ms: '20.479', p90_ms: '20.479', p99_ms: '20.479'});
            assert.equal(Date.parse(ada.peak.day.start), Date.parse(at(-1)));
            const hours = await settled({granularity: 'hour', from: at(-1, 6), to: at(-1, 9)});
            assert.deepEqual(hours.data.map((bucket) => bucket.quantity), ['0', '3', '4']);
            assert.equal(hours.customer, null);
        });

        test('the seller sees who used most, a customer only himself', async () => {
            await settled(lastDays);
            const top = await server.admin('GET', `/v1/usage/top?${query(lastDays)}`);
            assert.deepEqual(top.body.data.map((row) => [row.external_id, row.quantity, row.percentage]),
                             [['ada', '5', '55.56'], ['bob', '4', '44.44']]);
            const path = `/v1/usage/series?${query(lastDays)}`;
            const own = await server.user('bob', 'GET', path);
            assert.equal(own.body.total.quantity, '4');
            assert.equal((await server.user('bob', 'GET', `${path}&customer=ada`)).status, 404);
            assert.equal((await server.user('bob', 'GET', '/v1/usage/top?meter=api_calls')).status, 403);
            assert.equal((await server.request('GET', path)).status, 401);
        });

        test('a forecast says that it is linear', async () => {
            const {status, body} = await server.user('ada', 'GET', '/v1/usage/forecast?meter=api_calls');
            assert.equal(status, 200, JSON.stringify(body));
            assert.deepEqual([body.method, body.used], ['linear', '5']);
            assert.ok(Number(body.projected) >= 5);
        });

        test('killed at any time, every event is counted once', async () => {
            for (let round = 0; round < 3; ++round) {
                for (let i = 0; i < 5; ++i) await send('bob', 1, at(-2, i));
                await server.kill();
                await server.restart();
            }
            const bob = await settled({...lastDays, customer: 'bob'});
            assert.equal(bob.total.events, 16);
            assert.equal(bob.total.quantity, '19');
            assert.equal((await settled(lastDays)).total.quantity, '24');
        });

        test('a question that cannot be answered is named', async () => {
            const long = await series({granularity: 'hour', from: at(-100), to: at(0)});
            assert.deepEqual([long.status, long.body.code], [400, 'usage_figures.too_many_buckets']);
            const unknown = await server.admin('GET', '/v1/usage/series?meter=none');
            assert.deepEqual([unknown.status, unknown.body.code], [404, 'usage_figures.no_such_meter']);
            const bad = await series({granularity: 'year'});
            assert.equal(bad.body.errors[0].pointer, 'granularity');
        });
    });
