// The published interface `api-metering`, from outside: a real server, a real sandbox, HTTP.
import assert from 'node:assert/strict';
import {after, before, describe, test} from 'node:test';
import {eventually} from '../lib/process.mjs';
import {RecordingProxy} from '../lib/recording_proxy.mjs';
import {all, call, startSandbox} from '../lib/sandbox.mjs';
import {Server, adminToken, engines, token, userToken} from '../lib/server.mjs';
import {StripeSchemas} from '../lib/stripe_schemas.mjs';

const hour = 3600 * 1000;
const schemas = new StripeSchemas();

for (const engine of engines())
    describe(engine.name, () => {
        let sandbox, proxy, server;
        before(async () => {
            sandbox = await startSandbox();
            proxy = await RecordingProxy.start(sandbox.url);
            server = await Server.start(sandbox, {database: await engine.database(),
                                                  env: {STRIPE_API_BASE: proxy.url}});
        });
        after(async () => {
            await server.end();
            proxy.stop();
        });

        test('the tiers are published with their prices', async () => {
            const {status, body} = await server.request('GET', '/pricing');
            assert.equal(status, 200);
            assert.deepEqual(body.tiers.map((t) => [t.tier, t.price_amount]),
                             [['free', 0], ['starter', 2900], ['pro', 9900], ['enterprise', 49900]]);
        });

        test('a month of PRO: subscribe, use, close, cancel', async () => {
            const start = new Date(Date.UTC(2027, 7, 15));
            const end = new Date(Date.UTC(2027, 8, 15));
            const clock = await server.customerOnClock('month', start);
            const subscribed = await server.subscribe('month', 'pro');
            assert.equal(subscribed.status, 200, JSON.stringify(subscribed.body));
            assert.equal(await server.use('month', 12345, 'month'), 12345);
            assert.equal(await server.use('month', 100, 'month'), 0);  // the same ids again

            const {body} = await server.status('month');
            assert.equal(body.has_subscription, true);
            assert.equal(body.tier, 'pro');
            assert.equal(body.status, 'active');
            assert.equal(body.expires_at, '2027-09-15T00:00:00Z');
            const {current, included, remaining, usage_percentage, overage} = body.usage;
            assert.deepEqual({current, included, remaining, usage_percentage, overage}, {
                current: 12345, included: 10000, remaining: 0, usage_percentage: 123.45, overage: 2345,
            });

            const closed = await server.advance(clock, new Date(end.getTime() + 2 * hour));
            assert.equal(closed.status, 200, JSON.stringify(closed.body));
            const [renewal, first] = (await server.invoices('month')).body.data;
            assert.deepEqual([first.billing_reason, first.status, first.total],
                             ['subscription_create', 'paid', {amount: 9900, currency: 'USD'}]);
            assert.deepEqual([renewal.billing_reason, renewal.status, renewal.total],
                             ['subscription_cycle', 'paid', {amount: 14590, currency: 'USD'}]);
            assert.deepEqual(
                renewal.lines.map((l) => [l.kind, l.amount.amount]).sort(),
                [['overage', 4690], ['plan', 9900]]);  // 2,345 x $0.02 in arrears, $99.00 ahead
            const fresh = (await server.status('month')).body;
            assert.deepEqual([fresh.usage.current, fresh.expires_at], [0, '2027-10-15T00:00:00Z']);

            const ending = await server.cancel('month');
            assert.deepEqual([ending.status, ending.body.status, ending.body.cancel_at_period_end],
                             [200, 'active', true]);
            const now = await server.cancel('month', {immediate: true});
            assert.equal(now.status, 200, JSON.stringify(now.body));
            assert.equal((await server.status('month')).body.has_subscription, false);
            const compared = await server.reconcile();
            assert.deepEqual(compared.body.differences, []);
        });

        test('moving up is prorated, and usage keeps the price it was made under', async () => {
            const start = new Date(Date.UTC(2027, 7, 1));
            const clock = await server.customerOnClock('mover', start);
            await server.subscribe('mover', 'starter');
            await server.use('mover', 1100);  // 100 over STARTER's 1,000
            await server.advance(clock, new Date(start.getTime() + 31 * 12 * hour));  // half the month
            const moved = await server.upgrade('mover', 'pro');
            assert.equal(moved.status, 200, JSON.stringify(moved.body));
            assert.equal(moved.body.tier, 'pro');
            await server.advance(clock, new Date(Date.UTC(2027, 8, 1, 2)));
            const invoices = (await server.invoices('mover')).body.data;
            const paid = invoices.reduce((sum, invoice) => sum + invoice.amount_paid.amount, 0);
            // 29.00; half of 29.00 back and half of 99.00 more; 100 calls at $0.03; 99.00.
            assert.equal(paid, 2900 - 1450 + 4950 + 300 + 9900);
        });

        test('FREE is stopped at 100 and not before', async () => {
            const fresh = await server.status('free');
            assert.deepEqual([fresh.body.has_subscription, fresh.body.tier], [false, 'free']);
            assert.equal((await server.consume('free', 99)).status, 200);
            assert.equal((await server.consume('free', 1)).status, 200);
            const denied = await server.consume('free', 1);
            assert.equal(denied.status, 402);
            assert.equal(denied.body.code, 'limit_exceeded');
            assert.equal(Number(denied.body.limit), 100);
            assert.match(denied.body.resets_at, /:\d\dZ$/);  // whole seconds, as of a subscriber
            assert.equal((await server.status('free')).body.usage.current, 100);
        });

        test('64 callers at once for the last 50 units: 50 are served', async () => {
            await server.status('crowd');
            assert.equal((await server.consume('crowd', 50)).status, 200);
            const answers = await Promise.all(
                Array.from({length: 64}, () => server.consume('crowd', 1)));
            const count = (status) => answers.filter((a) => a.status === status).length;
            assert.deepEqual([count(200), count(402)], [50, 14]);
            assert.equal((await server.status('crowd')).body.usage.current, 100);
        });

        test('consuming twice under one id counts once', async () => {
            await server.status('twice');
            const answers = await Promise.all(
                Array.from({length: 16}, () => server.consume('twice', 5, 'the-same')));
            for (const answer of answers) assert.equal(answer.status, 200);
            assert.equal((await server.status('twice')).body.usage.current, 5);
        });

        test('the gateway charges what the route costs', async () => {
            await server.status('caller');
            const costs = [['/signals', 1], ['/signals/history/AAPL', 2], ['/export/csv', 3],
                           ['/export/pdf', 5], ['/about', 0], ['/signals?window=1h', 1]];
            let expected = 0;
            for (const [path, units] of costs) {
                const allowed = await server.gateway('caller', path);
                assert.ok(allowed.status >= 200 && allowed.status < 300, `${path}: ${allowed.status}`);
                expected += units;
                const {usage} = (await server.status('caller')).body;
                assert.equal(usage.current, expected, path);
            }
            await server.consume('caller', 100 - expected);
            const denied = await server.gateway('caller', '/signals');
            assert.equal(denied.status, 403);
            assert.equal(denied.headers.get('x-turnpike-status'), '402');
            assert.equal((await server.status('caller')).body.usage.current, 100);
            const unmetered = await server.gateway('caller', '/about');
            assert.ok(unmetered.status < 300, 'a route that costs nothing stays open');
        });

        test('a declined card leaves no subscription, here and there', async () => {
            const declined = await server.subscribe('declined', 'starter', 'pm_card_visa_chargeDeclined');
            assert.equal(declined.status, 402);
            assert.equal(declined.body.decline_code, 'generic_decline');
            const late = await server.subscribe('declined', 'starter', 'pm_card_chargeCustomerFail');
            assert.equal(late.status, 402);
            assert.equal((await server.status('declined')).body.has_subscription, false);
            const repaired = await server.subscribe('declined', 'starter');
            assert.equal(repaired.status, 200, JSON.stringify(repaired.body));
            const live = await all(sandbox, '/v1/subscriptions', {status: 'active'});
            const mine = live.filter((s) => s.items.data[0].price.unit_amount === 2900);
            const customers = new Set(mine.map((s) => s.customer));
            assert.equal(customers.size, mine.length, 'one subscription per customer');
        });

        test('payment methods: list, attach, default, detach', async () => {
            await server.subscribe('wallet', 'starter');
            const added = await server.user('wallet', 'POST', '/billing/payment-methods',
                                            {payment_method_id: 'pm_card_mastercard', default: true});
            assert.equal(added.status, 201, JSON.stringify(added.body));
            const {body} = await server.user('wallet', 'GET', '/billing/payment-methods');
            const shown = body.data.map((m) => [m.brand, m.last4, m.is_default]).sort();
            assert.deepEqual(shown, [['mastercard', '4444', true], ['visa', '4242', false]]);
            const visa = body.data.find((m) => m.brand === 'visa');
            assert.equal(typeof visa.exp_year, 'number');
            const path = `/billing/payment-methods/${visa.id}`;
            assert.equal((await server.user('wallet', 'POST', `${path}/default`)).status, 200);
            assert.equal((await server.user('stranger', 'DELETE', path)).status, 404);
            assert.equal((await server.user('wallet', 'DELETE', path)).status, 200);
            const left = (await server.user('wallet', 'GET', '/billing/payment-methods')).body.data;
            assert.deepEqual(left.map((m) => m.brand), ['mastercard']);
        });

        test('the seller serves a customer by the same use cases under /v1', async () => {
            assert.equal((await server.status('twin')).status, 200);
            const cards = '/v1/customers/ext:twin/payment_methods';
            const card = await server.admin('POST', cards,
                                            {payment_method: 'pm_card_visa', default: true});
            assert.equal(card.status, 201, JSON.stringify(card.body));
            const spare = await server.admin('POST', cards, {payment_method: 'pm_card_mastercard'});
            await server.admin('POST', `${cards}/${spare.body.id}/default`);
            assert.equal((await server.admin('DELETE', `${cards}/${card.body.id}`)).status, 200);
            const left = (await server.admin('GET', cards)).body.data;
            assert.deepEqual(left.map((m) => [m.last4, m.is_default]), [['4444', true]]);
            const portal = await server.admin('POST', '/v1/customers/ext:twin/portal_sessions',
                                              {return_url: 'http://localhost:3000/account'});
            assert.equal(portal.status, 201);
            assert.match(portal.body.url, /^http/);
            const figures = await server.admin('GET', '/v1/revenue');
            assert.equal(figures.status, 200);
            assert.equal((await server.admin('GET', '/v1/revenue?currency=nope')).status, 400);
            const all = await server.admin('GET', '/v1/figures?catalog=api-metering&days=7');
            assert.equal(all.status, 200, JSON.stringify(all.body));
            const dollars = all.body.revenue.find((part) => part.currency === 'USD');
            assert.deepEqual(dollars?.mrr, figures.body.mrr);
            for (const wrong of ['catalog=nope', 'days=0', 'days=367', 'plan=pro'])
                assert.equal((await server.admin('GET', `/v1/figures?${wrong}`)).status, 400, wrong);
            assert.equal((await server.admin('GET', '/v1/customers/ext:nobody/payment_methods'))
                             .status, 404);
        });

        test('choosing a tier takes an asked-for end back', async () => {
            assert.equal((await server.subscribe('stays', 'starter')).status, 200);
            const leaving = await server.cancel('stays');
            assert.equal(leaving.body.cancel_at_period_end, true, JSON.stringify(leaving.body));
            const stays = await server.upgrade('stays', 'pro');
            assert.equal(stays.body.cancel_at_period_end, false, JSON.stringify(stays.body));
        });

        test('a customer key uses what is sold and changes nothing of the contract', async () => {
            await server.status('keyed');
            const made = await server.admin('POST', '/v1/api_keys',
                                            {name: 'app', customer: 'ext:keyed'});
            assert.equal(made.status, 201, JSON.stringify(made.body));
            const as = made.body.secret;
            const gateway = '/v1/gateway/authorize?path=/signals&method=GET';
            assert.equal((await server.request('GET', gateway, {as})).status, 200);
            assert.equal((await server.request('POST', '/billing/cancel', {as})).status, 403);
        });

        test('a new name is on the next invoice, and the portal offers what is sold', async () => {
            const start = new Date(Date.UTC(2027, 7, 15));
            const clock = await server.customerOnClock('renamed', start);
            assert.equal((await server.subscribe('renamed', 'pro')).status, 200);
            const renamed = await server.admin('PATCH', '/v1/customers/ext:renamed',
                                               {name: 'Bob Ltd'});
            assert.equal(renamed.status, 200, JSON.stringify(renamed.body));
            const closed = await server.advance(clock, new Date(Date.UTC(2027, 8, 15, 2)));
            assert.equal(closed.status, 200, JSON.stringify(closed.body));
            const [renewal] = (await server.invoices('renamed')).body.data;
            assert.equal(renewal.billing_reason, 'subscription_cycle');
            const invoice = await (await fetch(renewal.hosted_url)).text();
            assert.match(invoice, /Billed to Bob Ltd/);
            const portal = await server.user('renamed', 'GET', '/billing/portal');
            assert.equal(portal.status, 200, JSON.stringify(portal.body));
            const page = await (await fetch(portal.body.url)).text();
            assert.match(page, /Change to/);
            for (const plan of ['STARTER: $29.00', 'ENTERPRISE: $499.00'])
                assert.ok(page.includes(`${plan} per month</option>`), plan);
        });

        test('the portal and the figures answer', async () => {
            const portal = await server.user(
                'wallet', 'GET', '/billing/portal?return_url=http%3A%2F%2Flocalhost%3A3000%2Fback');
            assert.equal(portal.status, 200, JSON.stringify(portal.body));
            assert.match(portal.body.url, /^https?:\/\//);
            const stats = await server.admin('GET', '/billing/admin/stats');
            assert.equal(stats.status, 200, JSON.stringify(stats.body));
            const health = await server.request('GET', '/health/billing');
            assert.deepEqual([health.status, health.body.status], [200, 'ok']);
        });

        describe('bad input', () => {
            const subscribe = (body) => ['POST', '/billing/subscribe', body];
            const table = [
                ['an unknown tier', ...subscribe({tier: 'gold'}), 400, '/tier'],
                ['no tier', ...subscribe({}), 400, '/tier'],
                ['a tier that is a number', ...subscribe({tier: 7}), 400, '/tier'],
                ['an unknown field', ...subscribe({tier: 'pro', teir: 'x'}), 400, '/teir'],
                ['two unknown fields', 'POST', '/billing/cancel', {x: 1, y: 2}, 400, '/y'],
                ['a flag that is text', 'POST', '/billing/cancel', {immediate: 'yes'}, 400,
                 '/immediate'],
                ['no JSON', ...subscribe('{"tier":'), 400, undefined],
                ['JSON twice', ...subscribe('{"tier":"pro"}{"tier":"pro"}'), 400, undefined],
                ['a list', ...subscribe([]), 400, undefined],
                ['nothing', ...subscribe(''), 400, undefined],
                ['a path that is none', 'GET', '/billing/nothing', undefined, 404, undefined],
                ['a method that is none', 'PUT', '/billing/status', {}, 405, undefined],
                ['upgrading nothing', 'POST', '/billing/upgrade', {tier: 'pro'}, 404, undefined],
                ['canceling nothing', 'POST', '/billing/cancel', {}, 404, undefined],
                ['a return address that is none', 'GET', '/billing/portal?return_url=javascript%3A1',
                 undefined, 422, '/return_url'],
                ['a return address of somebody else', 'GET',
                 '/billing/portal?return_url=https%3A%2F%2Fevil.example', undefined, 422,
                 '/return_url'],
                ['a flag that is null', 'POST', '/billing/cancel', {immediate: null}, 400, '/immediate'],
                ['a parameter with a typing error', 'GET', '/billing/portal?retrun_url=https%3A%2F%2Fa.b',
                 undefined, 400, 'retrun_url'],
                ['a parameter where there is none', 'GET', '/pricing?tier=pro', undefined, 400, 'tier'],
            ];
            for (const [name, method, path, body, status, pointer] of table)
                test(name, async () => {
                    const answer = await server.user('mistaken', method, path, body);
                    assert.equal(answer.status, status, JSON.stringify(answer.body));
                    assert.equal(answer.headers.get('content-type'), 'application/problem+json');
                    assert.equal(answer.body.status, status);
                    assert.equal(typeof answer.body.code, 'string');
                    assert.equal(answer.body.instance, path.split('?')[0]);
                    assert.equal(answer.body.request_id, answer.headers.get('x-request-id'));
                    if (pointer) {
                        const pointers = (answer.body.errors ?? []).map((e) => e.pointer);
                        assert.ok(pointers.includes(pointer), JSON.stringify(answer.body));
                    }
                });

            test('asking too often is the registered problem', async () => {
                let answer;
                for (let i = 0; i < 200 && answer?.status !== 429; ++i) answer = await server.status('hasty');
                assert.equal(answer.status, 429);
                assert.equal(answer.body.type,
                             'https://iana.org/assignments/http-problem-types#quota-exceeded');
                assert.deepEqual(answer.body['violated-policies'], ['billing']);
                assert.equal(answer.headers.get('ratelimit-policy'), '"billing";q=60;w=60');
                const t = /^"billing";r=0;t=(\d+)$/.exec(answer.headers.get('ratelimit'));
                assert.ok(t && Number(answer.headers.get('retry-after')) >= Number(t[1]));
            });

            test('audit events are found by the seller\'s own name of a customer', async () => {
                await server.status('audited');
                const found = await server.admin('GET', '/v1/audit_events?customer=ext:audited');
                assert.equal(found.status, 200, JSON.stringify(found.body));
                assert.ok(found.body.data.some((e) => e.action === 'customer.created'));
                const nobody = await server.admin('GET', '/v1/audit_events?customer=ext:nobody-such');
                assert.equal(nobody.status, 404);
            });

            test('events are judged one by one', async () => {
                await server.status('judged');
                const good = Server.event('judged', 'judged-1');
                const answer = await server.admin('POST', '/v1/events', [
                    good,
                    {...good, id: 'judged-2', type: 'no.such.meter'},
                    {...good, id: 'judged-3', specversion: '0.3'},
                    {...good, id: ''},
                    {...good, id: 'judged-5', data: {quantity: -1}},
                    {...good, id: 'judged-6', time: '2999-01-01T00:00:00Z'},
                ]);
                assert.equal(answer.status, 200, JSON.stringify(answer.body));
                assert.equal(answer.body.accepted, 1);
                assert.deepEqual(answer.body.rejected.map((r) => r.index), [1, 2, 3, 4, 5]);
                assert.equal((await server.status('judged')).body.usage.current, 1);
            });
        });

        describe('credentials', () => {
            const now = Math.floor(Date.now() / 1000);
            const none = Buffer.from('{"alg":"none"}').toString('base64url');
            const table = [
                ['none', undefined],
                ['nonsense', 'nonsense'],
                ['another secret', token({sub: 'a'}, 'another-secret-with-enough-bytes-in-it')],
                ['expired', token({sub: 'a', exp: now - 120})],
                ['not yet', token({sub: 'a', nbf: now + 600})],
                ['no subject', token({})],
                ['no algorithm', `${none}.${userToken('a').split('.')[1]}.`],
                ['a changed subject', userToken('a').replace(/\.[^.]+\./, `.${
                    Buffer.from(JSON.stringify({sub: 'b', exp: now + 60})).toString('base64url')}.`)],
            ];
            for (const [name, as] of table)
                test(`${name}: 401`, async () => {
                    const answer = await server.request('GET', '/billing/status', {as});
                    assert.equal(answer.status, 401);
                    assert.match(answer.headers.get('www-authenticate') ?? '', /Bearer/);
                });

            test('a user is no administrator', async () => {
                for (const [method, path] of [['GET', '/billing/admin/stats'], ['GET', '/v1/customers'],
                                              ['POST', '/v1/events'], ['POST', '/v1/usage/consume']]) {
                    const answer = await server.user('a', method, path, method === 'POST' ? {} : undefined);
                    assert.equal(answer.status, 403, path);
                }
            });

            test('what belongs to another is not there', async () => {
                await server.subscribe('owner', 'starter');
                const mine = (await server.invoices('stranger')).body.data;
                assert.deepEqual(mine, []);
                const check = await server.user('stranger', 'POST', '/v1/entitlements/check',
                                                {customer: 'owner', feature: 'api_calls'});
                assert.ok([403, 404].includes(check.status), JSON.stringify(check.body));
            });

            test('ids that do not exist are 404', async () => {
                const body = '00000000000000000000000000';
                for (const path of [`/v1/subscriptions/sub_${body}`, `/v1/invoices/inv_${body}`,
                                    `/v1/customers/cus_${body}`, `/v1/test_clocks/clock_${body}`,
                                    '/v1/subscriptions/nonsense', '/v1/plans/nonsense'])
                    assert.equal((await server.admin('GET', path)).status, 404, path);
            });
        });

        describe('webhooks', () => {
            const event = () => ({
                id: `evt_test${Date.now()}`, object: 'event', type: 'product.created',
                api_version: '2026-02-25.clover', created: Math.floor(Date.now() / 1000),
                data: {object: {id: 'prod_x', object: 'product'}}, livemode: false,
            });
            const now = () => Math.floor(Date.now() / 1000);

            test('a signed event is taken, and taken once', async () => {
                const sent = event();
                for (let i = 0; i < 3; ++i) assert.equal((await server.webhook(sent)).status, 200);
            });
            const refused = [
                ['another secret', () => ({secret: 'whsec_another'})],
                ['too old', () => ({at: now() - 400})],
                ['from the future', () => ({at: now() + 400})],
                ['no signature', () => ({signature: ''})],
                ['only the scheme of test mode', () => ({signature: `t=${now()},v0=${'0'.repeat(64)}`})],
                ['nonsense', () => ({signature: 'nonsense'})],
            ];
            for (const [name, how] of refused)
                test(`${name}: 400`, async () => {
                    assert.equal((await server.webhook(event(), how())).status, 400);
                });
        });

        test('an administrator at the provider is followed', async () => {
            await server.subscribe('followed', 'pro');
            const live = await all(sandbox, '/v1/subscriptions', {status: 'active'});
            const customers = await all(sandbox, '/v1/customers', {email: 'followed@example.com'});
            const [mine] = live.filter((s) => customers.some((c) => c.id === s.customer));
            assert.ok(mine, 'the subscription exists at the provider');
            const canceled = await call(sandbox, 'DELETE', `/v1/subscriptions/${mine.id}`);
            assert.equal(canceled.body.status, 'canceled');
            await eventually('the webhook to be applied', async () =>
                (await server.status('followed')).body.has_subscription === false);
        });

        test('while the provider is down, usage goes on and billing says come back', async () => {
            await server.status('patient');
            await sandbox.program.stop();
            try {
                const down = await server.subscribe('patient', 'pro');
                assert.equal(down.status, 503, JSON.stringify(down.body));
                assert.ok(Number(down.headers.get('retry-after')) > 0);
                assert.equal((await server.consume('patient', 1)).status, 200);
                const check = await server.admin('POST', '/v1/entitlements/check',
                                                 {customer: 'patient', feature: 'api_calls'});
                assert.deepEqual([check.status, check.body.allowed], [200, true]);
                assert.equal((await server.status('patient')).status, 200);
            } finally {
                Object.assign(sandbox, await startSandbox(sandbox));
            }
            await eventually('the subscription to be made after all', async () => {
                const {body} = await server.status('patient');
                if (body.has_subscription) return true;
                return (await server.subscribe('patient', 'pro')).status === 200;
            }, 90);
            const customers = await all(sandbox, '/v1/customers', {email: 'patient@example.com'});
            assert.equal(customers.length, 1);
            const live = await all(sandbox, '/v1/subscriptions', {customer: customers[0].id});
            assert.equal(live.length, 1);
        });

        test('the admin token is good to the end', async () => {
            const answer = await server.request('GET', '/v1/audit_events', {as: adminToken()});
            assert.equal(answer.status, 200);
            assert.ok(answer.body.data.length > 0, 'what happened was written down');
        });

        test('every request to Stripe is one that the types of its library allow', () => {
            const sent = proxy.exchanges.filter(({url}) => url.startsWith('/v1/'));
            assert.deepEqual([...new Set(sent.map((exchange) => schemas.requestKind(exchange)))].sort(),
                             schemas.requestKinds.sort());
            assert.deepEqual(sent.flatMap((exchange) => schemas.request(exchange)), []);
        });
    });
