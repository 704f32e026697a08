// Power cuts while usage comes in. Clients keep a journal of what they were told; the server is
// killed at random moments and started again, and clients that heard no answer send the same again.
// In the end nothing that was acknowledged is missing, nothing counts twice, no limit was passed.
import assert from 'node:assert/strict';
import {after, before, describe, test} from 'node:test';
import {sleep} from '../lib/process.mjs';
import {random, seed} from '../lib/random.mjs';
import {Server, engines} from '../lib/server.mjs';

/// The log is ours; what PostgreSQL keeps is asked about less often.
const cyclesOf = (engine) =>
    Math.ceil(Number(process.env.TURNPIKE_CRASH_CYCLES ?? 25) / (engine.name === 'SQLite' ? 1 : 5));

const kFree = 100;  // api_calls of FREE, a hard limit (presets/api-metering.toml)
const batchers = 4, consumers = 8, batchSize = 200;

/// What one client sent and what it was told, by event id.
class Journal {
    acknowledged = new Map();  // id -> units
    refused = new Set();
    unanswered = [];           // requests whose answer never came

    units() { return [...this.acknowledged.values()].reduce((sum, units) => sum + units, 0); }
}

for (const engine of engines())
    describe(`${engine.name}, TURNPIKE_CRASH_SEED=${seed}`, () => {
        const next = random(seed), cycles = cyclesOf(engine);
        const bulk = Array.from({length: batchers}, () => new Journal());
        const limited = new Map();  // customer -> its consumers' journals
        let server, number = 0;

        before(async () => {
            server = await Server.besideSandbox({database: await engine.database()});
            assert.equal((await server.subscribe('bulk', 'pro')).status, 200);
        });
        after(() => server.end());

        async function sendBatch(journal, events) {
            const answer = await server.admin('POST', '/v1/events', events).catch(() => null);
            if (answer?.status !== 200) return void journal.unanswered.push(events);
            assert.ok(answer.body.verdicts.every((one) => one === 'accepted' || one === 'duplicate'),
                      JSON.stringify(answer.body.rejected));
            for (const event of events) journal.acknowledged.set(event.id, event.data.quantity);
        }
        async function use(journal, customer, units, id) {
            const answer = await server.consume(customer, units, id).catch(() => null);
            if (answer?.status === 200) journal.acknowledged.set(id, units);
            else if (answer?.status === 402) journal.refused.add(id);
            else journal.unanswered.push([customer, units, id]);
        }

        /// Everything that clients do until the connection breaks.
        function traffic(customer, running) {
            const journals = Array.from({length: consumers}, () => new Journal());
            limited.set(customer, journals);
            const batching = bulk.map(async (journal) => {
                while (running.on) {
                    const first = number;
                    number += batchSize;
                    await sendBatch(journal, Array.from({length: batchSize}, (_, i) =>
                        Server.event('bulk', `b${first + i}`, 1 + (first + i) % 3)));
                }
            });
            const consuming = journals.map(async (journal, who) => {
                for (let i = 0; running.on; ++i)
                    await use(journal, customer, 1 + (who + i) % 3, `${customer}-${who}-${i}`);
            });
            return Promise.all([...batching, ...consuming]);
        }

        /// Who heard nothing sends the same again.
        async function repeatUnanswered(journals) {
            for (const journal of journals) {
                for (const request of journal.unanswered.splice(0)) {
                    if (typeof request[0] === 'string') await use(journal, ...request);
                    else await sendBatch(journal, request);
                }
                assert.deepEqual(journal.unanswered, []);
            }
        }

        test(`${cycles} power cuts: none lost, none twice, no limit passed`, async () => {
            for (let cycle = 1; cycle <= cycles; ++cycle) {
                const customer = await server.customer(`limited-${cycle}`);
                const running = {on: true};
                const working = traffic(customer, running);
                await sleep(20 + next() * 300);
                running.on = false;
                await server.kill();
                await working;
                await server.restart();

                const journals = limited.get(customer);
                const told = journals.reduce((sum, journal) => sum + journal.units(), 0);
                const {used} = await usage(customer);
                assert.ok(used >= told && used <= kFree, `${used} used, ${told} acknowledged`);
                await repeatUnanswered([...bulk, ...journals]);
            }
        });

        test('every journal agrees with the counters', async () => {
            const sent = bulk.reduce((sum, journal) => sum + journal.units(), 0);
            assert.ok(sent > 0);
            assert.equal((await usage('bulk')).used, sent);
            for (const [customer, journals] of limited) {
                const granted = journals.reduce((sum, journal) => sum + journal.units(), 0);
                assert.equal((await usage(customer)).used, granted, customer);
                assert.ok(granted <= kFree);
                if (journals.some((journal) => journal.refused.size > 0))
                    assert.ok(granted > kFree - 3, `${customer}: refused at ${granted}`);
            }
        });

        async function usage(customer) {
            const {status, body} = await server.admin('GET', `/v1/usage?customer=${customer}`);
            assert.equal(status, 200, JSON.stringify(body));
            return {used: Number(body.meters.find((one) => one.meter === 'api_calls').used)};
        }
    });
