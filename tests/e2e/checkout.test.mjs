// Checkout as a host's pages use it: a real server, a real sandbox, and the forms that a browser posts.
import assert from 'node:assert/strict';
import {after, before, describe, test} from 'node:test';
import {eventually} from '../lib/process.mjs';
import {engines, Server, userToken} from '../lib/server.mjs';

const back = {success_url: 'https://shop.example/welcome?session={CHECKOUT_SESSION_ID}',
              cancel_url: 'https://shop.example/plans'};
const card = {action: 'card', email: 'ada@example.com', number: '4242 4242 4242 4242', exp: '12 / 34',
              cvc: '123', name: 'Ada Lovelace'};

for (const engine of engines())
    describe(engine.name, () => {
        let server;
        before(async () => {
            server = await Server.besideSandbox({database: await engine.database()});
        });
        after(async () => { await server.end(); });

        const customer = async (name) => {
            const made = await server.admin('POST', '/v1/customers', {external_id: name});
            assert.equal(made.status, 201, JSON.stringify(made.body));
            return made.body.id;
        };
        const open = (name, more = {}) => server.admin(
            'POST', '/v1/checkout_sessions', {customer: `ext:${name}`, plan: 'pro', ...back, ...more});
        const read = (id) => server.admin('GET', `/v1/checkout_sessions/${id}`);

        test('a customer pays on the page and comes back', async () => {
            await customer('ada');
            const opened = await open('ada');
            assert.equal(opened.status, 201, JSON.stringify(opened.body));
            assert.deepEqual([opened.body.status, opened.body.subscription], ['open', null]);
            const again = await open('ada');
            assert.deepEqual([again.body.id, again.body.url], [opened.body.id, opened.body.url]);

            const paid = await fetch(opened.body.url, {
                method: 'POST', redirect: 'manual', body: new URLSearchParams(card)});
            assert.equal(paid.status, 303);
            assert.equal(paid.headers.get('location'),
                         `https://shop.example/welcome?session=${opened.body.id}`);
            const {body} = await read(opened.body.id);
            assert.deepEqual([body.status, body.url], ['complete', null]);
            const subscription = await server.admin('GET', `/v1/subscriptions/${body.subscription}`);
            assert.deepEqual([subscription.body.status, subscription.body.plan], ['active', 'pro']);

            const more = await open('ada', {plan: 'starter'});
            assert.deepEqual([more.status, more.body.code], [409, 'subscription.exists']);
            // The webhooks have come meanwhile, and there still is one of each.
            await eventually('the webhooks to be done', async () => {
                const events = (await server.admin('GET', '/v1/webhook_events')).body.data;
                return events.some((e) => e.type === 'checkout.session.completed' && e.state === 'done');
            });
            const all = await server.admin('GET', '/v1/subscriptions?customer=ext:ada');
            assert.deepEqual(all.body.data.map((s) => s.id), [body.subscription]);
            assert.equal((await server.admin('GET', '/v1/invoices?customer=ext:ada')).body.data.length, 1);
        });

        test('a closed page is closed', async () => {
            await customer('bob');
            const {body} = await open('bob');
            const closed = await server.admin('POST', `/v1/checkout_sessions/${body.id}/expire`);
            assert.deepEqual([closed.status, closed.body.status, closed.body.subscription],
                             [200, 'expired', null]);
            const twice = await server.admin('POST', `/v1/checkout_sessions/${body.id}/expire`);
            assert.deepEqual([twice.status, twice.body.status], [200, 'expired']);
            await fetch(body.url, {method: 'POST', redirect: 'manual', body: new URLSearchParams(card)});
            assert.equal((await read(body.id)).body.status, 'expired');
            const none = await server.admin('GET', '/v1/subscriptions?customer=ext:bob');
            assert.deepEqual(none.body.data, []);
        });

        const subscribe = (name, more) => server.admin(
            'POST', '/v1/subscriptions', {customer: `ext:${name}`, plan: 'starter', ...more});

        test('a change is billed as it was shown', async () => {
            await customer('carl');
            const first = (await server.admin('POST', '/v1/subscriptions/preview',
                                              {customer: 'ext:carl', plan: 'starter', quantity: 2})).body;
            assert.deepEqual(first.total, {amount: 5800, currency: 'USD'});
            const {body} = await subscribe('carl', {payment_method: 'pm_card_visa'});
            const at = `/v1/subscriptions/${body.id}`;
            const shown = await server.admin('POST', `${at}/preview_change`, {plan: 'pro'});
            assert.equal(shown.status, 200, JSON.stringify(shown.body));
            assert.equal(shown.body.billed, 'now');
            const sum = shown.body.lines.reduce((total, line) => total + line.amount.amount, 0);
            assert.equal(sum, shown.body.total.amount);
            const token = {preview_token: shown.body.preview_token};
            const other = await server.admin('POST', `${at}/change`, {plan: 'enterprise', ...token});
            assert.deepEqual([other.status, other.body.code], [409, 'subscription.preview_outdated']);
            const changed = await server.admin('POST', `${at}/change`, {plan: 'pro', ...token});
            assert.deepEqual([changed.status, changed.body.plan], [200, 'pro'],
                             JSON.stringify(changed.body));
            const [invoice] = (await server.admin('GET', '/v1/invoices?customer=ext:carl')).body.data;
            assert.deepEqual(invoice.total, shown.body.total);
            const again = await server.admin('POST', `${at}/change`, {plan: 'enterprise', ...token});
            assert.equal(again.status, 409);
            const bad = await server.admin('POST', `${at}/change`, {plan: 'pro', preview_token: 'x'});
            assert.equal(bad.status, 400);
        });

        test('a start that waits for the cardholder', async () => {
            await customer('dora');
            const wanted = {payment_method: 'pm_card_authenticationRequired'};
            const strict = await subscribe('dora', wanted);
            assert.deepEqual([strict.status, strict.body.code], [402, 'payment.authentication_required']);
            assert.match(strict.body.detail, /allow_incomplete/);
            assert.doesNotMatch(strict.body.detail, /default_incomplete|PaymentIntent/);
            const bare = await subscribe('dora', {});
            assert.deepEqual([bare.status, bare.body.code], [400, 'payment.method_required']);
            assert.match(bare.body.detail, /: payment_method$/);
            const waiting = await subscribe('dora', {...wanted, payment_behavior: 'allow_incomplete'});
            assert.deepEqual([waiting.status, waiting.body.status], [201, 'incomplete']);
            const post = (url, action) => fetch(url, {
                method: 'POST', redirect: 'manual', body: new URLSearchParams({action})});
            const page = waiting.body.next_action.url;
            const bank = (await post(page, 'pay')).headers.get('location');
            await post(new URL(bank, page), 'yes');
            await eventually('the webhook to come', async () => {
                const {body} = await server.admin('GET', `/v1/subscriptions/${waiting.body.id}`);
                return body.status === 'active' && body.next_action === null;
            });
            const odd = await subscribe('dora', {...wanted, payment_behavior: 'whatever'});
            assert.equal(odd.status, 400);
        });

        describe('bad input', () => {
            before(async () => { await customer('eve'); });
            const table = [
                ['an unknown customer', {customer: 'ext:nobody'}, 404, undefined],
                ['an unknown plan', {plan: 'gold'}, 400, undefined],
                ['the default plan', {plan: 'free'}, 400, undefined],
                ['an unknown currency', {currency: 'QQQ'}, 400, '/currency'],
                ['a currency that is not sold', {currency: 'JPY'}, 400, undefined],
                ['an unknown interval', {interval: 'fortnight'}, 400, '/interval'],
                ['no quantity', {quantity: 0}, 400, '/quantity'],
                ['a fraction', {quantity: 1.5}, 400, '/quantity'],
                ['a negative trial', {trial_days: -1}, 400, '/trial_days'],
                ['a trial for ever', {trial_days: 731}, 400, '/trial_days'],
                ['a price of his own', {price: 'price_1'}, 400, '/price'],
                ['a status of his own', {status: 'complete'}, 400, '/status'],
                ['an unknown provider', {provider: 'paypal'}, 422, undefined],
                ['no success URL', {success_url: undefined}, 400, '/success_url'],
                ['another origin', {success_url: 'https://evil.example/'}, 422, '/success_url'],
                ['no scheme', {success_url: '//evil.example'}, 422, '/success_url'],
                ['no host', {cancel_url: 'https:evil.example'}, 422, '/cancel_url'],
                ['credentials', {cancel_url: 'https://shop.example@evil.example/'}, 422, '/cancel_url'],
                ['backslashes', {success_url: 'https:\\\\evil.example'}, 422, '/success_url'],
                ['an escaped host', {success_url: 'https://shop.example%2f%2fevil.example'}, 422,
                 '/success_url'],
                ['a script', {success_url: 'javascript:alert(1)'}, 422, '/success_url'],
                ['another port', {success_url: 'https://shop.example:444/'}, 422, '/success_url'],
                ['a name beyond ASCII', {success_url: 'https://shöp.example/'}, 422, '/success_url'],
                ['a tab', {success_url: 'https://shop.example/\tx'}, 400, '/success_url'],
                ['the id as a host', {success_url: 'https://{CHECKOUT_SESSION_ID}.example/'},
                 422, '/success_url'],
            ];
            for (const [name, fields, status, pointer] of table)
                test(name, async () => {
                    const answer = await open('eve', fields);
                    assert.equal(answer.status, status, JSON.stringify(answer.body));
                    if (pointer)
                        assert.ok(answer.body.errors.some((e) => e.pointer === pointer),
                                  JSON.stringify(answer.body));
                });
            test('nothing was opened by any of them', async () => {
                const audit = await server.admin('GET', '/v1/audit_events?customer=ext:eve');
                assert.ok(audit.body.data.every((e) => !e.action.startsWith('checkout.')));
            });
            test('a session that is none', async () => {
                for (const id of ['chk_0', 'nothing', 'chk_01JZZZZZZZZZZZZZZZZZZZZZZZ'])
                    assert.equal((await read(id)).status, 404);
            });
            test('a customer opens no page by himself', async () => {
                const answer = await server.request('POST', '/v1/checkout_sessions',
                                                    {as: userToken('eve'), body: {}});
                assert.equal(answer.status, 403);
            });
        });
    });
