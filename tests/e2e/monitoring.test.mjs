// What a seller sees of subscriptions in danger, and what an operator sees of work that is late.
import assert from 'node:assert/strict';
import {after, before, describe, test} from 'node:test';
import {eventually} from '../lib/process.mjs';
import {engines, Server} from '../lib/server.mjs';

const day = 24 * 3600 * 1000;
const lateAfter = 10;

for (const engine of engines()) describe(`monitoring on ${engine.name}`, () => {
    let server;
    before(async () => {
        server = await Server.besideSandbox({
            database: await engine.database(),
            preset: 'api-metering,learning-app',
            env: {TURNPIKE_LATE_AFTER_SECONDS: String(lateAfter)},
        });
    });
    after(() => server.end());

    const get = async (path) => {
        const {status, body} = await server.admin('GET', path);
        assert.equal(status, 200, `${path}: ${JSON.stringify(body)}`);
        return body;
    };
    const subscriptionOf = async (name) => (await get(`/v1/subscriptions?customer=ext:${name}`)).data[0].id;

    test('an end that is planned is listed, found, scored, and over when it is taken back', async () => {
        assert.equal((await server.subscribe('ada', 'pro')).status, 200);
        const id = await subscriptionOf('ada');
        const well = await get(`/v1/subscriptions/${id}/health`);
        assert.deepEqual([well.status, well.score, well.reasons], ['active', 100, []]);
        assert.deepEqual((await get('/v1/subscriptions/expiring')).data, []);

        const at = new Date(Math.floor((Date.now() + 3 * day) / 1000) * 1000).toISOString().replace('.000', '');
        // A date within the running period is that period's end from then on.
        const canceled = await server.admin('POST', `/v1/subscriptions/${id}/cancel`, {at});
        assert.equal(canceled.status, 200, JSON.stringify(canceled.body));
        const [row] = (await get('/v1/subscriptions/expiring?days=4&catalog=api-metering')).data;
        assert.deepEqual([row.subscription, row.external_id, row.email, row.plan, row.amount, row.reason, row.at],
            [id, 'ada', 'ada@example.com', 'pro', {amount: 9900, currency: 'USD'}, 'cancel_at_period_end', at]);
        assert.deepEqual((await get('/v1/subscriptions/expiring?days=2')).data, []);
        const ill = await get(`/v1/subscriptions/${id}/health`);
        assert.deepEqual([ill.score, ill.reasons.map((r) => [r.code, r.weight, r.numbers.ends_at])],
            [50, [['cancel_scheduled', 50, at]]]);

        // A server looks at everything when it starts.
        await server.stop();
        await server.restart();
        const [finding] = await eventually('the finding', async () => {
            const {data} = await get('/v1/monitor/findings?kind=expiring');
            return data.length > 0 && data;
        });
        assert.deepEqual([finding.about, finding.reason, finding.period, finding.state, finding.facts.plan],
            [id, 'cancel_at_period_end', at, 'open', 'pro']);
        const monitor = await get('/v1/monitor');
        assert.equal(monitor.open.expiring, 1);
        assert.deepEqual(monitor.mrr_at_risk, [{mrr: {amount: 9900, currency: 'USD'}, subscriptions: 1}]);
        assert.deepEqual((await get('/v1/monitor/findings?customer=ext:ada&catalog=api-metering')).data.length, 1);
        assert.deepEqual((await get('/v1/monitor/findings?catalog=learning-app')).data, []);

        assert.equal((await server.admin('POST', `/v1/subscriptions/${id}/keep`)).status, 200);
        await server.stop();
        await server.restart();
        await eventually('the finding to be over', async () =>
            (await get('/v1/monitor/findings?kind=expiring&state=closed')).data.length === 1);
        assert.deepEqual((await get('/v1/monitor/findings?kind=expiring')).data, []);
        assert.equal((await get(`/v1/subscriptions/${id}/health`)).score, 100);
    });

    test('bad questions are refused by name', async () => {
        for (const path of ['/v1/subscriptions/expiring?days=0', '/v1/subscriptions/expiring?days=367',
                            '/v1/subscriptions/expiring?days=1e1', '/v1/subscriptions/failing?days=7',
                            '/v1/monitor/findings?kind=anything', '/v1/monitor/findings?state=ajar',
                            '/v1/monitor?days=1']) {
            const {status, body} = await server.admin('GET', path);
            assert.deepEqual([status, body.code], [400, 'request.invalid_query'], path);
        }
        for (const path of ['/v1/subscriptions/expiring', '/v1/subscriptions/failing',
                            '/v1/monitor/findings', '/v1/monitor']) {
            const {status, body} = await server.admin('GET', `${path}?catalog=nope`);
            assert.deepEqual([status, body.code], [400, 'catalog.no_such_catalog'], path);
        }
        for (const path of ['/v1/subscriptions/sub_nobody/health',
                            `/v1/subscriptions/sub_${'0'.repeat(26)}/health`]) {
            const {status, body} = await server.admin('GET', path);
            assert.deepEqual([status, body.code], [404, 'subscription.not_found'], path);
        }
        assert.equal((await server.admin('GET', '/v1/monitor/findings?customer=ext:nobody')).status, 404);
        assert.equal((await server.user('ada', 'GET', '/v1/monitor')).status, 403);
        assert.equal((await server.request('GET', '/v1/monitor/findings')).status, 401);
    });

    test('an action that is late makes /readyz red, by name, until it is done', async () => {
        const ready = () => server.request('GET', '/readyz');
        const {body: metrics} = await server.request('GET', '/metrics');
        assert.match(metrics, /turnpike_billing_lag_seconds\{action="command"\} 0/);
        assert.match(metrics, /turnpike_findings_open\{kind="drift"\} 0/);
        assert.deepEqual((await ready()).body.late, []);

        const provider = server.sandbox.program.child.pid;
        process.kill(provider, 'SIGSTOP');
        let subscribed;
        try {
            subscribed = server.subscribe('bob', 'pro');
            const red = await eventually('/readyz to be red', async () => {
                const answer = await ready();
                return answer.status === 503 && answer;
            });
            const command = red.body.late.find((late) => late.action === 'command');
            assert.ok(command, JSON.stringify(red.body));
            assert.ok(command.lag_seconds > lateAfter);
            assert.equal(red.body.status, 'not_ready');
            assert.equal((await server.request('GET', '/healthz')).status, 200);
            const shown = (await get('/v1/monitor')).actions.find(({action}) => action === 'command');
            assert.equal(shown.late, true);
        } finally {
            process.kill(provider, 'SIGCONT');
        }
        await subscribed;
        await eventually('/readyz to be green', async () => (await ready()).status === 200);
    });
});
