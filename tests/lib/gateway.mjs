// What every gateway must do, proved with the real program, its handed-out configuration
// (deploy/gateway/) and a small API behind it.
import assert from 'node:assert/strict';
import {once} from 'node:events';
import {createServer} from 'node:http';
import {readdir, readFile} from 'node:fs/promises';
import {after, before, test} from 'node:test';
import {fileURLToPath} from 'node:url';
import {eventually, freePort, freshFile} from './process.mjs';
import {Server, userToken} from './server.mjs';

/// Answers `served METHOD PATH`, counts in `served`, and keeps the last request.
class Api {
    static async start() {
        const api = new Api();
        api.served = 0;
        api.server = createServer(async (request, response) => {
            let body = '';
            for await (const chunk of request) body += chunk;
            ++api.served;
            api.last = {headers: request.headers, body};
            if (request.url === '/broken') response.statusCode = 500;
            response.end(`served ${request.method} ${request.url}`);
        });
        api.server.listen(0, '127.0.0.1');
        await once(api.server, 'listening');
        api.port = api.server.address().port;
        return api;
    }
    stop() {
        this.server.closeAllConnections();
        this.server.close();
    }
}

/// Threads stop one by one; the last may still answer when the signal has been sent.
async function standsStill(pid) {
    const states = await Promise.all((await readdir(`/proc/${pid}/task`)).map(async (thread) =>
        (await readFile(`/proc/${pid}/task/${thread}/stat`, 'utf8')).split(') ').at(-1)[0]));
    return states.every((state) => state === 'T');
}

/// The text of deploy/gateway/`name` with the addresses that it says to replace.
export async function handedOut(name, {turnpike, api, gateway, log}) {
    const path = fileURLToPath(new URL(`../../deploy/gateway/${name}`, import.meta.url));
    const text = await readFile(path, 'utf8');
    return text.replaceAll('127.0.0.1:8080', `127.0.0.1:${turnpike}`)
        .replaceAll('127.0.0.1:9000', `127.0.0.1:${api}`)
        .replaceAll('127.0.0.1:8000', `127.0.0.1:${gateway}`)
        .replaceAll('127.0.0.1:5140', `127.0.0.1:${log}`);
}

/// The preset, and two meters more: of reports every plan has one, and exports no plan has.
async function catalogFile() {
    const preset = fileURLToPath(new URL('../../presets/api-metering.toml', import.meta.url));
    const meter = (key) => `
        [[meters]]
        key = "${key}"
        name = "${key}"
        unit = "${key}"
        event_type = "${key}"
        aggregation = "sum"
        [[routes]]
        method = "*"
        pattern = "/${key}"
        meter = "${key}"
        units = 1
    `;
    const one = '{ meter = "reports", included = "1", overage = "block" }';
    const plans = (await readFile(preset, 'utf8')).replaceAll('allowances = [', `allowances = [${one}, `);
    return freshFile('catalog.toml', plans + meter('reports') + meter('exports'));
}

