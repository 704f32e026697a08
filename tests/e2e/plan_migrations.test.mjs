// Bringing subscribers to another version of their plan, as the seller sees it, on both engines.
import assert from 'node:assert/strict';
import {after, before, describe, test} from 'node:test';
import {eventually, removeFolders, sleep} from '../lib/process.mjs';
import {adminToken, engines, Server, userToken} from '../lib/server.mjs';

after(removeFolders);

for (const engine of engines()) {
    describe(`plan migrations on ${engine.name}`, () => {
        let server;
        const admin = (method, path, body, headers) =>
            server.request(method, path, {as: adminToken(), body, headers});
        const ok = async (method, path, body, status = 200) => {
            const answer = await admin(method, path, body);
            assert.equal(answer.status, status, JSON.stringify(answer.body));
            return answer.body;
        };
        const refused = async (method, path, body) => {
            const {status, body: problem} = await admin(method, path, body);
            return `${status} ${problem.code}`;
        };
        const ended = async (id) => {
            for (let i = 0; i < 150; ++i) {
                const seen = await ok('GET', `/v1/plan_migrations/${id}`);
                if (seen.status === 'done') return seen;
                await sleep(100);
            }
            assert.fail(`${id} does not end`);
        };
        const price = (amount) => ({prices: [{currency: 'usd', interval: 'month', amount}]});
        let second;
        const bought = {};

        before(async () => {
            server = await Server.besideSandbox({database: await engine.database()});
            await ok('POST', '/v1/plans', {key: 'team', name: 'Team', ...price(4900)}, 201);
            for (const name of ['ann', 'bea', 'cid']) {
                await ok('POST', '/v1/customers', {external_id: name}, 201);
                bought[name] = await ok('POST', '/v1/subscriptions', {
                    customer: name, plan: 'team', payment_method: 'pm_card_visa',
                    quantity: name === 'cid' ? 3 : 1}, 201);
            }
            second = await ok('PATCH', '/v1/plans/team', price(5900));
        });
        after(() => server.end());

        test('a preview says what changes for whom, page by page', async () => {
            const path = '/v1/plans/team/migrate/preview';
            const shown = await ok('POST', path, {when: 'now', limit: 2});
            assert.equal(shown.subscriptions, 3);
            assert.equal(shown.target_version_number, second.version);
            // 1 + 1 + 3 seats: 5 x 49.00 = 245.00 before, 5 x 59.00 = 295.00 after.
            assert.equal(shown.prices.length, 1);
            const [group] = shown.prices;
            assert.deepEqual([group.subscriptions, group.quantity], [3, 5]);
            assert.deepEqual(group.from.amount, {amount: 24500, currency: 'USD'});
            assert.deepEqual(group.to.amount, {amount: 29500, currency: 'USD'});
            assert.deepEqual(shown.versions.map((one) => [one.version_number, one.changes]),
                             [[second.version - 1, []]], 'only the price is another one');
            assert.equal(shown.data.length, 2);
            assert.equal(shown.has_more, true);
            const rest = await ok('POST', path, {when: 'now', limit: 2, cursor: shown.next_cursor});
            assert.deepEqual([rest.data.length, rest.has_more, rest.next_cursor], [1, false, null]);
            const all = [...shown.data, ...rest.data];
            assert.deepEqual(all.map((one) => one.outcome), ['changes', 'changes', 'changes']);
            assert.deepEqual(new Set(all.map((one) => one.subscription)),
                             new Set(Object.values(bought).map((one) => one.id)));
            const cid = all.find((one) => one.subscription === bought.cid.id);
            assert.deepEqual(cid.from.amount, {amount: 14700, currency: 'USD'});
            assert.deepEqual(cid.to.amount, {amount: 17700, currency: 'USD'});
            const later = await ok('POST', path, {filter: {customers: ['ext:cid']}});
            assert.equal(later.data[0].takes_effect_at, bought.cid.current_period.end);
        });

        test('what is asked wrongly is refused by name', async () => {
            const path = '/v1/plans/team/migrate';
            assert.equal(await refused('POST', '/v1/plans/nope/migrate', {}),
                         '404 catalog.no_such_plan');
            for (const body of [{when: 'tomorrow'}, {target_version: 'team'}, {filter: {x: 1}},
                                {filter: {customers: []}}, {filter: {customers: [7]}},
                                {filter: {currency: 'xyz'}}, {limit: 3}, []])
                assert.equal(await refused('POST', path, body), '400 request.invalid_body',
                             JSON.stringify(body));
            assert.equal(await refused('POST', path, {target_plan: 'free'}),
                         '400 plan_migration.wrong_target');
            assert.equal(await refused('POST', path, {filter: {customers: ['ext:nobody']}}),
                         '404 customer.not_found');
            assert.equal(await refused('GET', '/v1/plan_migrations/pmg_x'),
                         '404 plan_migration.not_found');
            assert.equal(await refused('POST', `${path}/preview`, {cursor: 'x'}),
                         '400 access.cursor_invalid');
            const user = {as: userToken('ann'), body: {}};
            assert.equal((await server.request('POST', path, user)).status, 403);
        });

        test('the same key is one migration, which a filter narrows', async () => {
            const body = {when: 'now', filter: {customers: ['ext:ann', 'ann']}};
            const key = {'Idempotency-Key': `migrate-${engine.name}`};
            const begun = await admin('POST', '/v1/plans/team/migrate', body, key);
            assert.equal(begun.status, 202, JSON.stringify(begun.body));
            assert.equal(begun.body.progress.total, 1);
            const seen = await ended(begun.body.id);
            assert.equal(seen.progress.done, 1);
            assert.equal(seen.progress.arrived, 1);
            assert.equal(seen.data[0].subscription, bought.ann.id);
            assert.equal(seen.data[0].status, 'done');
            const again = await admin('POST', '/v1/plans/team/migrate', body, key);
            assert.deepEqual([again.status, again.body.id], [202, begun.body.id]);
            const moved = await ok('GET', `/v1/subscriptions/${bought.ann.id}`);
            assert.equal(moved.price, seen.data[0].to.price);
            const untouched = await ok('GET', `/v1/subscriptions/${bought.bea.id}`);
            assert.equal(untouched.price, bought.bea.price);
        });

        test('it survives a crash', async () => {
            const begun = await ok('POST', '/v1/plans/team/migrate', {}, 202);
            await server.kill();
            await server.restart();
            const seen = await ended(begun.id);
            assert.equal(seen.progress.total, 2);
            assert.equal(seen.progress.done, 2);
            for (const name of ['bea', 'cid']) {
                const {pending_change: next} = await ok('GET', `/v1/subscriptions/${bought[name].id}`);
                assert.equal(next.at, bought[name].current_period.end);
            }
            const page = await ok('GET', `/v1/plan_migrations/${begun.id}?status=done&limit=1`);
            assert.equal(page.has_more, true);
            const rest = await ok('GET', `/v1/plan_migrations/${begun.id}?status=done&limit=1` +
                                             `&cursor=${page.next_cursor}`);
            assert.deepEqual([rest.data.length, rest.has_more], [1, false]);
            assert.notEqual(rest.data[0].subscription, page.data[0].subscription);
            assert.equal(await refused('GET', `/v1/plan_migrations/${begun.id}?status=x`),
                         '400 request.invalid_query');
        });

        test('it is canceled across a crash, and what it has planned is taken back', async () => {
            const {data: [newest], has_more: more, next_cursor: cursor} =
                await ok('GET', '/v1/plan_migrations?plan=team&status=done&limit=1');
            assert.equal(more, true);
            const {data: [first]} = await ok('GET', '/v1/plan_migrations?plan=team&status=done' +
                                                        `&limit=1&cursor=${cursor}`);
            assert.equal(await refused('POST', `/v1/plan_migrations/${first.id}/cancel`),
                         '409 plan_migration.done', 'a change at once');
            const path = `/v1/plan_migrations/${newest.id}`;
            const canceled = await ok('POST', `${path}/cancel`);
            assert.equal(canceled.status, 'canceled');
            assert.equal(canceled.progress.taking_back, 2);
            await server.kill();
            await server.restart();
            const seen = await eventually('the planned changes to be taken back', async () => {
                const now = await ok('GET', path);
                return now.finished_at && now;
            });
            assert.equal(seen.progress.taken_back, 2);
            for (const name of ['bea', 'cid'])
                assert.equal((await ok('GET', `/v1/subscriptions/${bought[name].id}`))
                                 .pending_change, null);
            assert.equal((await ok('POST', `${path}/cancel`)).canceled_at, canceled.canceled_at);
            const {data} = await ok('GET', '/v1/plan_migrations?status=canceled');
            assert.deepEqual(data.map((one) => one.id), [newest.id]);
            assert.equal(await refused('GET', '/v1/plan_migrations?status=x'),
                         '400 request.invalid_query');
        });
    });
}
