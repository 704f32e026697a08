// Thresholds of usage as the seller and a customer see them: each once in a window, wherever the
// server is killed.
import assert from 'node:assert/strict';
import {after, before, describe, test} from 'node:test';
import {eventually, sleep} from '../lib/process.mjs';
import {random, seed} from '../lib/random.mjs';
import {engines, Server} from '../lib/server.mjs';

const kFree = 100;  // api_calls of FREE, a hard limit (presets/api-metering.toml)

for (const engine of engines())
    describe(`${engine.name}, TURNPIKE_CRASH_SEED=${seed}`, () => {
        const next = random(seed);
        let server;

        const alerts = async (values = {}) => {
            const {status, body} =
                await server.admin('GET', `/v1/usage/alerts?${new URLSearchParams({limit: 100, ...values})}`);
            assert.equal(status, 200, JSON.stringify(body));
            return body.data;
        };
        /// When all that was used until now has been looked at.
        const settled = async () => {
            const now = Date.now();
            await eventually('the alerts to come so far', async () => {
                const {body} = await server.admin('GET', '/v1/usage/series?meter=api_calls');
                return body.as_of !== null && Date.parse(body.as_of) >= now;
            });
        };
        const percents = async (customer) =>
            (await alerts({customer})).map((alert) => alert.percent).sort((a, b) => a - b);
        const settledPercents = async (customer) => {
            await settled();
            return percents(customer);
        };

        before(async () => {
            server = await Server.besideSandbox({database: await engine.database()});
            for (const name of ['ada', 'bob']) await server.status(name);
        });
        after(() => server.end());

        test('each is raised once as usage rises', async () => {
            assert.equal((await server.consume('ada', '49.999999')).status, 200);
            assert.deepEqual(await settledPercents('ada'), []);
            assert.equal((await server.consume('ada', '0.000001')).status, 200);
            assert.deepEqual(await settledPercents('ada'), [50]);
            assert.equal((await server.consume('ada', 50)).status, 200);
            assert.equal((await server.consume('ada', 1)).status, 402);
            assert.deepEqual(await settledPercents('ada'), [50, 80, 100]);
            const [first] = (await alerts({customer: 'ada'})).filter((alert) => alert.percent === 50);
            assert.deepEqual([first.type, first.kind, first.limit, first.used, first.meter],
                             ['usage.threshold_reached', 'usage', '100', '50', 'api_calls']);
            const {body} = await server.request('GET', '/metrics');
            for (const percent of [50, 80, 100])
                assert.match(body, new RegExp(`usage_alerts_total\\{kind="usage",percent="${percent}"\\} 1\n`));
        });

        test('a customer sees his own', async () => {
            const own = await server.user('bob', 'GET', '/v1/usage/alerts');
            assert.deepEqual([own.status, own.body.data], [200, []]);
            assert.equal((await server.user('bob', 'GET', '/v1/usage/alerts?customer=ada')).status, 404);
            assert.equal((await server.user('ada', 'GET', '/v1/usage/alerts')).body.data.length, 3);
            assert.equal((await server.request('GET', '/v1/usage/alerts')).status, 401);
        });

        test('killed while limits are reached: none is lost, none comes twice', async () => {
            const customers = [];
            for (let round = 0; round < 5; ++round) {
                const fresh = Array.from({length: 4}, (_, i) => `crash-${round}-${i}`);
                for (const name of fresh) await server.status(name);
                customers.push(...fresh);
                const use = (name) => Promise.all(Array.from({length: 10}, (_, i) =>
                    server.consume(name, kFree / 10, `${name}-${i}`).catch(() => null)));
                const using = Promise.all(fresh.map(use));
                // The look comes every other second: kills before, in and behind it.
                await sleep(next() * 2500);
                await server.kill();
                await using;
                await server.restart();
                for (const name of fresh)
                    for (const answer of await use(name)) assert.equal(answer.status, 200);
            }
            await settled();
            for (const name of customers) assert.deepEqual(await percents(name), [50, 80, 100], name);
        });
    });
