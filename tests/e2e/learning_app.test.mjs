// The published interface `learning-app`, from outside: a real server, a real sandbox, HTTP.
import assert from 'node:assert/strict';
import {after, before, describe, test} from 'node:test';
import {eventually} from '../lib/process.mjs';
import {call} from '../lib/sandbox.mjs';
import {Server, engines} from '../lib/server.mjs';

const prefix = '/api/v1/payments';
const back = 'https://app.example';

for (const engine of engines())
    describe(`learning-app on ${engine.name}`, () => {
        let server;
        before(async () => {
            server = await Server.besideSandbox({
                database: await engine.database(),
                preset: 'learning-app',
                env: {TURNPIKE_ALLOWED_ORIGINS: back},
            });
        });
        after(() => server.end());

        const checkout = (who, tier, more = {}) =>
            server.user(who, 'POST', `${prefix}/create-checkout-session`, {
                tier, success_url: `${back}/thanks`, cancel_url: `${back}/plans`, ...more});
        const subscription = (who) => server.user(who, 'GET', `${prefix}/subscription`);
        const usage = (who) => server.user(who, 'GET', `${prefix}/usage`);
        /// Pays on the hosted page, as the customer does.
        const pay = (url) => fetch(url, {
            method: 'POST', redirect: 'manual',
            body: new URLSearchParams({action: 'card', email: 'buyer@example.com', exp: '12 / 34',
                                       number: '4242 4242 4242 4242', cvc: '123', name: 'A Buyer'}),
        });
        /// Subscribes without a browser: with a card on file.
        async function subscribed(who, tier) {
            await subscription(who);
            const made = await server.admin('POST', '/v1/subscriptions', {
                customer: `ext:${who}`, plan: tier, payment_method: 'pm_card_visa'});
            assert.equal(made.status, 201, JSON.stringify(made.body));
        }
        const use = (who, meter, quantity) => server.admin('POST', '/v1/usage/consume', {
            customer: `ext:${who}`, meter, quantity, source: 'e2e', id: `${who}-${meter}-${quantity}`});

        test('the tiers are public, with their features', async () => {
            const {status, body} = await server.request('GET', `${prefix}/pricing`);
            assert.equal(status, 200);
            assert.deepEqual(body.tiers.map((one) => [one.tier, one.price_amount]),
                             [['free', 0], ['premium', 999], ['plus', 1999], ['enterprise', null]]);
            assert.deepEqual(body.tiers.map((one) => one.price), ['0.00', '9.99', '19.99', null]);
            for (const one of body.tiers) assert.ok(one.features.length > 0, one.tier);
        });

        test('who has bought nothing has the free allowances, as published', async () => {
            assert.deepEqual((await usage('newcomer')).body, {
                can_use_ai: true, can_start_scenario: true, ai_minutes_used: 0, ai_minutes_limit: 30,
                scenarios_completed: 0, scenarios_limit: 5});
            assert.equal((await use('newcomer', 'ai_minutes', 15)).status, 200);
            assert.equal((await use('newcomer', 'scenarios', 2)).status, 200);
            assert.deepEqual((await usage('newcomer')).body, {
                can_use_ai: true, can_start_scenario: true, ai_minutes_used: 15,
                ai_minutes_limit: 30, scenarios_completed: 2, scenarios_limit: 5});
            const {body} = await subscription('newcomer');
            assert.deepEqual([body.tier, body.status], ['free', 'none']);
        });

        test('the limits stop, and say how to go on', async () => {
            await usage('stopped');
            assert.equal((await use('stopped', 'ai_minutes', 30)).status, 200);
            const denied = await use('stopped', 'ai_minutes', 1);
            assert.deepEqual([denied.status, denied.body.code], [402, 'limit_exceeded']);
            assert.equal(denied.body.upgrade.plan, 'premium');
            const {body} = await usage('stopped');
            assert.deepEqual([body.can_use_ai, body.can_start_scenario], [false, true]);
        });

        test('allowances begin anew at midnight and on Monday, UTC', async () => {
            const clock = await server.customerOnClock('clocked', new Date('2026-05-01T22:00:00Z'));
            await use('clocked', 'ai_minutes', 30);
            await use('clocked', 'scenarios', 5);
            await server.advance(clock, new Date('2026-05-02T00:00:00Z'));  // a Saturday
            const saturday = (await usage('clocked')).body;
            assert.deepEqual([saturday.ai_minutes_used, saturday.scenarios_completed], [0, 5]);
            await server.advance(clock, new Date('2026-05-04T00:00:00Z'));  // a Monday
            assert.equal((await usage('clocked')).body.scenarios_completed, 0);
        });

        test('checkout: a page, a payment, the tier', async () => {
            const {status, body} = await checkout('buyer', 'premium');
            assert.equal(status, 200, JSON.stringify(body));
            assert.match(body.session_id, /^c/);
            assert.match(body.url, /^http/);
            assert.equal((await subscription('buyer')).body.tier, 'free');
            const paid = await pay(body.url);
            assert.equal(paid.status, 303);
            await eventually('the tier', async () =>
                (await subscription('buyer')).body.tier === 'premium');
            const mine = (await subscription('buyer')).body;
            assert.equal(mine.status, 'active');
            const listed = () => server.user('buyer', 'GET', `${prefix}/invoices?limit=10`);
            await eventually('the invoice', async () => (await listed()).body.data.length > 0);
            const {body: invoices} = await listed();
            assert.deepEqual(invoices.data.map((one) => [one.amount, one.status]), [[999, 'paid']]);
            assert.match(invoices.data[0].hosted_invoice_url, /^http/);
            assert.match(invoices.data[0].invoice_pdf, /^http/);
            for (const tier of ['premium', 'plus']) {
                const again = await checkout('buyer', tier);
                assert.deepEqual([again.status, again.body.code], [409, 'subscription.exists']);
                assert.match(again.body.detail, /customer-portal/, 'the only way to another tier');
            }
        });

        test('the same checkout again is the same session', async () => {
            const first = await checkout('hesitant', 'plus');
            const again = await checkout('hesitant', 'plus');
            assert.equal(again.body.session_id, first.body.session_id);
        });

        test('a trial by checkout', async () => {
            const {body} = await checkout('trier', 'premium', {trial_days: 14});
            await pay(body.url);
            await eventually('the trial', async () =>
                (await subscription('trier')).body.status === 'trialing');
        });

        test('cancel: at the end, or at once', async () => {
            await subscribed('leaver', 'premium');
            const later = await server.user('leaver', 'POST',
                                            `${prefix}/cancel-subscription?immediate=false`);
            assert.equal(later.status, 200, JSON.stringify(later.body));
            assert.deepEqual([later.body.status, later.body.cancel_at_period_end], ['active', true]);
            const now = await server.user('leaver', 'POST',
                                          `${prefix}/cancel-subscription?immediate=true`);
            assert.equal(now.status, 200, JSON.stringify(now.body));
            assert.equal((await subscription('leaver')).body.tier, 'free');
        });

        test('a paid tier has no limit', async () => {
            await subscribed('unlimited', 'premium');
            assert.equal((await use('unlimited', 'ai_minutes', 1000)).status, 200);
            const {body} = await usage('unlimited');
            assert.deepEqual([body.can_use_ai, body.ai_minutes_used, body.ai_minutes_limit],
                             [true, 1000, -1]);
        });

        test('guards of tiers, for the host', async () => {
            await subscribed('guarded', 'premium');
            const check = (who, feature) => server.admin('POST', '/v1/entitlements/check',
                                                         {customer: `ext:${who}`, feature});
            assert.equal((await check('guarded', 'tier_premium')).body.allowed, true);
            const plus = await check('guarded', 'tier_plus');
            assert.deepEqual([plus.body.allowed, plus.body.upgrade.plan], [false, 'plus']);
        });

        test('the portal', async () => {
            await subscribed('visitor', 'premium');
            const {status, body} = await server.user('visitor', 'POST', `${prefix}/customer-portal`,
                                                     {return_url: `${back}/account`});
            assert.equal(status, 200, JSON.stringify(body));
            assert.match(body.url, /^http/);
        });

        test('what Stripe tells is mirrored', async () => {
            await subscribed('mirrored', 'plus');
            const list = await server.admin('GET', '/v1/subscriptions?customer=ext:mirrored');
            await call(server.sandbox, 'DELETE',
                       `/v1/subscriptions/${list.body.data[0].provider_subscription_id}`);
            await eventually('the end', async () =>
                (await subscription('mirrored')).body.tier === 'free');
        });

        describe('bad input', () => {
            const table = [
                ['an unknown tier', {tier: 'gold'}, 400],
                ['the free tier', {tier: 'free'}, 400],
                ['a tier that is talked about', {tier: 'enterprise'}, 400],
                ['a trial without end', {trial_days: 9999}, 400],
                ['a return elsewhere', {success_url: 'https://evil.example/x'}, 422],
                ['a return to no host', {success_url: '//evil.example'}, 422],
                ['a script', {cancel_url: 'javascript:alert(1)'}, 422],
                ['a name before the host', {success_url: 'https://app.example@evil.example'}, 422],
                ['an unknown field', {price: 1}, 400],
            ];
            for (const [name, more, status] of table)
                test(name, async () => {
                    const answer = await checkout('mistaken', 'premium', more);
                    assert.equal(answer.status, status, JSON.stringify(answer.body));
                });
            test('nobody', async () => {
                for (const [method, path] of [['GET', '/subscription'], ['GET', '/usage'],
                                              ['GET', '/invoices'], ['POST', '/customer-portal']])
                    assert.equal((await server.request(method, prefix + path)).status, 401, path);
            });
            test('canceling nothing', async () => {
                const answer = await server.user('nothing', 'POST', `${prefix}/cancel-subscription`);
                assert.equal(answer.status, 404);
            });
            test('a limit that is none', async () => {
                const answer = await server.user('nothing', 'GET', `${prefix}/invoices?limit=0`);
                assert.equal(answer.status, 400);
            });
        });
    });
