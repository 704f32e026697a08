// Invoices as people read them: why a line says what it says, that it can be told again from the events, CSV and paper.
import assert from 'node:assert/strict';
import {createHash} from 'node:crypto';
import {after, before, describe, test} from 'node:test';
import {binary, eventually, run} from '../lib/process.mjs';
import {engines, Server, userToken} from '../lib/server.mjs';

const hour = 3600 * 1000;

for (const engine of engines())
    describe(engine.name, () => {
        let server, database, invoice, line;
        const march = new Date(Date.UTC(2027, 2, 1)), april = new Date(Date.UTC(2027, 3, 1));

        const get = async (path) => {
            const {status, body} = await server.admin('GET', path);
            assert.equal(status, 200, JSON.stringify(body));
            return body;
        };
        const raw = (path, as, headers = {}) =>
            fetch(server.url + path, {headers: {Authorization: `Bearer ${as}`, ...headers}});

        before(async () => {
            database = await engine.database();
            server = await Server.besideSandbox({database, env: {TURNPIKE_SELLER_NAME: 'Example Ltd'}});
            // PRO: 10,000 calls, then $0.02 each. 345 of them are $6.90.
            const clock = await server.customerOnClock('ada', march);
            assert.equal((await server.subscribe('ada', 'pro')).status, 200);
            const sent = await server.admin('POST', '/v1/events', [
                Server.event('ada', 'i-1', 10_000), Server.event('ada', 'i-2', 400),
                {id: 'i-3', source: 'e2e', customer: 'ada',
                 amend: {source: 'e2e', id: 'i-2', quantity: 345}}]);
            assert.deepEqual(sent.body.rejected, []);
            assert.equal((await server.advance(clock, new Date(april.getTime() + 2 * hour))).status, 200);
            [invoice, line] = await eventually('the overage to be on an invoice', async () => {
                const {data} = await get('/v1/invoices?customer=ada');
                for (const found of data)
                    for (const one of found.lines) if (one.kind === 'overage') return [found, one];
                return undefined;
            });
        });
        after(() => server.end());

        test('a line of overage says what it follows from, and its digest is that of the events', async () => {
            assert.deepEqual(line.amount, {amount: 690, currency: 'USD'});
            const path = `/v1/invoice_lines/${line.id}/explain`;
            const first = await get(`${path}?limit=2`);
            const {charge} = first;
            assert.deepEqual([charge.kind, charge.used, charge.quantity, charge.unit_price],
                             ['overage', '10345', '345', '0.02']);
            const [segment] = charge.segments;
            assert.deepEqual([segment.plan.key, segment.included, segment.covered, segment.overage, segment.exact],
                             ['pro', '10000', '10000', '345', '6.9']);
            assert.equal(first.events.has_more, true);
            const rest = await get(`${path}?limit=2&cursor=${encodeURIComponent(first.events.next_cursor)}`);
            assert.equal(rest.events.has_more, false);
            const entries = [...first.events.data, ...rest.events.data];
            assert.deepEqual(entries.map(({number, kind, event_id, quantity}) => [number, kind, event_id, quantity]),
                             [[1, 'event', 'i-1', '10000'], [2, 'event', 'i-2', '400'], [3, 'amend', 'i-3', '-55']]);
            const text = entries.map((e) => [e.kind, e.source, e.event_id, e.segment, e.quantity,
                                             ...(e.corrects ? [e.corrects.source, e.corrects.event_id] : [])]
                .join('\t') + '\n').join('');
            assert.equal(charge.proof.digest, createHash('sha256').update(text).digest('hex'));
            assert.equal(charge.proof.entries, 3);
        });

        test('a customer sees his own and nobody else\'s', async () => {
            await server.customer('bob');
            for (const path of [`/v1/invoice_lines/${line.id}/explain`, `/v1/invoices/${invoice.id}`,
                                `/v1/invoices/${invoice.id}/pdf`]) {
                assert.equal((await raw(path, userToken('ada'))).status, 200, path);
                for (const other of ['bob', 'nobody']) {
                    const refused = await raw(path, userToken(other));
                    assert.equal(refused.status, 404, path);
                    assert.match((await refused.json()).code, /^invoice(_line)?\.not_found$/);
                }
            }
            const own = await (await raw('/v1/invoices', userToken('ada'))).json();
            assert.ok(own.data.length >= 2);
            assert.deepEqual((await (await raw('/v1/invoices', userToken('nobody'))).json()).data, []);
            assert.equal((await raw('/v1/invoices?customer=ada', userToken('bob'))).status, 404);
        });

        test('filters', async () => {
            const count = async (query) => (await get(`/v1/invoices?customer=ada&${query}`)).data.length;
            const all = await count('');
            assert.equal(await count('currency=usd&provider=stripe'), all);
            assert.equal(await count('currency=eur'), 0);
            assert.equal(await count('provider=razorpay'), 0);
            assert.equal(await count(`status=${invoice.status}&number=${invoice.number ?? ''}`) >= (invoice.number ? 1 : 0), true);
            const wrong = await server.admin('GET', '/v1/invoices?status=lost');
            assert.deepEqual([wrong.status, wrong.body.code], [400, 'request.invalid_query']);
        });

        test('CSV, page by page', async () => {
            const first = await raw('/v1/invoices.csv?customer=ada&limit=1', userToken('ada'));
            assert.equal(first.status, 200);
            assert.match(first.headers.get('content-type'), /^text\/csv/);
            const lines = (await first.text()).split('\r\n');
            assert.equal(lines.length, 3, 'names, one invoice, and nothing behind the last CRLF');
            assert.match(lines[0], /^id,number,status,customer,/);
            assert.match(lines[1], /,usd,/);
            const [, next] = first.headers.get('link').match(/^<(.*)>; rel="next"$/);
            const second = await raw(next, userToken('ada'));
            assert.equal(second.status, 200);
            assert.notEqual((await second.text()).split('\r\n')[1], lines[1]);
            assert.equal((await raw('/v1/invoices.csv?limit=10001', userToken('ada'))).status, 400);
        });

        test('paper, once', async () => {
            const path = `/v1/invoices/${invoice.id}/pdf`;
            const paper = await raw(path, userToken('ada'));
            assert.equal(paper.headers.get('content-type'), 'application/pdf');
            assert.equal(Buffer.from(await paper.arrayBuffer()).subarray(0, 5).toString(), '%PDF-');
            const again = await raw(path, userToken('ada'), {'If-None-Match': paper.headers.get('etag')});
            assert.equal(again.status, 304);
        });

        test('recomputed by a running server, and by the command when it is stopped', async () => {
            const told = await server.admin('POST', '/v1/recomputations', {invoice: invoice.id});
            assert.equal(told.status, 200, JSON.stringify(told.body));
            assert.deepEqual(told.body, {object: 'recomputation', charges: 1, entries: 3, differences: []});
            const missing = await server.admin('POST', '/v1/recomputations', {});
            assert.equal(missing.status, 400);

            const env = {STRIPE_SECRET_KEY: 'sk_test_recompute', STRIPE_WEBHOOK_SECRET: 'whsec_x',
                         TURNPIKE_JWT_SECRET: 'x'.repeat(32)};
            const flags = ['--data', server.data, ...(database ? ['--database', database] : [])];
            if (engine.name === 'SQLite') {
                const refused = await run(binary, ['recompute', invoice.id, ...flags], env);
                assert.equal(refused.code, 1);
                assert.match(refused.output, /POST \/v1\/recomputations/);
                await server.stop();
            }
            for (const what of [[invoice.id], ['--all'], ['--all', '--since', '2020-01-01T00:00:00Z']]) {
                const {code, output} = await run(binary, ['recompute', ...what, ...flags], env);
                assert.equal(code, 0, output);
                assert.match(output, /1 charges rated again from 3 events and corrections, 0 differences/);
            }
            const wrong = await run(binary, ['recompute', ...flags], env);
            assert.equal(wrong.code, 2, wrong.output);
            if (engine.name === 'SQLite') await server.restart();
        });
    });
