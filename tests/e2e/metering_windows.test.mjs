// Meters of every kind and limits over several windows, as a sender, a customer and a gateway meet them.
import assert from 'node:assert/strict';
import {after, before, describe, test} from 'node:test';
import {randomUUID} from 'node:crypto';
import {eventually, freshFile} from '../lib/process.mjs';
import {engines, Server, userToken} from '../lib/server.mjs';

const catalog = `
[[meters]]
key = "calls"
name = "Calls"
unit = "call"
event_type = "call"
aggregation = "sum"

[[meters]]
key = "exports"
name = "Exports"
unit = "export"
event_type = "export"
aggregation = "sum"

[[meters]]
key = "renders"
name = "Renders"
unit = "render"
event_type = "render"
aggregation = "sum"

[[meters]]
key = "all_tokens"
name = "Tokens"
unit = "token"
event_type = "completion"
aggregation = "sum"
property = "tokens"
filter = { model = ["large", "small"] }
group_by = ["model"]

[[meters]]
key = "large_tokens"
name = "Tokens of the large model"
unit = "token"
event_type = "completion"
aggregation = "sum"
property = "tokens"
filter = { model = ["large"] }

[[meters]]
key = "people"
name = "People"
unit = "person"
event_type = "sign_in"
aggregation = "unique"
property = "user"

[[meters]]
key = "storage"
name = "Most that was stored"
unit = "GB"
event_type = "stored"
aggregation = "max"
property = "gigabytes"

[[plans]]
key = "basic"
name = "BASIC"
rank = 0
default = true
prices = [{ currency = "usd", interval = "month", amount = "0.00" }]

[[plans.allowances]]
meter = "calls"
included = "3"
reset = "day"
overage = "block"

[[plans.allowances]]
meter = "calls"
included = "5"
reset = "month"
overage = "block"

[[plans.allowances]]
meter = "exports"
included = "2"
overage = "allow"

[[plans.allowances]]
meter = "renders"
included = "10"
overage = "bill"
overage_unit_price = "0.03"
overage_cap = "1.00"

[[plans.allowances]]
meter = "all_tokens"
included = "1000"
overage = "block"

[[plans.allowances]]
meter = "large_tokens"
included = "100"
reset = "rolling_5h"
overage = "block"

[[plans.allowances]]
meter = "people"
included = "2"
overage = "block"

[[plans.allowances]]
meter = "storage"
included = "10"
overage = "block"

[[routes]]
method = "*"
pattern = "/call"
meter = "calls"
units = 1
`;

