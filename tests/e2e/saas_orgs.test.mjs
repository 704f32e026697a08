// The published interface `saas-orgs`, from outside: a real server, a real sandbox, HTTP. Billing
// belongs to an organization; roles decide who does what.
import assert from 'node:assert/strict';
import {after, before, describe, test} from 'node:test';
import {eventually} from '../lib/process.mjs';
import {call} from '../lib/sandbox.mjs';
import {Server, adminToken, engines} from '../lib/server.mjs';

const professional = {
    name: 'Professional', slug: 'professional',
    description: 'For teams that grow', price_amount: 4900, currency: 'usd', interval: 'month',
    max_users: 10, max_projects: 50,
    features: 'Advanced analytics, Priority support, Custom integrations',
};

for (const engine of engines())
    describe(`saas-orgs on ${engine.name}`, () => {
        let server, plan, count = 0;
        before(async () => {
            server = await Server.besideSandbox({database: await engine.database(),
                                                 preset: 'saas-orgs'});
            const made = await server.admin('POST', '/api/plans', professional);
            assert.equal(made.status, 201, JSON.stringify(made.body));
            plan = made.body;
        });
        after(() => server.end());

        /// An organization with an owner, an admin and a member: their names.
        async function organization() {
            const n = ++count;
            const people = {owner: `owner${n}`, admin: `admin${n}`, member: `member${n}`};
            const made = await server.user(people.owner, 'POST', '/v1/organizations',
                                           {name: `Company ${n}`});
            assert.equal(made.status, 201, JSON.stringify(made.body));
            const id = made.body.id;
            for (const role of ['admin', 'member']) await invite(id, people.owner, people[role], role);
            return {id, ...people};
        }
        async function invite(organizationId, inviter, name, role = 'member') {
            const invited = await server.user(inviter, 'POST',
                                              `/v1/organizations/${organizationId}/invitations`,
                                              {email: `${name}@example.com`, role});
            assert.equal(invited.status, 201, JSON.stringify(invited.body));
            const accepted = await server.user(name, 'POST', '/v1/invitations/accept',
                                               {token: invited.body.token});
            assert.equal(accepted.status, 200, JSON.stringify(accepted.body));
        }
        const subscribe = (who, organizationId, more = {}) =>
            server.user(who, 'POST', '/api/subscriptions',
                        {plan_id: plan.id, organization_id: organizationId, ...more});

        test('a plan is made with its product and price at Stripe', async () => {
            assert.deepEqual(
                [plan.name, plan.slug, plan.price_amount, plan.currency, plan.interval,
                 plan.max_users, plan.max_projects],
                ['Professional', 'professional', 4900, 'usd', 'month', 10, 50]);
            assert.equal(plan.features, professional.features);
            assert.match(plan.stripe_price_id, /^price_/);
            const price = await call(server.sandbox, 'GET', `/v1/prices/${plan.stripe_price_id}`);
            assert.deepEqual([price.body.unit_amount, price.body.currency,
                              price.body.recurring.interval], [4900, 'usd', 'month']);
            assert.equal(plan.stripe_product_id, price.body.product);
        });

        test('active plans are public', async () => {
            const list = await server.request('GET', '/api/plans');
            assert.equal(list.status, 200);
            assert.ok(list.body.data.some((one) => one.id === plan.id));
            const one = await server.request('GET', `/api/plans/${plan.id}`);
            assert.deepEqual([one.status, one.body.slug], [200, 'professional']);
            assert.equal((await server.request('GET', '/api/plans/plan_nothing')).status, 404);
        });

        test('only a superuser makes, changes and removes plans', async () => {
            const routes = [['POST', '/api/plans', {...professional, slug: 'theft'}],
                            ['PUT', `/api/plans/${plan.id}`, {name: 'Stolen'}],
                            ['DELETE', `/api/plans/${plan.id}`, undefined]];
            for (const [method, path, body] of routes) {
                assert.equal((await server.user('nobody', method, path, body)).status, 403, path);
                assert.equal((await server.request(method, path, {body})).status, 401, path);
            }
        });

        test('a removed plan keeps its subscribers and gets no new ones', async () => {
            const made = await server.admin('POST', '/api/plans',
                                            {...professional, name: 'Brief', slug: 'brief'});
            const {id, owner} = await organization();
            const subscribed = await subscribe(owner, id, {plan_id: made.body.id,
                                                           trial_period_days: 14});
            assert.equal(subscribed.status, 201, JSON.stringify(subscribed.body));
            assert.equal((await server.admin('DELETE', `/api/plans/${made.body.id}`)).status, 200);
            const again = await server.admin('DELETE', `/api/plans/${made.body.id}`);
            assert.equal(again.status, 200);  // the same again changes nothing
            const list = await server.request('GET', '/api/plans');
            assert.ok(!list.body.data.some((one) => one.id === made.body.id));
            const kept = await server.user(owner, 'GET', `/api/subscriptions/${subscribed.body.id}`);
            assert.deepEqual([kept.body.status, kept.body.plan_id], ['trialing', made.body.id]);
            const other = await organization();
            const refused = await subscribe(other.owner, other.id, {plan_id: made.body.id,
                                                                    trial_period_days: 14});
            assert.ok([400, 409].includes(refused.status), JSON.stringify(refused.body));
        });

        test('a changed price is for new subscribers only', async () => {
            const made = await server.admin('POST', '/api/plans',
                                            {...professional, name: 'Growing', slug: 'growing'});
            const {id, owner} = await organization();
            await subscribe(owner, id, {plan_id: made.body.id, trial_period_days: 14});
            const changed = await server.admin('PUT', `/api/plans/${made.body.id}`,
                                               {price_amount: 5900, max_users: 20});
            assert.deepEqual([changed.status, changed.body.price_amount, changed.body.max_users],
                             [200, 5900, 20]);
            const summary = await server.user(owner, 'GET', `/api/usage/organization/${id}/summary`);
            assert.equal(summary.body.plan.price, 4900);
            assert.equal(summary.body.usage.users.limit, 10);
        });

        test('a trial, and the summary as published', async () => {
            const {id, owner, admin, member} = await organization();
            const subscribed = await subscribe(owner, id, {trial_period_days: 14});
            assert.equal(subscribed.status, 201, JSON.stringify(subscribed.body));
            assert.deepEqual([subscribed.body.status, subscribed.body.organization_id,
                              subscribed.body.plan_id], ['trialing', id, plan.id]);
            for (const name of ['alpha', 'beta', 'gamma']) {
                const project = await server.user(member, 'POST', `/v1/organizations/${id}/projects`,
                                                  {name});
                assert.equal(project.status, 201, JSON.stringify(project.body));
            }
            const {status, body} = await server.user(member, 'GET',
                                                     `/api/usage/organization/${id}/summary`);
            assert.equal(status, 200, JSON.stringify(body));
            assert.match(body.subscription.current_period_end, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/);
            delete body.subscription.current_period_end;
            assert.deepEqual(body, {
                subscription: {active: true, status: 'trialing'},
                plan: {name: 'Professional', price: 4900, currency: 'usd', interval: 'month'},
                usage: {users: {allowed: true, current_count: 3, limit: 10, remaining: 7},
                        projects: {allowed: true, current_count: 3, limit: 50, remaining: 47}},
            });
            for (const who of [owner, admin, member]) {
                const list = await server.user(who, 'GET', `/api/subscriptions/organization/${id}`);
                assert.deepEqual(list.body.data.map((one) => one.id), [subscribed.body.id]);
            }
        });

        test('what members may not, and what strangers never see', async () => {
            const {id, owner, member} = await organization();
            assert.equal((await subscribe(member, id, {trial_period_days: 7})).status, 403);
            assert.equal((await subscribe('stranger', id, {trial_period_days: 7})).status, 404);
            const {body} = await subscribe(owner, id, {trial_period_days: 7});
            const one = `/api/subscriptions/${body.id}`;
            assert.equal((await server.user(member, 'GET', one)).status, 200);
            assert.equal((await server.user(member, 'PUT', one, {plan_id: plan.id})).status, 403);
            assert.equal((await server.user(member, 'POST', `${one}/cancel`, {})).status, 403);
            const foreign = [['GET', one], ['PUT', one, {plan_id: plan.id}],
                             ['POST', `${one}/cancel`, {}],
                             ['GET', `/api/subscriptions/organization/${id}`],
                             ['GET', `/api/usage/organization/${id}/summary`],
                             ['GET', `/api/usage/organization/${id}/users/limit`],
                             ['GET', `/api/usage/organization/${id}/projects/limit`]];
            for (const [method, path, sent] of foreign) {
                const answer = await server.user('stranger', method, path, sent);
                assert.equal(answer.status, 404, `${method} ${path}`);
            }
        });

        test('one more than the limit is 403, with the numbers', async () => {
            const tight = await server.admin('POST', '/api/plans', {
                ...professional, name: 'Tight', slug: 'tight', max_users: 4, max_projects: 1});
            const {id, owner} = await organization();
            await subscribe(owner, id, {plan_id: tight.body.id, trial_period_days: 14});
            const limit = await server.user(owner, 'GET', `/api/usage/organization/${id}/users/limit`);
            assert.deepEqual(limit.body,
                             {allowed: true, current_count: 3, limit: 4, remaining: 1});
            const answers = await Promise.all(Array.from({length: 10}, (_, i) =>
                server.user(owner, 'POST', `/v1/organizations/${id}/invitations`,
                            {email: `crowd${i}.${id.slice(-8).toLowerCase()}@example.com`,
                             role: 'member'})));
            const statuses = answers.map((one) => one.status).sort();
            assert.deepEqual(statuses, [201, ...Array(9).fill(403)]);
            const refused = answers.find((one) => one.status === 403).body;
            assert.deepEqual([refused.allowed, refused.current_count, refused.limit, refused.remaining],
                             [false, 4, 4, 0]);
            const projects = `/v1/organizations/${id}/projects`;
            const first = await server.user(owner, 'POST', projects, {name: 'only'});
            assert.equal(first.status, 201);
            assert.equal((await server.user(owner, 'POST', projects, {name: 'more'})).status, 403);
            const archived = await server.user(owner, 'POST',
                                               `${projects}/${first.body.id}/archive`);
            assert.equal(archived.status, 200);
            assert.equal((await server.user(owner, 'POST', projects, {name: 'more'})).status, 201);
        });

        test('without a subscription the free limits hold', async () => {
            const {id, member} = await organization();
            const {body} = await server.user(member, 'GET', `/api/usage/organization/${id}/summary`);
            assert.equal(body.subscription.active, false);
            assert.equal(typeof body.usage.users.limit, 'number');
            assert.equal(body.plan.price, 0);
        });

        test('up, down, and out', async () => {
            const large = await server.admin('POST', '/api/plans', {
                ...professional, name: 'Large', slug: 'large', price_amount: 9900, max_users: 100});
            const {id, owner, admin} = await organization();
            const {body} = await subscribe(owner, id, {trial_period_days: 14});
            const one = `/api/subscriptions/${body.id}`;
            const moved = await server.user(admin, 'PUT', one, {plan_id: large.body.id});
            assert.deepEqual([moved.status, moved.body.plan_id], [200, large.body.id],
                             JSON.stringify(moved.body));
            const leaving = await server.user(admin, 'POST', `${one}/cancel`, {});
            assert.deepEqual([leaving.status, leaving.body.cancel_at_period_end], [200, true]);
            const gone = await server.user(admin, 'POST', `${one}/cancel`, {immediate: true});
            assert.deepEqual([gone.status, gone.body.status], [200, 'canceled']);
            const {body: list} = await server.user(owner, 'GET',
                                                   `/api/subscriptions/organization/${id}`);
            assert.deepEqual(list.data.map((s) => s.status), ['canceled']);
        });

        test('what Stripe tells is mirrored', async () => {
            const {id, owner} = await organization();
            const {body} = await subscribe(owner, id, {trial_period_days: 14});
            assert.match(body.stripe_subscription_id, /^sub_/);
            await call(server.sandbox, 'DELETE', `/v1/subscriptions/${body.stripe_subscription_id}`);
            await eventually('the end to be mirrored', async () => {
                const one = await server.user(owner, 'GET', `/api/subscriptions/${body.id}`);
                return one.body.status === 'canceled';
            });
        });

        test('the dashboard has the figures of the ledger', async () => {
            const {status, body} = await server.admin('GET', '/api/admin/dashboard');
            assert.equal(status, 200, JSON.stringify(body));
            for (const group of ['users', 'organizations', 'subscriptions'])
                assert.equal(typeof body[group].total, 'number', group);
            assert.equal(body.users.active + body.users.inactive, body.users.total);
            assert.equal(body.organizations.active + body.organizations.inactive,
                         body.organizations.total);
            assert.equal(body.mrr, 0);  // everybody here is on trial, or gone
            assert.equal(body.arr, 12 * body.mrr);
            assert.ok('arpc' in body && 'growth_7_days' in body);
            assert.equal((await server.user('nobody', 'GET', '/api/admin/dashboard')).status, 403);
        });

        test('a paying organization is in MRR, and in the lists of the admin', async () => {
            const {id, owner} = await organization();
            const card = await server.admin('POST', `/v1/customers/ext:${id}/payment_methods`,
                                            {payment_method: 'pm_card_visa', default: true});
            assert.equal(card.status, 201, JSON.stringify(card.body));
            const paid = await subscribe(owner, id);
            assert.deepEqual([paid.status, paid.body.status], [201, 'active'],
                             JSON.stringify(paid.body));
            const {body} = await server.admin('GET', '/api/admin/dashboard');
            assert.deepEqual([body.mrr, body.arr, body.arpc], [4900, 58800, 4900]);
            const list = await server.admin('GET', '/api/admin/organizations?limit=100');
            const mine = list.body.data.find((one) => one.id === id);
            assert.deepEqual([mine.members, mine.subscription_status, mine.mrr], [3, 'active', 4900]);
            const me = await server.user(owner, 'GET', '/v1/auth/me');
            const details = await server.admin('GET', `/api/admin/users/${me.body.id}/details`);
            assert.equal(details.status, 200, JSON.stringify(details.body));
            assert.deepEqual(details.body.organizations.map((one) => [one.id, one.role]),
                             [[id, 'owner']]);
            for (const days of [1, 30]) {
                const expiring = await server.admin(
                    'GET', `/api/admin/subscriptions/expiring?days=${days}`);
                assert.equal(expiring.status, 200);
                const trials = expiring.body.data.filter((one) => one.reason === 'trial_ending');
                assert.equal(trials.length > 0, days === 30);
            }
            const failed = await server.admin('GET', '/api/admin/subscriptions/failed-payments');
            assert.deepEqual([failed.status, failed.body.data], [200, []]);
        });

        test('health and metrics', async () => {
            const health = await server.request('GET', '/health');
            assert.equal(health.status, 200);
            const metrics = await server.request('GET', '/metrics', {as: adminToken()});
            for (const name of ['turnpike_users', 'turnpike_organizations',
                                'turnpike_active_subscriptions'])
                assert.match(metrics.body, new RegExp(`^${name}[ {]`, 'm'), name);
        });

        describe('bad input', () => {
            const plans = (body) => ['POST', '/api/plans', body];
            const table = [
                ['a slug that is taken', ...plans(professional), 409],
                ['no price', ...plans({name: 'X', slug: 'x'}), 400],
                ['a negative price', ...plans({...professional, slug: 'n', price_amount: -1}), 400],
                ['a price that is text', ...plans({...professional, slug: 't', price_amount: '4900'}),
                 400],
                ['an unknown currency', ...plans({...professional, slug: 'c', currency: 'xxx'}), 400],
                ['an interval that nobody has', ...plans({...professional, slug: 'i',
                                                          interval: 'fortnight'}), 400],
                ['a limit below nothing', ...plans({...professional, slug: 'l', max_users: -5}), 400],
                ['a field that is not known', ...plans({...professional, slug: 'u', role: 'admin'}),
                 400],
                ['a field that is only shown', ...plans({...professional, slug: 's',
                                                         stripe_price_id: 'price_1'}), 400],
                ['days that are none', 'GET', '/api/admin/subscriptions/expiring?days=-1', undefined,
                 400],
                ['days without end', 'GET', '/api/admin/subscriptions/expiring?days=1e9', undefined,
                 400],
            ];
            for (const [name, method, path, body, status] of table)
                test(name, async () => {
                    const answer = await server.admin(method, path, body);
                    assert.equal(answer.status, status, JSON.stringify(answer.body));
                    assert.equal(answer.headers.get('content-type'), 'application/problem+json');
                });
            test('a trial without end, and a second subscription', async () => {
                const {id, owner} = await organization();
                for (const trial_period_days of [-1, 10_000, 1.5, '14'])
                    assert.equal((await subscribe(owner, id, {trial_period_days})).status, 400,
                                 String(trial_period_days));
                assert.equal((await subscribe(owner, id, {plan_id: 'nothing'})).status, 400);
                assert.equal((await subscribe(owner, id, {trial_period_days: 14})).status, 201);
                const again = await subscribe(owner, id, {trial_period_days: 7});
                assert.equal(again.status, 409, JSON.stringify(again.body));
            });
        });
    });
