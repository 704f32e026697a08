// The published interface `attribution`, from outside: two providers side by side.
import assert from 'node:assert/strict';
import {createHmac, randomUUID} from 'node:crypto';
import {after, before, describe, test} from 'node:test';
import {eventually} from '../lib/process.mjs';
import {Server, adminToken, engines, userToken} from '../lib/server.mjs';

for (const engine of engines())
    describe(`attribution on ${engine.name}`, () => {
        let server;
        before(async () => {
            server = await Server.besideSandbox({
                database: await engine.database(),
                preset: 'attribution',
                env: {RAZORPAY_KEY_ID: 'rzp_test_turnpikeE2e', RAZORPAY_KEY_SECRET: 'razorpay-secret',
                      RAZORPAY_WEBHOOK_SECRET: 'razorpay-webhooks',
                      TURNPIKE_UPGRADE_URL: 'https://shop.example/plans'},
                razorpay: true,
            });
        });
        after(() => server.end());

        const checkout = (body, key = randomUUID()) =>
            server.request('POST', '/api/billing/create-checkout', {
                body, headers: key === undefined ? {} : {'idempotency-key': key}});
        const checkoutAs = (as, body, headers = {}) =>
            server.request('POST', '/api/billing/create-checkout', {
                as, body, headers: {'idempotency-key': randomUUID(), ...headers}});
        async function subscribed(receipt, plan) {
            const made = await server.admin('POST', '/v1/subscriptions', {
                customer: `ext:${receipt}`, plan, payment_method: 'pm_card_visa'});
            assert.equal(made.status, 201, JSON.stringify(made.body));
            return made.body;
        }
        const check = (receipt, feature) => server.admin(
            'POST', '/v1/entitlements/check', {customer: `ext:${receipt}`, feature});

        test('checkout, once for each key', async () => {
            const key = randomUUID();
            const first = await checkout({receipt: 'test_cust', tier: 'pro'}, key);
            assert.equal(first.status, 200, JSON.stringify(first.body));
            assert.match(first.body.checkout_url, /^http/);
            const again = await checkout({receipt: 'test_cust', tier: 'pro'}, key);
            assert.deepEqual([again.status, again.body], [200, first.body]);
            assert.equal(again.headers.get('idempotent-replayed'), 'true');
            const other = await checkout({receipt: 'test_cust', tier: 'scale'}, key);
            assert.equal(other.status, 422);
            const none = await server.request('POST', '/api/billing/create-checkout',
                                              {body: {receipt: 'test_cust', tier: 'pro'}});
            assert.equal(none.status, 400);
        });

        test('who has the tier is not sold it again', async () => {
            await checkout({receipt: 'has_pro', tier: 'pro'});
            await subscribed('has_pro', 'pro');
            const refused = await checkout({receipt: 'has_pro', tier: 'pro'});
            assert.equal(refused.status, 402, JSON.stringify(refused.body));
            assert.equal(refused.body.upgrade.plan, 'scale');
            assert.equal(refused.body.upgrade_url, 'https://shop.example/plans');
        });

        test('what is neither a feature nor a meter is said to be neither', async () => {
            const {status, body} = await check('asks', 'nope');
            assert.deepEqual([status, body.code, body.detail], [
                404, 'entitlement.no_such_meter', "there is no feature or meter 'nope'"]);
            const meter = await server.admin('POST', '/v1/entitlements/check',
                                             {customer: 'ext:asks', meter: 'nope'});
            assert.equal(meter.body.detail, "there is no meter 'nope'");
        });

        test('a page at one provider keeps nobody from the other', async () => {
            const first = await checkout({receipt: 'wavering', tier: 'pro', provider: 'razorpay'});
            assert.deepEqual([first.status, first.body.provider], [200, 'razorpay']);
            const second = await checkout({receipt: 'wavering', tier: 'pro', provider: 'stripe'});
            assert.deepEqual([second.status, second.body.provider], [200, 'stripe'],
                             JSON.stringify(second.body));
            const {body} = await server.admin(
                'GET', `/v1/checkout_sessions/${first.body.checkout_session}`);
            assert.equal(body.status, 'expired');
            await checkout({receipt: 'wavering', tier: 'pro', provider: 'razorpay'});
            await subscribed('wavering', 'pro');
        });

        test('a receipt alone takes away no page of the seller', async () => {
            await checkout({receipt: 'offered', tier: 'pro'});
            const back = `${server.url}/thanks`;
            const mine = await server.admin('POST', '/v1/checkout_sessions', {
                customer: 'ext:offered', plan: 'scale', success_url: back, cancel_url: back});
            assert.equal(mine.status, 201, JSON.stringify(mine.body));
            const refused = await checkout({receipt: 'offered', tier: 'pro'});
            assert.deepEqual([refused.status, refused.body.code],
                             [409, 'checkout.opened_by_another']);
            assert.match(refused.body.detail, new RegExp(mine.body.id));
        });

        test('a receipt alone takes away no page that was opened with a credential', async () => {
            const key = await server.sellerKey('billing:write');
            const openers = [['by_key', key], ['by_admin', adminToken()],
                             ['by_token', userToken('by_token')]];
            for (const [receipt, as] of openers) {
                const mine = await checkoutAs(as, {receipt, tier: 'scale'});
                assert.equal(mine.status, 200, JSON.stringify(mine.body));
                for (const wish of [{tier: 'pro'}, {tier: 'scale', provider: 'razorpay'}]) {
                    const refused = await checkout({receipt, ...wish});
                    assert.deepEqual([refused.status, refused.body.code],
                                     [409, 'checkout.opened_by_another'], receipt);
                }
                const same = await checkout({receipt, tier: 'scale'});
                assert.equal(same.body.checkout_session, mine.body.checkout_session);
                const changed = await checkoutAs(as, {receipt, tier: 'pro'});
                assert.equal(changed.status, 200, JSON.stringify(changed.body));
            }
        });

        test('a credential of somebody else says no more than the receipt', async () => {
            await checkout({receipt: 'known', tier: 'pro'});
            const made = await server.admin('POST', '/v1/api_keys',
                                            {name: 'app', customer: 'ext:known'});
            assert.equal(made.status, 201, JSON.stringify(made.body));
            for (const [nth, as] of [userToken('stranger'), made.body.secret].entries()) {
                const receipt = `foreign${nth}`;
                const first = await checkoutAs(as, {receipt, tier: 'scale'});
                assert.equal(first.status, 200, JSON.stringify(first.body));
                assert.equal((await checkout({receipt, tier: 'pro'})).status, 200);
                await checkoutAs(adminToken(), {receipt, tier: 'scale'});
                const refused = await checkoutAs(as, {receipt, tier: 'pro'});
                assert.equal(refused.body.code, 'checkout.opened_by_another');
            }
        });

        test('who sends a credential is held to it', async () => {
            const wish = {receipt: 'held', tier: 'pro'};
            const made = await server.admin('POST', '/v1/api_keys',
                                            {name: 'held', scopes: ['billing:write']});
            const {id, secret} = made.body;
            assert.equal((await checkoutAs(secret, wish)).status, 200);
            assert.equal((await server.admin('DELETE', `/v1/api_keys/${id}`)).status, 200);
            assert.equal((await checkoutAs(secret, wish)).status, 401);
            assert.equal((await checkoutAs('nonsense', wish)).status, 401);
            const byHeader = await checkoutAs(null, wish, {'x-api-key': secret});
            assert.deepEqual([byHeader.status, byHeader.body.code], [401, 'access.key_invalid']);
            const refused = await checkoutAs(await server.sellerKey('usage:write'), wish);
            assert.deepEqual([refused.status, refused.body.code], [403, 'access.forbidden']);
            assert.match(refused.body.detail, /billing:write/);
            // A browser sends an outlived session by itself.
            const cookie = '__Host-turnpike_session=tps_gone';
            assert.equal((await checkoutAs(null, wish, {cookie})).status, 200);
        });

        test('a filter that is not known does not answer everything', async () => {
            for (const path of ['/admin/webhooks', '/v1/webhook_events'])
                assert.equal((await server.admin('GET', `${path}?stat=dead`)).body.code,
                             'request.invalid_query', path);
        });

        test('the gates', async () => {
            await checkout({receipt: 'gate', tier: 'pro'});
            for (const [feature, allowed] of [['first_touch', true], ['csv_export', true],
                                              ['ai_attribution', false], ['batch_generate', false],
                                              ['custom_ai_prompts', false],
                                              ['advanced_export', false]])
                assert.equal((await check('gate', feature)).body.allowed, allowed, feature);
            const hint = (await check('gate', 'advanced_export')).body;
            assert.equal(hint.upgrade.plan, 'scale');
            assert.equal((await check('gate', 'batch_generate')).body.upgrade.plan, 'pro');
            const made = await subscribed('gate', 'pro');
            assert.match(made.provider_subscription_id, /^sub_/);
            assert.match(made.provider_customer_id, /^cus_/);
            assert.equal((await check('gate', 'batch_generate')).body.allowed, true);
            assert.equal((await check('gate', 'advanced_export')).body.allowed, false);
            const windows = (await check('gate', 'lookback_windows')).body;
            assert.deepEqual([windows.allowed, windows.limit], [true, 30]);
        });

        test('Razorpay signs its own endpoint, and only that', async () => {
            const body = JSON.stringify({entity: 'event', account_id: 'acc_x',
                                         event: 'subscription.charged', contains: [], payload: {},
                                         created_at: 1});
            const sign = (secret) => createHmac('sha256', secret).update(body).digest('hex');
            const send = (path, secret, id = randomUUID()) => server.request('POST', path, {
                body, headers: {'x-razorpay-signature': sign(secret), 'x-razorpay-event-id': id}});
            assert.equal((await send('/webhook/razorpay', 'razorpay-webhooks')).status, 200);
            assert.equal((await send('/webhook/razorpay', 'something-else')).status, 400);
            assert.equal((await send('/webhook/stripe', 'razorpay-webhooks')).status, 400);
        });

        test('the administrator sees what came, and how it went', async () => {
            await subscribed('watched', 'scale').catch(() => undefined);
            const {status, body} = await eventually('events', async () => {
                const answer = await server.admin('GET', '/admin/webhooks');
                return answer.body.data?.length ? answer : undefined;
            });
            assert.equal(status, 200);
            const one = body.data[0];
            for (const name of ['id', 'event_type', 'provider', 'processed', 'processed_at',
                                'received_at', 'attempts'])
                assert.ok(name in one, name);
            assert.equal(typeof body.success_rate, 'string');
            assert.equal((await server.request('GET', '/admin/webhooks')).status, 401);
            assert.equal((await server.user('x', 'GET', '/admin/webhooks')).status, 403);
        });

        test('only what was given up is tried again by hand', async () => {
            const resend = (id, as = adminToken(), headers = {'idempotency-key': randomUUID()}) =>
                server.request('POST', `/admin/webhooks/${id}/resend`, {as, headers});
            assert.equal((await resend('whin_none')).body.code, 'webhook.event_not_found');
            const {body} = await eventually('one that is done', async () => {
                const answer = await server.admin('GET', '/admin/webhooks?state=done');
                return answer.body.data?.length ? answer : undefined;
            });
            const {id} = body.data[0];
            assert.equal((await resend(id)).body.code, 'webhook.event_not_dead');
            assert.equal((await resend(id, adminToken(), {})).body.code, 'idempotency.key_required');
            assert.equal((await resend(id, userToken('x'))).status, 403);
            assert.equal((await resend(id, null)).status, 401);
        });

        test('coming back from the page, the tier is there', async () => {
            const {body} = await checkout({receipt: 'returns', tier: 'pro'});
            const paid = await fetch(body.checkout_url, {
                method: 'POST', redirect: 'manual',
                body: new URLSearchParams({action: 'card', email: 'b@example.com', exp: '12 / 34',
                                           number: '4242 4242 4242 4242', cvc: '123', name: 'B'}),
            });
            assert.equal(paid.status, 303);
            const back = new URL(paid.headers.get('location'));
            assert.equal(back.searchParams.get('session'), body.checkout_session);
            const page = await server.request('GET', back.pathname + back.search);
            assert.match(page.body, /Your subscription has begun/);
            assert.equal((await check('returns', 'batch_generate')).body.allowed, true);
            const usage = await server.user('returns', 'GET', '/api/billing/usage?receipt=returns');
            assert.deepEqual([usage.body.tier, usage.body.attribution_runs], ['pro', 0]);
            assert.equal(usage.body.reset_at, usage.body.period_end);
            const others = await server.user('x', 'GET', '/api/billing/usage?receipt=returns');
            assert.equal(others.status, 404);
        });

        test('the pages that checkout returns to', async () => {
            for (const path of ['/api/billing/success', '/api/billing/cancel']) {
                const page = await server.request('GET', path);
                assert.equal(page.status, 200, path);
                assert.match(page.headers.get('content-type'), /^text\/html/);
                // A second header of the name would follow after a comma.
                assert.match(page.headers.get('content-security-policy'),
                             /^default-src 'none'; [^,]*frame-ancestors 'none'$/);
                assert.equal(page.headers.get('referrer-policy'), 'no-referrer');
            }
        });

        test('bad input', async () => {
            const table = [[{tier: 'pro'}, 400], [{receipt: 'a', tier: 'gold'}, 400],
                           [{receipt: 'a', tier: 'starter'}, 400], [{receipt: 'a', tier: 7}, 400],
                           [{receipt: '../x', tier: 'pro'}, 400], [{receipt: '', tier: 'pro'}, 400],
                           [{receipt: 'a', tier: 'pro', price: 1}, 400]];
            for (const [body, status] of table)
                assert.equal((await checkout(body)).status, status, JSON.stringify(body));
        });
    });

describe('attribution where a receipt is not enough', () => {
    let server;
    before(async () => {
        server = await Server.besideSandbox({preset: 'attribution',
                                             env: {TURNPIKE_CHECKOUT_NEEDS_KEY: 'yes'}});
    });
    after(() => server.end());

    test('only the seller opens pages', async () => {
        const open = (as) => server.request('POST', '/api/billing/create-checkout', {
            body: {receipt: 'test_cust', tier: 'pro'}, as,
            headers: {'idempotency-key': randomUUID()}});
        assert.equal((await open(null)).status, 401);
        assert.equal((await open(userToken('test_cust'))).status, 403);
        const opened = await open(adminToken());
        assert.equal(opened.status, 200, JSON.stringify(opened.body));
    });
});
