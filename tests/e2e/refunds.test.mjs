// Money that goes back, through both providers, over the API and by their webhooks; and what
// endpoints are told of it, of checkouts and of trials.
import assert from 'node:assert/strict';
import {after, before, describe, test} from 'node:test';
import {startListener} from '../lib/listener.mjs';
import {eventually, freePort} from '../lib/process.mjs';
import {call, startSandbox} from '../lib/sandbox.mjs';
import {engines, Server} from '../lib/server.mjs';

const keys = {id: 'rzp_test_e2e', secret: 'razorpaySecret'};

for (const engine of engines())
    describe(`refunds on ${engine.name}`, () => {
        let sandbox, server, twin, listener;
        const razorpay = async (method, path, body) => {
            const basic = Buffer.from(`${keys.id}:${keys.secret}`).toString('base64');
            const response = await fetch(twin + path, {
                method,
                headers: {authorization: `Basic ${basic}`, 'content-type': 'application/json'},
                body: body && JSON.stringify(body),
            });
            const answer = await response.json();
            assert.equal(response.status, 200, `${method} ${path}: ${JSON.stringify(answer)}`);
            return answer;
        };
        before(async () => {
            const port = await freePort();
            twin = `http://127.0.0.1:${port}`;
            sandbox = await startSandbox({args: ['--razorpay-listen', `127.0.0.1:${port}`]});
            await sandbox.program.answering(twin);
            server = await Server.start(sandbox, {
                database: await engine.database(),
                env: {RAZORPAY_KEY_ID: keys.id, RAZORPAY_KEY_SECRET: keys.secret,
                      RAZORPAY_API_BASE: twin, RAZORPAY_WEBHOOK_SECRET: 'razorpay-webhook-secret',
                      TURNPIKE_WEBHOOKS_ALLOW_PRIVATE: '127.0.0.0/8'},
            });
            await razorpay('POST', '/v1/webhooks', {
                url: `${server.url}/webhooks/razorpay`, secret: 'razorpay-webhook-secret',
                events: ['subscription.activated', 'subscription.authenticated',
                         'subscription.charged', 'invoice.paid', 'refund.created',
                         'refund.processed', 'refund.failed'],
            });
            listener = await startListener();
        });
        after(async () => {
            await listener.close();
            await server.end();
        });

        const refund = (invoice, body, headers) =>
            server.request('POST', `/v1/invoices/${invoice}/refunds`, {
                as: server.root, body, headers});
        const invoicesOf = async (name) =>
            (await server.admin('GET', `/v1/invoices?customer=ext:${name}`)).body.data;
        const refundsOf = async (name) =>
            (await server.admin('GET', `/v1/refunds?customer=ext:${name}`)).body.data;
        /// Who pays $99.00 for PRO: his invoice.
        const buyer = async (name, more = {payment_method: 'pm_card_visa'}) => {
            await server.customer(name);
            const made = await server.admin('POST', '/v1/subscriptions',
                                            {customer: `ext:${name}`, plan: 'pro', ...more});
            assert.equal(made.status, 201, JSON.stringify(made.body));
            if (made.body.authorization_url) {
                const page = await fetch(made.body.authorization_url, {
                    method: 'POST', redirect: 'manual',
                    body: new URLSearchParams({action: 'authorise'})});
                assert.equal(page.status, 303);
            }
            await eventually('the invoice to be paid', async () =>
                (await invoicesOf(name))[0]?.amount_paid.amount === 9900);
            return (await invoicesOf(name))[0].id;
        };

        test('the same key gives the same refund, and another one is another', async () => {
            server.root = await server.sellerKey('billing:read', 'billing:write', 'customers:read');
            const invoice = await buyer('ada');
            const key = {'idempotency-key': 'ada-1'};
            const first = await refund(invoice, {amount: 1000, reason: 'duplicate'}, key);
            assert.equal(first.status, 201, JSON.stringify(first.body));
            assert.equal(first.body.object, 'refund');
            assert.deepEqual(first.body.amount, {amount: 1000, currency: 'USD'});
            assert.equal(first.body.status, 'succeeded');
            assert.equal(first.body.reason, 'duplicate');
            const again = await refund(invoice, {amount: 1000, reason: 'duplicate'}, key);
            assert.equal(again.body.id, first.body.id);
            assert.equal(again.headers.get('idempotent-replayed'), 'true');
            assert.notEqual((await refund(invoice, {amount: 1000})).body.id, first.body.id);
            const shown = await server.admin('GET', `/v1/invoices/${invoice}`);
            assert.deepEqual(shown.body.amount_refunded, {amount: 2000, currency: 'USD'});
            assert.equal(shown.body.disputed, false);
            const csv = await server.admin('GET', '/v1/invoices.csv?customer=ext:ada');
            const [names, line] = csv.body.split('\r\n').map((one) => one.split(','));
            assert.equal(line[names.indexOf('amount_refunded')], '20');
        });

        test('ten at once never take more than was paid', async () => {
            const invoice = await buyer('bob');
            const answers = await Promise.all(
                Array.from({length: 10}, () => refund(invoice, {amount: 3000})));
            // 3 x 30.00 = 90.00; a fourth would be 120.00.
            assert.equal(answers.filter(({status}) => status === 201).length, 3);
            const {body} = await call(sandbox, 'GET', '/v1/charges', {limit: 1});
            assert.equal(body.data[0].amount_refunded, 9000);
        });

        test('what is refused, and for whom', async () => {
            const invoice = await buyer('cleo');
            const code = async (body, id = invoice) => (await refund(id, body)).body.code;
            assert.equal(await code({amount: 9901}), 'refund.exceeds_payment');
            assert.equal(await code({amount: 1, currency: 'EUR'}), 'refund.wrong_currency');
            assert.equal(await code({}, 'inv_01J00000000000000000000000'), 'invoice.not_found');
            assert.equal(await code({}, 'nonsense'), 'invoice.not_found');
            for (const body of [{amount: 0}, {amount: -5}, {amount: 1.5}, {amount: '5'},
                                {amount: null}, {reason: 'because'}, {what: 1},
                                {amount: 1, currency: 'ZZZ'}])
                assert.equal(await code(body), 'request.invalid_body', JSON.stringify(body));
            const asUser = await server.user('cleo', 'POST', `/v1/invoices/${invoice}/refunds`, {});
            assert.equal(asUser.status, 403);
            const reader = await server.sellerKey('billing:read');
            const asReader = await server.request('POST', `/v1/invoices/${invoice}/refunds`,
                                                  {as: reader, body: {}});
            assert.equal(asReader.status, 403);
            assert.deepEqual(await refundsOf('cleo'), []);
        });

        test('a user sees his own', async () => {
            const invoice = await buyer('dora');
            await buyer('eve', {payment_method: 'pm_card_createDispute'});
            await refund(invoice, {amount: 500});
            const seen = async (name, path) => (await server.user(name, 'GET', path)).body.data;
            assert.equal((await seen('dora', '/v1/refunds')).length, 1);
            assert.equal((await seen('eve', '/v1/refunds')).length, 0);
            await eventually('the dispute to be known', async () =>
                (await seen('eve', '/v1/disputes')).length === 1);
            assert.equal((await seen('dora', '/v1/disputes')).length, 0);
            assert.equal((await seen('nobody', '/v1/refunds')).length, 0);
            const foreign = await server.user('eve', 'GET', '/v1/refunds?customer=ext:dora');
            assert.equal(foreign.status, 404);
            const none = await server.user('eve', 'GET', `/v1/refunds?invoice=${invoice}`);
            assert.deepEqual(none.body.data, []);
            for (const query of ['status=gone', 'currency=ZZZ', 'assigned=maybe', 'invoice=1',
                                 'x=1'])
                assert.equal((await server.admin('GET', `/v1/refunds?${query}`)).status, 400,
                             query);
            const page = await server.admin('GET', '/v1/refunds?limit=1&status=succeeded');
            assert.equal(page.body.has_more, true);
            const next = await server.admin(
                'GET', `/v1/refunds?limit=1&status=succeeded&cursor=${page.body.next_cursor}`);
            assert.notEqual(next.body.data[0].id, page.body.data[0].id);
        });

        test('a refund without an answer is found', async () => {
            const invoice = await buyer('finn');
            await fetch(`${sandbox.url}/_sandbox/chaos`, {
                method: 'POST', headers: {'content-type': 'application/json'},
                body: JSON.stringify({call: 'POST /v1/refunds', do: 'timeout_after_commit',
                                      next: 1000, wait_ms: 10})});
            const unknown = await refund(invoice, {amount: 4000}, {'idempotency-key': 'finn-1'});
            assert.equal(unknown.status, 503, JSON.stringify(unknown.body));
            assert.equal(unknown.body.code, 'payment.outcome_unknown');
            const more = await refund(invoice, {amount: 6000});
            assert.equal(more.body.code, 'refund.exceeds_payment');
            await fetch(`${sandbox.url}/_sandbox/chaos`, {method: 'DELETE'});
            await eventually('the refund to be known by its event', async () =>
                (await refundsOf('finn'))[0].status === 'succeeded');
            const again = await refund(invoice, {amount: 4000}, {'idempotency-key': 'finn-1'});
            assert.equal(again.status, 201, JSON.stringify(again.body));
            assert.equal((await refundsOf('finn')).length, 1);
            assert.equal((await invoicesOf('finn'))[0].amount_refunded.amount, 4000);
        });

        test('Razorpay gives back what it took', async () => {
            const invoice = await buyer('gita', {provider: 'razorpay'});
            const first = await refund(invoice, {amount: 4000, reason: 'requested_by_customer'});
            assert.equal(first.status, 201, JSON.stringify(first.body));
            assert.equal(first.body.provider, 'razorpay');
            // The rest goes back in Razorpay's dashboard: 99.00 - 40.00 = 59.00.
            await razorpay('POST', `/v1/payments/${first.body.provider_payment_id}/refund`, {});
            await eventually('the other refund to be known', async () =>
                (await invoicesOf('gita'))[0].amount_refunded.amount === 9900);
            assert.deepEqual((await refundsOf('gita')).map(({amount}) => amount.amount).sort(),
                             [4000, 5900]);
            assert.equal((await refund(invoice, {})).body.code, 'refund.nothing_left');
        });

        test('endpoints are told, and of which provider is signed for wrongly', async () => {
            const made = await server.admin('POST', '/v1/webhook_endpoints', {
                url: listener.url, events: ['refund.*', 'dispute.*', 'checkout.*', 'webhook.*']});
            assert.equal(made.status, 201, JSON.stringify(made.body));
            const invoice = await buyer('hal');
            await refund(invoice, {});
            await server.customer('ivy');
            const page = await server.admin('POST', '/v1/checkout_sessions', {
                customer: 'ext:ivy', plan: 'pro', success_url: 'https://shop.example/a',
                cancel_url: 'https://shop.example/b'});
            assert.equal(page.status, 201, JSON.stringify(page.body));
            const forged = await server.request('POST', '/webhooks/razorpay', {
                body: '{}', headers: {'x-razorpay-signature': 'f'.repeat(64)}});
            assert.equal(forged.status, 400);
            const told = () => listener.deliveries.map(({body}) => JSON.parse(body));
            await eventually('all to be told', async () => told().length >= 3);
            const of = (type) => told().find((one) => one.type === type)?.data;
            assert.equal(of('refund.created').amount.amount, 9900);
            assert.equal(of('refund.created').invoice, invoice);
            assert.equal(of('checkout.started').url, page.body.url);
            assert.equal(of('webhook.signature_failed').provider, 'razorpay');
        });

        test('a trial that is about to end is told of once, whoever bills it', async () => {
            const ears = await startListener();
            const made = await server.admin('POST', '/v1/webhook_endpoints', {
                url: ears.url, events: ['subscription.trial_will_end']});
            assert.equal(made.status, 201, JSON.stringify(made.body));
            const trials = [];
            for (const provider of ['stripe', 'razorpay']) {
                await server.customer(`trier.${provider}`);
                const begun = await server.admin('POST', '/v1/subscriptions', {
                    customer: `ext:trier.${provider}`, plan: 'pro', trial_days: 2, provider,
                    ...(provider === 'stripe' ? {payment_method: 'pm_card_visa'} : {})});
                assert.equal(begun.status, 201, JSON.stringify(begun.body));
                trials.push(begun.body.id);
                if (begun.body.authorization_url)
                    await fetch(begun.body.authorization_url, {
                        method: 'POST', redirect: 'manual',
                        body: new URLSearchParams({action: 'authorise'})});
            }
            const told = () => ears.deliveries.map(({body}) => JSON.parse(body).data.id).sort();
            await eventually('both to be told', async () => told().length >= 2);
            assert.deepEqual(told(), trials.sort());
            await ears.close();
        });
    });