for (const engine of engines())
    describe(engine.name, () => {
        let server;
        before(async () => {
            server = await Server.besideSandbox({
                database: await engine.database(), catalog: await freshFile('catalog.toml', catalog)});
        });
        after(() => server.end());

        const send = (...events) => server.send(...events);
        const consume = (name, meter, quantity = 1, more = {}) =>
            server.admin('POST', '/v1/usage/consume', {customer: name, meter, quantity, ...more});
        const check = async (name, meter, requested = 1) =>
            (await server.admin('POST', '/v1/entitlements/check', {customer: name, meter, requested})).body;
        const usage = async (name, meter) =>
            (await server.admin('GET', `/v1/usage?customer=${name}&meter=${meter}`)).body.meters[0];
        const event = (name, type, data, id = randomUUID()) =>
            ({specversion: '1.0', id, source: 'e2e', type, subject: name, data});

        test('three a day and five a month: the window that is full says when it begins anew', async () => {
            const name = randomUUID();
            const clock = await server.customerOnClock(name, new Date('2024-01-05T10:00:00Z'));
            for (const left of ['2', '1', '0']) {
                const used = await consume(name, 'calls');
                assert.equal(used.status, 200, JSON.stringify(used.body));
                assert.deepEqual([used.body.remaining, used.body.reset], [left, 'day']);
            }
            const fourth = await consume(name, 'calls');
            assert.equal(fourth.status, 402);
            assert.equal(fourth.body.code, 'limit_exceeded');
            assert.deepEqual([fourth.body.limit, fourth.body.used, fourth.body.reset, fourth.body.resets_at],
                             ['3', '3', 'day', '2024-01-06T00:00:00Z']);
            assert.equal(fourth.headers.get('retry-after'), String(14 * 3600));
            const asked = await check(name, 'calls');
            assert.deepEqual([asked.allowed, asked.resets_at], [false, '2024-01-06T00:00:00Z']);

            const moved = await server.advance(clock, new Date('2024-01-06T09:00:00Z'));
            assert.equal(moved.status, 200, JSON.stringify(moved.body));
            const next_day = await check(name, 'calls');
            assert.deepEqual([next_day.allowed, next_day.remaining, next_day.reset],
                             [true, '2', 'month'], 'the month has less left than the day');
            assert.equal((await consume(name, 'calls', 2)).status, 200);
            const sixth = await consume(name, 'calls');
            assert.deepEqual([sixth.status, sixth.body.limit, sixth.body.reset, sixth.body.resets_at],
                             [402, '5', 'month', '2024-02-01T00:00:00Z']);

            const {reset, used, windows} = await usage(name, 'calls');
            assert.deepEqual([reset, used], ['day', '2']);
            assert.deepEqual(windows.map((window) => [window.reset, window.used, window.window_end]),
                             [['month', '5', '2024-02-01T00:00:00Z']]);
        });

        test('a gateway and a flag tell of the same window', async () => {
            const name = randomUUID();
            await server.customerOnClock(name, new Date('2024-01-05T23:00:00Z'));
            const ask = () => server.request('GET', '/v1/gateway/authorize?refusals=exact', {
                as: userToken(name), headers: {'x-original-uri': '/call', 'x-original-method': 'GET'}});
            const passed = await ask();
            assert.equal(passed.status, 200);
            assert.equal(passed.headers.get('ratelimit-policy'), '"calls";q=3;w=86400');
            assert.equal(passed.headers.get('ratelimit'), '"calls";r=2;t=3600');
            await ask();
            await ask();
            const refused = await ask();
            assert.deepEqual([refused.status, refused.body.reset], [429, 'day'], 'time helps');
            const flag = await server.admin('POST', '/ofrep/v1/evaluate/flags/calls',
                                            {context: {targetingKey: name}});
            assert.equal(flag.body.value, false);
            assert.equal(flag.body.metadata.reset, 'day');
            assert.equal(flag.body.metadata.resets_at, '2024-01-06T00:00:00Z');
        });

        test('a soft limit is passed, and told', async () => {
            const name = await server.customer();
            assert.equal((await consume(name, 'exports', 2)).body.reason, 'within_allowance');
            const third = await consume(name, 'exports', 3);
            assert.deepEqual([third.status, third.body.reason, third.body.overage],
                             [200, 'soft_limit_passed', '3']);
            const asked = await check(name, 'exports');
            assert.deepEqual([asked.allowed, asked.reason, asked.remaining],
                             [true, 'soft_limit_passed', '0']);
            assert.equal((await usage(name, 'exports')).overage_amount, 0);
        });

        test('a counter ends at 10^12 units, also where usage goes on', async () => {
            const name = await server.customer();
            assert.equal((await consume(name, 'exports', 10 ** 12)).status, 200);
            const full = await consume(name, 'exports');
            assert.deepEqual([full.status, full.body.code, full.body.limit, full.body.upgrade],
                             [409, 'entitlement.counter_full', '1000000000000', undefined]);
            assert.match(full.body.detail, /count in a larger unit$/);
            const held = await server.admin('POST', '/v1/usage/reserve',
                                            {customer: name, meter: 'exports', quantity: 1});
            assert.deepEqual([held.status, held.body.code], [409, 'entitlement.counter_full']);
            const asked = await check(name, 'exports');
            assert.deepEqual([asked.allowed, asked.reason, asked.overage_allowed],
                             [false, 'counter_full', false]);
            const plain = {id: randomUUID(), source: 'e2e', customer: name, meter: 'exports', quantity: 1};
            assert.deepEqual(await send(plain), ['counter_full']);
        });

        test('a spend cap ends usage at the last unit that it pays for', async () => {
            // Ten are included. 1.00 pays for 33 at 0.03 each: 0.99. One more would be 1.02.
            const name = await server.customer();
            assert.equal((await consume(name, 'renders', 44)).status, 402);
            assert.equal((await consume(name, 'renders', 43)).status, 200);
            const over = await consume(name, 'renders');
            assert.deepEqual([over.status, over.body.code], [402, 'limit_exceeded']);
            const spent = await usage(name, 'renders');
            assert.deepEqual([spent.overage, spent.overage_amount], ['33', 99]);
            // 1.00 / 0.03, cut down to millionths.
            assert.deepEqual([spent.remaining, spent.hard_limit], ['0', '43.333333']);
            assert.equal((await check(name, 'renders')).hard_limit, '43.333333');
            await eventually('the alert of the cap', async () => {
                const {body} = await server.admin('GET', `/v1/usage/alerts?customer=${name}`);
                return body.data.some(({kind, percent}) => kind === 'spend' && percent === 100);
            });
            // What costs less than a cent may still fit: 0.333333 units are 0.00999999.
            assert.equal((await consume(name, 'renders', '0.333334')).status, 402);
            assert.equal((await consume(name, 'renders', '0.333333')).status, 200);
            assert.equal((await usage(name, 'renders')).overage_amount, 100);
        });

        test('one event feeds two meters, and is taken whole or not at all', async () => {
            const name = await server.customer();
            const completion = (model, tokens) => event(name, 'completion', {model, tokens});
            assert.deepEqual(await send(completion('large', 60), completion('small', 500),
                                        completion('large', 41), completion('tiny', 1)),
                             ['accepted', 'accepted', 'limit_exceeded', 'no_meter_matches']);
            assert.equal((await usage(name, 'all_tokens')).used, '560');
            assert.equal((await usage(name, 'large_tokens')).used, '60');

            const listed = await server.admin('GET', `/v1/events?customer=${name}&meter=large_tokens`);
            assert.equal(listed.body.data.length, 1);
            const [{counts, properties}] = listed.body.data;
            assert.deepEqual(counts.map(({meter, reset, value}) => [meter, reset, value]),
                             [['all_tokens', 'billing_period', '60'],
                              ['large_tokens', 'rolling_5h', '60']]);
            assert.deepEqual(properties, {model: 'large'});
            const all = await server.admin('GET', `/v1/events?customer=${name}&meter=all_tokens`);
            assert.equal(all.body.data.length, 2);
        });

        test('an event is its whole data', async () => {
            const name = await server.customer();
            const id = randomUUID();
            assert.deepEqual(await send(event(name, 'completion', {model: 'small', tokens: 1, job: 'a'}, id),
                                        event(name, 'completion', {job: 'a', tokens: 1, model: 'small'}, id),
                                        event(name, 'completion', {model: 'small', tokens: 1, job: 'b'}, id)),
                             ['accepted', 'duplicate', 'conflict']);
        });

        test('people are counted once each, and storage by its peak', async () => {
            const name = await server.customer();
            const sign_in = (user) => event(name, 'sign_in', {user});
            assert.deepEqual(await send(sign_in('ann'), sign_in('ann'), sign_in('bob'), sign_in('eve'),
                                        sign_in('bob'), event(name, 'sign_in', {})),
                             ['accepted', 'accepted', 'accepted', 'limit_exceeded', 'accepted',
                              'missing_field']);
            assert.equal((await usage(name, 'people')).used, '2');
            assert.equal((await consume(name, 'people', 1, {properties: {user: 'ann'}})).status, 200);
            assert.equal((await consume(name, 'people', 1, {properties: {user: 'eve'}})).status, 402);
            assert.equal((await consume(name, 'people', 0, {properties: {user: 'eve'}})).status, 402,
                         'a person is one, whatever the quantity');
            assert.equal((await consume(name, 'people')).status, 400, 'who is it?');

            const stored = (gigabytes) => event(name, 'stored', {gigabytes});
            assert.deepEqual(await send(stored(7), stored('9.5'), stored(3), stored(10.5), stored('much')),
                             ['accepted', 'accepted', 'accepted', 'limit_exceeded', 'bad_quantity']);
            assert.equal((await usage(name, 'storage')).used, '9.5');
        });

        test('what was counted is there after a restart', async () => {
            const name = await server.customer();
            const sign_in = (user) => event(name, 'sign_in', {user});
            await send(sign_in('ann'), sign_in('bob'), event(name, 'completion', {model: 'large', tokens: 90}));
            await server.kill();
            await server.restart();
            assert.deepEqual(await send(sign_in('ann'), sign_in('eve'),
                                        event(name, 'completion', {model: 'large', tokens: 11}),
                                        event(name, 'completion', {model: 'large', tokens: 10})),
                             ['accepted', 'limit_exceeded', 'limit_exceeded', 'accepted']);
        });
    });
