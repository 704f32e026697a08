// One event, followed from its sender's name to the counter that it moved and the invoice line that bills it.
import assert from 'node:assert/strict';
import {after, before, describe, test} from 'node:test';
import {eventually} from '../lib/process.mjs';
import {engines, Server} from '../lib/server.mjs';

const hour = 3600 * 1000;

for (const engine of engines())
    describe(engine.name, () => {
        let server;
        before(async () => {
            server = await Server.besideSandbox({database: await engine.database()});
        });
        after(() => server.end());

        const send = async (...events) => {
            const {status, body} = await server.admin('POST', '/v1/events', events);
            assert.equal(status, 200, JSON.stringify(body));
            return body;
        };
        const named = async (id, more = {}) => {
            const query = new URLSearchParams({source: 'e2e', event_id: id, ...more});
            const {status, body} = await server.admin('GET', `/v1/events?${query}`);
            assert.equal(status, 200, JSON.stringify(body));
            return body.data;
        };
        const follow = async (id) => {
            const [{id: ours}] = await named(id);
            const {status, body} = await server.admin('GET', `/v1/events/${ours}`);
            assert.equal(status, 200, JSON.stringify(body));
            return body;
        };

        test('from an event to its invoice line', async () => {
            const clock = await server.customerOnClock('ada', new Date(Date.UTC(2027, 7, 15)));
            assert.equal((await server.subscribe('ada', 'pro')).status, 200);
            assert.equal((await send(Server.event('ada', 'c-1', 10_000),
                                     Server.event('ada', 'c-2', 345))).accepted, 2);

            const before = await follow('c-2');
            assert.deepEqual([before.event_id, before.quantity, before.counts.length], ['c-2', '345', 1]);
            assert.deepEqual(before.counts[0], {
                meter: 'api_calls', reset: 'billing_period', aggregation: 'sum', value: '345', amended_value: null,
                window_start: '2027-08-15T00:00:00Z', window_end: '2027-09-15T00:00:00Z',
                used: '10345', included: '10000', hard_limit: null, overage: '345',
                billing: {state: 'open', charges: []},
            });

            const closed = await server.advance(clock, new Date(Date.UTC(2027, 8, 15) + 2 * hour));
            assert.equal(closed.status, 200, JSON.stringify(closed.body));
            // 345 calls beyond the 10,000 of PRO, at $0.02: $6.90.
            const {state, charges} = await eventually('the charge to be on an invoice', async () => {
                const {billing} = (await follow('c-2')).counts[0];
                return billing.charges[0]?.invoice?.line && billing;
            });
            assert.equal(state, 'closed');
            assert.equal(charges.length, 1);
            const [{kind, quantity, unit_price, amount, invoice}] = charges;
            assert.deepEqual([kind, quantity, unit_price, amount],
                             ['overage', '345', '0.02', {amount: 690, currency: 'USD'}]);
            const billed = await server.admin('GET', `/v1/invoices/${invoice.id}`);
            assert.equal(billed.status, 200, JSON.stringify(billed.body));
            assert.deepEqual([billed.body.number, billed.body.status, billed.body.provider_invoice_id],
                             [invoice.number, invoice.status, invoice.provider_invoice_id]);
            const line = billed.body.lines.find(({id}) => id === invoice.line);
            assert.deepEqual([line.kind, line.amount], ['overage', {amount: 690, currency: 'USD'}]);
            const other = await follow('c-1');
            assert.equal(other.counts[0].billing.charges[0].id, charges[0].id, 'they share the period');
        });

        test('by its own name, and by no other', async () => {
            for (const name of ['bob', 'eve']) await server.customer(name);
            assert.equal((await send(Server.event('bob', 'b-1'), Server.event('bob', 'b-2'))).accepted, 2);
            assert.equal((await named('b-1')).length, 1);
            assert.equal((await named('b-1', {customer: 'bob'})).length, 1);
            assert.deepEqual(await named('b-1', {customer: 'eve'}), []);
            assert.deepEqual(await named('b-3'), []);
            const half = await server.admin('GET', '/v1/events?event_id=b-1');
            assert.deepEqual([half.status, half.body.code], [400, 'request.invalid_query']);
            const none = await server.admin('GET', '/v1/events/ue_00000000000000000000000000');
            assert.deepEqual([none.status, none.body.code], [404, 'event.not_found']);
        });

        test('the default plan charges nothing, and money is for who may read billing', async () => {
            const [{id}] = await named('b-1');
            assert.equal((await follow('b-1')).counts[0].billing, null);
            const [{id: paid}] = await named('c-2');
            const show = async (...scopes) => {
                const {body} = await server.request('GET', `/v1/events/${paid}`,
                                                    {as: await server.sellerKey(...scopes)});
                return body.counts[0].billing?.state;
            };
            assert.equal(await show('usage:read'), undefined);
            assert.equal(await show('usage:read', 'billing:read'), 'closed');
            assert.equal((await server.user('bob', 'GET', `/v1/events/${id}`)).status, 403);
        });

        test("the server's own sources are not for senders", async () => {
            const body = await send({...Server.event('bob', 'g-1'), source: 'turnpike.gateway GET /free'});
            assert.deepEqual(body.rejected.map(({code}) => code), ['reserved_source']);
            const consumed = await server.admin('POST', '/v1/usage/consume', {
                customer: 'bob', meter: 'api_calls', source: 'turnpike.gateway GET /free', id: 'g-1'});
            assert.equal(consumed.status, 400);
            assert.deepEqual(consumed.body.errors.map(({code}) => code), ['reserved_source']);
            assert.equal((await server.gateway('bob', '/signals')).status, 200);
            const {body: listed} = await server.admin('GET', '/v1/events?customer=bob');
            assert.match(listed.data[0].source, /^turnpike\.gateway /);
        });

        test('it is followed after a restart as before', async () => {
            const found = await follow('c-2');
            await server.kill();
            await server.restart();
            assert.deepEqual(await follow('c-2'), found);
        });
    });