/// Defines the tests of one gateway. `start(ports)` runs the program on `ports.gateway` before the
/// API on `ports.api`, asking `ports.turnpike` and sending its access log to `ports.log`; it answers
/// with the Program.
export function proveGateway(start) {
    let server, api, gateway, url;

    before(async () => {
        const log = await freePort();
        server = await Server.besideSandbox({
            catalog: await catalogFile(), env: {TURNPIKE_GATEWAY_LOG: `udp://127.0.0.1:${log}`}});
        api = await Api.start();
        const ports = {turnpike: server.port, api: api.port, gateway: await freePort(), log};
        gateway = await start(ports);
        url = `http://127.0.0.1:${ports.gateway}`;
        await gateway.answering(url);
    });
    after(async () => {
        await gateway.stop();
        api.stop();
        await server.end();
    });

    const ask = (path, name, {headers = {}, ...options} = {}) =>
        fetch(url + path, {
            ...options,
            headers: {...(name ? {authorization: `Bearer ${userToken(name)}`} : {}), ...headers},
        });
    const used = async (name) => (await server.status(name)).body.usage.current;
    const remaining = (answer) => /^"api_calls";r=(\d+);t=\d+$/.exec(answer.headers.get('ratelimit'))[1];

    test('who is not known is turned away, and the API does not hear of it', async () => {
        const before = api.served;
        const unknown = await ask('/signals');
        assert.equal(unknown.status, 401);
        assert.notEqual(unknown.headers.get('server'), 'turnpike');
        assert.equal(api.served, before);
    });

    test('each route costs what the catalog says, and the client is told what is left', async () => {
        const costs = [['/signals', 1], ['/signals/history/AAPL?days=5', 2], ['/export/csv', 3],
                       ['/export/pdf', 5]];
        let total = 0;
        for (const [path, units] of costs) {
            const answer = await ask(path, 'costs');
            assert.equal(await answer.text(), `served GET ${path}`);
            total += units;
            assert.equal(await used('costs'), total, path);
            assert.equal(remaining(answer), String(100 - total));
            assert.match(answer.headers.get('ratelimit-policy'), /^"api_calls";q=100;w=\d+$/);
        }
        const free = await ask('/health', 'costs');
        assert.deepEqual([free.status, free.headers.get('ratelimit')], [200, null]);
        assert.equal(await used('costs'), total);
    });

    test('a request reaches the API whole, with the customer that Turnpike knows', async () => {
        const lies = {'x-turnpike-customer': 'cus_somebody', 'x-turnpike-plan': 'enterprise'};
        const body = 'x'.repeat(100_000);
        const answer = await ask('/signals', 'whole', {method: 'POST', body, headers: lies});
        assert.equal(await answer.text(), 'served POST /signals');
        assert.equal(api.last.body, body);
        const {'x-turnpike-customer': customer, 'x-turnpike-plan': plan} = api.last.headers;
        assert.match(customer, /^cus_[0-9a-z]{26}$/i);
        assert.equal(plan, 'free');
        await ask('/health', 'whole', {headers: lies});
        assert.equal(api.last.headers['x-turnpike-customer'] ?? '', '');
        assert.equal(api.last.headers['x-turnpike-plan'] ?? '', '');
    });

    test('a client names neither another route nor another mode', async () => {
        const lies = {'x-original-uri': '/health', 'x-original-method': 'OPTIONS',
                      'x-forwarded-uri': '/health', 'x-forwarded-method': 'OPTIONS',
                      'x-envoy-original-path': '/health'};
        const answer = await ask('/export/pdf?mode=check&path=/health', 'liar', {headers: lies});
        assert.equal(answer.status, 200);
        assert.equal(await used('liar'), 5);
    });

    test('no other spelling of a path that costs reaches the API', async () => {
        const before = api.served;
        for (const path of ['/Signals', '/SIGNALS/', '/%53ignals', '/signals/History/AAPL', '/Export/csv',
                            '/signals;a=1', '/signals%3ba=1', '/free/..;/signals', '/free;x'])
            assert.equal((await ask(path, 'speller')).status, 404, path);
        assert.equal(api.served, before);
        for (const path of ['/signals/history/Aapl', '/health?a=1;b=2', '/Signals.txt'])
            assert.equal((await ask(path, 'speller')).status, 200, path);
        assert.equal(await used('speller'), 2);
    });

    test('at the limit the client gets 402 with the way out, and nothing is served', async () => {
        await server.status('limited');
        assert.equal((await server.consume('limited', 99)).status, 200);
        const before = api.served;
        const tooMuch = await ask('/export/csv', 'limited');
        assert.equal(tooMuch.status, 402);
        assert.equal((await ask('/signals', 'limited')).status, 200);
        const denied = await ask('/signals', 'limited');
        assert.equal(denied.status, 402);
        assert.match(denied.headers.get('content-type'), /^application\/problem\+json/);
        const problem = await denied.json();
        assert.equal(problem.status, 402);
        assert.equal(problem.code, 'limit_exceeded');
        assert.deepEqual([problem.limit, problem.used, problem.upgrade.plan], ['100', '100', 'starter']);
        assert.equal(remaining(denied), '0');
        assert.ok(Number(denied.headers.get('retry-after')) > 0);
        const ours = [...denied.headers.keys()].filter((name) => name.startsWith('x-turnpike-'));
        assert.deepEqual(ours, [], 'what Turnpike tells the gateway is not for the client');
        assert.notEqual(denied.headers.get('server'), 'turnpike');
        assert.equal(api.served, before + 1);
        assert.equal(await used('limited'), 100);
    });

    test('where no plan helps, the client gets 429 or 403', async () => {
        assert.equal((await ask('/reports', 'stuck')).status, 200);
        const wait = await ask('/reports', 'stuck');
        assert.equal(wait.status, 429);
        const {status, code, upgrade} = await wait.json();
        assert.deepEqual([status, code, upgrade], [429, 'limit_exceeded', undefined]);
        assert.ok(Number(wait.headers.get('retry-after')) > 0);
        const never = await ask('/exports', 'stuck');
        assert.equal(never.status, 403);
        assert.equal((await never.json()).code, 'not_in_plan');
    });

    test('64 requests at once for the last ten units: ten are served', async () => {
        await server.status('crowd');
        assert.equal((await server.consume('crowd', 90)).status, 200);
        const before = api.served;
        const answers = await Promise.all(Array.from({length: 64}, () => ask('/signals', 'crowd')));
        const count = (status) => answers.filter((a) => a.status === status).length;
        assert.deepEqual([count(200), count(402)], [10, 54]);
        assert.equal(api.served, before + 10);
        assert.equal(await used('crowd'), 100);
    });

    test("the API's own failures stay its own", async () => {
        const before = api.served;
        const answer = await ask('/broken', 'costs');
        assert.deepEqual([answer.status, await answer.text()], [500, 'served GET /broken']);
        assert.equal(api.served, before + 1);
    });

    test('requests, errors and latencies are known by route and by customer', async () => {
        for (const path of ['/signals', '/signals/history/A', '/signals/history/B?x=1'])
            assert.equal((await ask(path, 'watched', {headers: {'x-turnpike-customer': 'cus_lie'}})).status, 200);
        const routes = await eventually('the access log to arrive', async () => {
            const {body} = await server.user('watched', 'GET', '/v1/usage/routes');
            return body.data.length === 2 && body.data;
        });
        assert.deepEqual(routes.map(({route, count, server_errors: errors}) => [route, count, errors]),
                         [['* /signals', 1, 0], ['* /signals/history/{symbol}', 2, 0]]);
        for (const {latency} of routes) assert.ok(Number(latency.p99_ms) < 10_000);
        const all = (await server.admin('GET', '/v1/usage/routes')).body.data;
        const other = all.find(({route}) => route === 'other');
        assert.equal(other.server_errors, 1);  // the one of /broken
        assert.ok(all.find(({route}) => route === '* /signals').client_errors > 0);
        const route = encodeURIComponent('* /signals/history/{symbol}');
        const used = await eventually('the usage of the route', async () => {
            const {body} = await server.user('watched', 'GET',
                                             `/v1/usage/series?meter=api_calls&route=${route}`);
            return body.total.events === 2 && body;
        });
        assert.equal(used.total.quantity, '4');
        assert.equal(used.data.at(-1).requests.count, 2);
    });

    test('a Turnpike that hangs is one that does not answer', async () => {
        server.program.child.kill('SIGSTOP');
        await eventually('all its threads to stand still', () => standsStill(server.program.child.pid));
        try {
            const open = await ask('/signals', 'limited');
            assert.deepEqual([open.status, await open.text()], [200, 'served GET /signals']);
            assert.equal((await ask('/export/csv', 'limited')).status, 503);
        } finally {
            server.program.child.kill('SIGCONT');
        }
        await eventually('Turnpike to answer again', async () =>
            (await ask('/signals', 'limited')).status === 402);
    });

    test('without Turnpike an open route is served and a closed one is not', async () => {
        await server.stop();
        const before = api.served;
        const lie = {'x-turnpike-customer': 'cus_somebody'};
        const open = await ask('/signals', 'limited', {method: 'POST', body: 'x', headers: lie});
        assert.deepEqual([open.status, await open.text()], [200, 'served POST /signals']);
        assert.equal(api.last.body, 'x');
        assert.equal(api.last.headers['x-turnpike-customer'] ?? '', '');
        const closed = await ask('/export/csv', 'costs');
        assert.equal(closed.status, 503);
        assert.equal((await closed.json()).code, 'usage_unknown');
        assert.equal(closed.headers.get('retry-after'), '5');
        assert.equal(api.served, before + 1);
    });

    test('and with Turnpike back, limits hold again', async () => {
        await server.restart();
        await eventually('the gateway to ask again', async () =>
            (await ask('/signals', 'limited')).status === 402);
    });
}
