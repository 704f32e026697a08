// Usage that comes when its billing period is over: it counts there, and the next renewal charges it.
import assert from 'node:assert/strict';
import {after, before, describe, test} from 'node:test';
import {binary, run} from '../lib/process.mjs';
import {Server, engines} from '../lib/server.mjs';

const hour = 3600 * 1000;

for (const engine of engines())
    describe(engine.name, () => {
        let server;
        before(async () => {
            server = await Server.besideSandbox({database: await engine.database()});
        });
        after(() => server.end());

        const march = new Date(Date.UTC(2027, 2, 1)), april = new Date(Date.UTC(2027, 3, 1));
        const may = new Date(Date.UTC(2027, 4, 1));
        const later = (moment, ms) => new Date(moment.getTime() + ms);
        const send = async (name, id, time, quantity) => {
            const event = {...Server.event(name, id, quantity), time: time.toISOString()};
            const {status, body} = await server.admin('POST', '/v1/events', [event]);
            assert.equal(status, 200, JSON.stringify(body));
            return body.rejected[0]?.code ?? body.verdicts[0];
        };
        const renewal = async (name) => {
            const [newest] = (await server.invoices(name)).body.data;
            assert.equal(newest.billing_reason, 'subscription_cycle');
            return newest.lines.filter(({kind}) => kind === 'overage')
                .map(({description, amount}) => [description, amount.amount]).sort();
        };
        const used = async (name) =>
            (await server.admin('GET', `/v1/usage?customer=${name}&meter=api_calls`)).body.meters[0].used;

        test('it is charged by the next renewal, once, and old counts stay what they were', async () => {
            const name = 'late';
            const clock = await server.customerOnClock(name, march);
            assert.equal((await server.subscribe(name, 'pro')).status, 200);
            await server.advance(clock, later(march, 24 * hour));
            assert.equal(await send(name, 'on time', march, 10_100), 'accepted');
            await server.advance(clock, later(april, 2 * hour));
            assert.deepEqual(await renewal(name), [['API calls overage: 100 × 0.02 USD', 200]]);

            // 10,100 + 45 of March; nothing of April.
            assert.equal(await send(name, 'late', later(april, -1), 45), 'accepted');
            assert.equal(await send(name, 'late', later(april, -1), 45), 'duplicate');
            assert.equal(await send(name, 'now', later(april, hour), 7), 'accepted');
            // By the customer's clock and by the system's.
            assert.equal(await send(name, 'too late', new Date(Date.UTC(2020, 0, 1)), 1), 'too_old');
            assert.equal(await used(name), '7');
            const {data} = (await server.admin('GET', `/v1/events?customer=${name}`)).body;
            const [, late] = data;
            assert.equal(late.event_id, 'late');
            assert.equal(new Date(late.counts[0].window_start).getTime(), march.getTime());

            if (engine.name === 'SQLite') {
                await server.stop();
                const {code, output} = await run(binary, ['verify', '--data', server.data]);
                assert.equal(code, 0, output);
                assert.match(output, /note .*: 1 charges to be adjusted by the next close/);
                await server.restart();
            }
            await server.advance(clock, later(may, 2 * hour));
            assert.deepEqual(await renewal(name),
                             [['API calls overage, adjusted: 45 × 0.02 USD', 90]]);
        });

        test('it meets the hard limit of its own period', async () => {
            const name = 'free';
            const clock = await server.customerOnClock(name, march);
            await server.advance(clock, later(april, 2 * hour));
            assert.equal(await send(name, 'a', later(march, hour), 99), 'accepted');
            assert.equal(await send(name, 'b', later(march, 2 * hour), 2), 'limit_exceeded');
            assert.equal(await send(name, 'c', later(april, hour), 100), 'accepted');
        });
    });
