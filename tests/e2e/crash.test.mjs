// Power cuts. The server is killed at a random moment of its work and started again; afterwards the
// provider must have been asked for everything exactly once, and the ledger must say the same.
// Usage that comes in meanwhile: usage_crash.test.mjs.
import assert from 'node:assert/strict';
import {after, before, describe, test} from 'node:test';
import {eventually, sleep} from '../lib/process.mjs';
import {random, seed} from '../lib/random.mjs';
import {all} from '../lib/sandbox.mjs';
import {Server, engines} from '../lib/server.mjs';

const rounds = Number(process.env.TURNPIKE_CRASH_ROUNDS ?? 6);
const hour = 3600 * 1000;

for (const engine of engines())
    describe(`${engine.name}, TURNPIKE_CRASH_SEED=${seed}`, () => {
        const next = random(seed);
        let server;
        before(async () => {
            server = await Server.besideSandbox({database: await engine.database()});
        });
        after(() => server.end());

        /// Starts `work`, pulls the plug within `within` ms, and starts the server again.
        async function interrupted(work, within) {
            const lost = work().catch(() => 'the connection broke');
            await sleep(next() * within);
            await server.kill();
            await lost;
            await server.restart();
        }
        async function subscribed(name) {
            await eventually(`${name} to be subscribed`, async () => {
                if ((await server.status(name)).body.has_subscription) return true;
                const answer = await server.subscribe(name, 'pro');
                assert.ok([200, 409, 503].includes(answer.status), JSON.stringify(answer.body));
                return answer.status === 200;
            }, 60);
        }
        /// What the provider holds for one customer of ours. Customers on a test clock are listed
        /// only by their clock, as at Stripe.
        async function atProvider(name, clock = {}) {
            const customers = await all(server.sandbox, '/v1/customers',
                                        {email: `${name}@example.com`, ...clock});
            assert.equal(customers.length, 1, `one customer ${name}`);
            const customer = customers[0].id;
            const of = (path, extra) => all(server.sandbox, path, {customer, ...extra});
            return {
                subscriptions: await of('/v1/subscriptions', {status: 'all'}),
                invoices: await of('/v1/invoices'),
                payments: (await of('/v1/payment_intents')).filter((p) => p.status === 'succeeded'),
                items: await of('/v1/invoiceitems'),
            };
        }
        // An event that was being applied is taken up again when its lease of two minutes has ended:
        // on PostgreSQL another node might still be at it.
        async function agreed() {
            await eventually('ledger and provider to agree', async () => {
                const {body} = await server.reconcile();
                return body.differences?.length === 0;
            }, 150);
        }

        for (let round = 1; round <= rounds; ++round)
            test(`subscribing is not done twice (${round})`, async () => {
                const name = `cut-${round}`;
                await interrupted(() => server.subscribe(name, 'pro'), 400);
                await subscribed(name);
                const {subscriptions, invoices, payments} = await atProvider(name);
                assert.deepEqual([subscriptions.length, invoices.length, payments.length], [1, 1, 1]);
                assert.equal(payments[0].amount_received, 9900);
                await agreed();
                const shown = (await server.invoices(name)).body.data;
                assert.deepEqual(shown.map((i) => [i.status, i.total.amount]), [['paid', 9900]]);
            });

        for (let round = 1; round <= rounds; ++round)
            test(`a period is closed once (${round})`, async () => {
                const name = `close-${round}`;
                const start = new Date(Date.UTC(2027, 3, 1));
                const clock = await server.customerOnClock(name, start);
                await server.subscribe(name, 'pro');
                assert.equal((await server.consume(name, 10100)).status, 200);  // 100 over: $2.00

                const past = new Date(Date.UTC(2027, 4, 1) + 2 * hour);
                await interrupted(() => server.advance(clock, past), 1500);
                await eventually('the clock to get there', async () =>
                    (await server.advance(clock, past)).status === 200, 60);
                await agreed();
                const invoices = (await server.invoices(name)).body.data;
                assert.deepEqual(invoices.map((i) => [i.billing_reason, i.status, i.total.amount]),
                                 [['subscription_cycle', 'paid', 10100],
                                  ['subscription_create', 'paid', 9900]]);
                const {provider_clock_id} = (await server.admin('GET', `/v1/test_clocks/${clock}`)).body;
                const {items, invoices: theirs} =
                    await atProvider(name, {test_clock: provider_clock_id});
                assert.equal(theirs.length, 2);
                assert.deepEqual(items.filter((i) => i.amount === 200).length, 1, 'one overage item');
            });
    });
