// Voids and amends as a seller sends them, and what limits, listings and a killed server make of them.
import assert from 'node:assert/strict';
import {after, before, describe, test} from 'node:test';
import {freshFile} from '../lib/process.mjs';
import {adminToken, engines, Server} from '../lib/server.mjs';

const catalog = `
[[meters]]
key = "tokens"
name = "Tokens"
unit = "token"
event_type = "completion"
aggregation = "sum"
property = "tokens"

[[meters]]
key = "peak"
name = "Peak"
unit = "seat"
event_type = "session"
aggregation = "max"
property = "seats"

[[meters]]
key = "people"
name = "People"
unit = "person"
event_type = "session"
aggregation = "unique"
property = "user"

[[plans]]
key = "basic"
name = "BASIC"
rank = 0
default = true
prices = [{ currency = "usd", interval = "month", amount = "0.00" }]

[[plans.allowances]]
meter = "tokens"
included = "10"
overage = "block"

[[plans.allowances]]
meter = "peak"
included = "20"
overage = "block"

[[plans.allowances]]
meter = "people"
included = "3"
overage = "block"
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
        const used = (name, id, tokens) => ({specversion: '1.0', id: `${name} ${id}`, source: 'e2e',
                                             type: 'completion', subject: name, data: {tokens}});
        const voided = (name, id, original) => ({
            specversion: '1.0', id: `${name} ${id}`, source: 'fix', type: 'turnpike.usage.void',
            subject: name, data: {source: 'e2e', id: `${name} ${original}`}});
        const amended = (name, id, original, quantity) => ({
            id: `${name} ${id}`, source: 'fix', customer: name,
            amend: {source: 'e2e', id: `${name} ${original}`, quantity}});
        const remaining = async (name, meter = 'tokens') =>
            (await server.admin('POST', '/v1/entitlements/check', {customer: name, meter}))
                .body.remaining;
        const consume = (name, quantity) =>
            server.admin('POST', '/v1/usage/consume', {customer: name, meter: 'tokens', quantity});

        test('the next check knows of a correction', async () => {
            const name = await server.customer();
            assert.equal((await consume(name, 3)).status, 200);
            assert.deepEqual(await send(used(name, 1, 4), used(name, 2, 3)), ['accepted', 'accepted']);
            assert.equal(await remaining(name), '0');
            assert.deepEqual(await send(voided(name, 'v', 1)), ['accepted']);
            assert.equal(await remaining(name), '4');
            assert.deepEqual(await send(amended(name, 'a', 2, '1')), ['accepted']);
            assert.equal(await remaining(name), '6');
            assert.equal((await consume(name, 6)).body.remaining, '0');
            assert.equal((await consume(name, 1)).status, 402);
            assert.deepEqual(await send(amended(name, 'b', 2, '2')), ['limit_exceeded']);
        });

        test('NDJSON corrects what it sent', async () => {
            const name = await server.customer();
            const lines = [used(name, 1, 8), voided(name, 'v', 1), used(name, 2, 9),
                           amended(name, 'a', 2, 10), voided(name, 'w', 1)];
            const answer = await server.request('POST', '/v1/events', {
                as: adminToken(), headers: {'content-type': 'application/x-ndjson'},
                body: lines.map((line) => JSON.stringify(line)).join('\n')});
            assert.equal(answer.status, 200, JSON.stringify(answer.body));
            assert.equal(answer.body.totals.accepted, 4);
            assert.deepEqual(answer.body.rejected.map(({line, code}) => [line, code]),
                             [[5, 'already_voided']]);
            assert.equal(await remaining(name), '0');
        });

        test('a peak and the people behind it fall to what is left', async () => {
            const name = await server.customer();
            const session = (id, seats, user) => ({specversion: '1.0', id: `${name} ${id}`, source: 'e2e',
                                                   type: 'session', subject: name, data: {seats, user}});
            assert.deepEqual(await send(session(1, 5, 'ann'), session(2, 12, 'bob'),
                                        session(3, 7, 'ann'), session(4, 1, 'cleo')),
                             ['accepted', 'accepted', 'accepted', 'accepted']);
            assert.deepEqual(await send(session(5, 6, 'dan')), ['limit_exceeded']);
            assert.equal(await remaining(name, 'peak'), '8');
            assert.deepEqual(await send(voided(name, 'v', 2)), ['accepted']);
            assert.equal(await remaining(name, 'peak'), '13');
            assert.equal(await remaining(name, 'people'), '1');
            assert.deepEqual(await send(voided(name, 'w', 3)), ['accepted']);
            assert.equal(await remaining(name, 'people'), '1');
            await server.kill();
            await server.restart();
            assert.equal(await remaining(name, 'peak'), '15');
            assert.deepEqual(await send(amended(name, 'a', 1, '21')), ['limit_exceeded']);
            assert.deepEqual(await send(amended(name, 'a', 1, '20')), ['accepted']);
            assert.equal(await remaining(name, 'peak'), '0');
            const query = new URLSearchParams({customer: name, source: 'e2e', event_id: `${name} 1`});
            const [{status, counts}] = (await server.admin('GET', `/v1/events?${query}`)).body.data;
            assert.equal(status, 'amended');
            assert.deepEqual(counts.map((one) => [one.meter, one.aggregation, one.value, one.amended_value]),
                             [['peak', 'max', '5', '20'], ['people', 'unique', '1', null]]);
            assert.deepEqual(await send(session(5, 6, 'dan')), ['accepted']);
            assert.equal(await remaining(name, 'people'), '0');
        });

        test('a correction that was acknowledged outlives the process', async () => {
            const name = await server.customer();
            await send(used(name, 1, 4), used(name, 2, 6));
            assert.deepEqual(await send(voided(name, 'v', 1), amended(name, 'a', 2, '5')),
                             ['accepted', 'accepted']);
            await server.kill();
            await server.restart();
            assert.equal(await remaining(name), '5');
            assert.deepEqual(await send(voided(name, 'v', 1), voided(name, 'w', 1), used(name, 1, 4),
                                        amended(name, 'a', 2, '5')),
                             ['duplicate', 'already_voided', 'duplicate', 'duplicate']);
            assert.equal(await remaining(name), '5');

            const listed = await server.admin('GET', `/v1/events?customer=${name}`);
            const told = listed.body.data.map((event) => [
                event.event_id.slice(name.length + 1), event.type, event.status, event.quantity,
                event.amended_quantity, event.corrects?.event_id.slice(name.length + 1)]);
            assert.deepEqual(told.sort(), [
                ['1', 'usage', 'voided', '4', null, undefined],
                ['2', 'usage', 'amended', '6', '5', undefined],
                ['a', 'amend', 'recorded', '5', null, '2'],
                ['v', 'void', 'recorded', '0', null, '1'],
            ]);
        });
    });

for (const engine of engines())
    test(`${engine.name}: overage that was billed and is voided afterwards is given back`, async () => {
        const server = await Server.besideSandbox({database: await engine.database()});
        const hour = 3600_000;
        const months = [7, 8, 9, 10].map((month) => new Date(Date.UTC(2027, month, 15)));
        const clock = await server.customerOnClock('billed', months[0]);
        assert.equal((await server.subscribe('billed', 'pro')).status, 200);
        const send = async (event) => {
            const {body} = await server.admin('POST', '/v1/events', {source: 'e2e', customer: 'billed', ...event});
            assert.deepEqual(body.verdicts, ['accepted'], JSON.stringify(body));
        };
        await send({id: 'kept', meter: 'api_calls', quantity: 10_100});
        await send({id: 'wrong', meter: 'api_calls', quantity: 2_000});
        const close = async (end) => {
            const closed = await server.advance(clock, new Date(end.getTime() + 2 * hour));
            assert.equal(closed.status, 200, JSON.stringify(closed.body));
            return (await server.invoices('billed')).body.data[0];
        };
        // 10,000 are included, and each further one costs $0.02.
        assert.equal((await close(months[1])).total.amount, 9900 + 2_100 * 2);
        await send({id: 'fix', void: {source: 'e2e', id: 'wrong'}});
        assert.equal((await server.status('billed')).body.usage.current, 0, 'it was of the month before');
        assert.equal((await close(months[2])).total.amount, 9900 - 2_000 * 2);
        assert.equal((await close(months[3])).total.amount, 9900, 'once');
        await server.end();
    });
