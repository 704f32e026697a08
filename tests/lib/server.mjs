// `turnpike serve` beside a sandbox, and a client for its API. What the API looks like is here, so
// that the tests say what must be true and not how it is spelled.
import {createHmac, randomUUID} from 'node:crypto';
import {binary, eventually, freePort, freshFolder, Program, removeFolders, run} from './process.mjs';
import {call, secretKey, startSandbox} from './sandbox.mjs';

const jwtSecret = 'a-secret-of-the-tests-with-enough-bytes';
const base64url = (value) => Buffer.from(value).toString('base64url');

/// An HS256 token as the server accepts it; `claims` override everything.
export function token(claims = {}, secret = jwtSecret) {
    const now = Math.floor(Date.now() / 1000);
    const head = base64url(JSON.stringify({alg: 'HS256', typ: 'JWT'}));
    const body = base64url(JSON.stringify({iat: now, exp: now + 3600, ...claims}));
    const signature = createHmac('sha256', secret).update(`${head}.${body}`).digest('base64url');
    return `${head}.${body}.${signature}`;
}
export const adminToken = () => token({sub: 'root', role: 'admin'});
export const userToken = (name) => token({sub: name, email: `${name}@example.com`});

/// The engines to test with: SQLite always, PostgreSQL when there is one.
export function engines() {
    const found = [{name: 'SQLite', database: async () => undefined}];
    const postgres = process.env.TURNPIKE_TEST_POSTGRES;
    if (postgres) found.push({name: 'PostgreSQL', database: () => freshDatabase(postgres)});
    return found;
}

/// Makes a database on the PostgreSQL server of this URL: the new one's URL.
export async function freshDatabase(postgres) {
    const name = `e2e_${randomUUID().replaceAll('-', '')}`;
    const made = await run('psql', ['-X', '-q', '-d', postgres, '-c', `CREATE DATABASE ${name}`]);
    if (made.code !== 0) throw new Error(made.output);
    const url = new URL(postgres);
    url.pathname = `/${name}`;
    return url.toString();
}

/// A server with a webhook endpoint of its own at the sandbox. `restart()` starts it again on the
/// same port, data and database, after stop() or kill(). `env` adds to its settings or overrides them.
export class Server {
    static async start(sandbox, {database, catalog, preset = 'api-metering', env = {}} = {}) {
        const server = new Server();
        server.sandbox = sandbox;
        server.port = await freePort();
        server.url = `http://127.0.0.1:${server.port}`;
        server.data = await freshFolder();
        server.database = database;
        server.catalog = catalog;
        server.preset = preset;
        server.env = env;
        const endpoint = await call(sandbox, 'POST', '/v1/webhook_endpoints', {
            url: `${server.url}/webhooks/stripe`,
            enabled_events: ['*'],
        });
        if (endpoint.status !== 200) throw new Error(JSON.stringify(endpoint.body));
        server.endpoint = endpoint.body.id;
        server.webhookSecret = endpoint.body.secret;
        await server.restart();
        return server;
    }

    /// As start(), with a sandbox of its own: for end(). With `razorpay` it has Razorpay's twin too,
    /// at `twin`; whose keys they are, `env` says.
    static async besideSandbox({razorpay = false, ...options} = {}) {
        if (!razorpay) return Server.start(await startSandbox(), options);
        const port = await freePort();
        const twin = `http://127.0.0.1:${port}`;
        const sandbox = await startSandbox({args: ['--razorpay-listen', `127.0.0.1:${port}`]});
        await sandbox.program.answering(twin);
        const server = await Server.start(sandbox, {
            ...options, env: {RAZORPAY_API_BASE: twin, ...options.env}});
        server.twin = twin;
        return server;
    }

    async restart() {
        const args = ['serve', '--listen', `127.0.0.1:${this.port}`, '--data', this.data,
                      '--preset', this.preset];
        if (this.database) args.push('--database', this.database);
        if (this.catalog) args.push('--catalog', this.catalog);
        this.program = new Program(binary, args, {
            TURNPIKE_JWT_SECRET: jwtSecret,
            TURNPIKE_ALLOWED_ORIGINS: 'loopback,https://shop.example',
            STRIPE_SECRET_KEY: secretKey,
            STRIPE_API_BASE: this.sandbox.url,
            STRIPE_WEBHOOK_SECRET: this.webhookSecret,
            ...this.env,
        });
        await this.program.answering(`${this.url}/healthz`);
        await eventually('the server to be ready', async () =>
            this.program.result
                ? Promise.reject(new Error(this.program.output))
                : (await this.request('GET', '/readyz')).status === 200);
    }
    /// No file of the running server may grow beyond `bytes`, which a write meets as it meets a full
    /// disk; 'unlimited' gives way again.
    async limitFiles(bytes) {
        const limited = await run('prlimit', ['--pid', String(this.program.child.pid),
                                              `--fsize=${bytes}:`]);
        if (limited.code !== 0) throw new Error(limited.output);
    }
    stop() { return this.program.stop(); }
    kill() { return this.program.kill(); }
    /// Stops the server, which must still run, and its sandbox, and removes every fresh folder.
    async end() {
        try {
            await this.stop();
        } finally {
            await this.sandbox.program.stop();
            await removeFolders();
        }
    }

    /// {status, headers, body}; the body is parsed when it is JSON.
    async request(method, path, {as, body, headers = {}} = {}) {
        const response = await fetch(this.url + path, {
            method,
            headers: {
                ...(as ? {authorization: `Bearer ${as}`} : {}),
                ...(body === undefined ? {} : {'content-type': 'application/json'}),
                ...headers,
            },
            body: body === undefined || typeof body === 'string' || Buffer.isBuffer(body)
                ? body
                : JSON.stringify(body),
        });
        const text = await response.text();
        let parsed = text;
        try {
            parsed = JSON.parse(text);
        } catch {
            // Not every answer is JSON.
        }
        return {status: response.status, headers: response.headers, body: parsed};
    }
    admin(method, path, body) { return this.request(method, path, {as: adminToken(), body}); }
    user(name, method, path, body) {
        return this.request(method, path, {as: userToken(name), body});
    }

    /// A new API key of the seller's with these scopes.
    async sellerKey(...scopes) {
        const made = await this.admin('POST', '/v1/api_keys', {name: 'a test', scopes});
        if (made.status !== 201) throw new Error(JSON.stringify(made.body));
        return made.body.secret;
    }

    // What people do ---------------------------------------------------------------------------
    subscribe(name, tier, card = 'pm_card_visa') {
        return this.user(name, 'POST', '/billing/subscribe', {tier, payment_method_id: card});
    }
    upgrade(name, tier) { return this.user(name, 'POST', '/billing/upgrade', {tier}); }
    cancel(name, body = {}) { return this.user(name, 'POST', '/billing/cancel', body); }
    status(name) { return this.user(name, 'GET', '/billing/status'); }
    invoices(name) { return this.user(name, 'GET', '/billing/invoices'); }

    /// One event of the CloudEvents batch format.
    static event(name, id, quantity = 1) {
        return {specversion: '1.0', id, source: 'e2e', type: 'api.call', subject: name,
                data: {quantity}};
    }
    /// Sends `count` events of one unit in batches of a thousand; answers how many were accepted.
    async use(name, count, prefix = randomUUID()) {
        let accepted = 0;
        for (let first = 0; first < count; first += 1000) {
            const batch = Array.from({length: Math.min(1000, count - first)},
                                     (_, i) => Server.event(name, `${prefix}-${first + i}`));
            const sent = await this.admin('POST', '/v1/events', batch);
            if (sent.status !== 200) throw new Error(JSON.stringify(sent.body));
            accepted += sent.body.accepted;
        }
        return accepted;
    }
    consume(name, quantity = 1, id = randomUUID()) {
        return this.admin('POST', '/v1/usage/consume',
                          {customer: name, meter: 'api_calls', quantity, source: 'e2e', id});
    }
    /// Asks as the gateway does: may this user call that path? What it costs is consumed.
    gateway(name, path, method = 'GET') {
        return this.request('GET', '/v1/gateway/authorize', {
            as: userToken(name),
            headers: {'x-original-uri': path, 'x-original-method': method},
        });
    }

    /// Sends these events in one request: "accepted", or why not, of each.
    async send(...events) {
        const sent = await this.admin('POST', '/v1/events', events);
        if (sent.status !== 200) throw new Error(JSON.stringify(sent.body));
        const codes = [...sent.body.verdicts];
        for (const {index, code} of sent.body.rejected) codes[index] = code;
        return codes;
    }
    /// A new customer without a subscription: his name.
    async customer(name = randomUUID()) {
        const made = await this.admin('POST', '/v1/customers', {external_id: name});
        if (made.status !== 201) throw new Error(JSON.stringify(made.body));
        return name;
    }
    /// A customer who lives on a test clock that starts at `start` (a Date): the clock's id.
    async customerOnClock(name, start) {
        const clock = await this.admin('POST', '/v1/test_clocks',
                                       {name, frozen_time: start.toISOString()});
        if (clock.status !== 201) throw new Error(JSON.stringify(clock.body));
        const made = await this.admin('POST', '/v1/customers',
                                      {external_id: name, email: `${name}@example.com`,
                                       test_clock: clock.body.id});
        if (made.status !== 201) throw new Error(JSON.stringify(made.body));
        return clock.body.id;
    }
    advance(clock, to) {
        return this.admin('POST', `/v1/test_clocks/${clock}/advance`,
                          {frozen_time: to.toISOString()});
    }
    reconcile(mode = 'report') { return this.admin('POST', '/v1/reconciliations', {mode}); }

    /// Posts an event as Stripe would; `signature` overrides the header.
    webhook(event, {secret = this.webhookSecret, at = Math.floor(Date.now() / 1000), signature} = {}) {
        const body = JSON.stringify(event);
        const mac = createHmac('sha256', secret).update(`${at}.${body}`).digest('hex');
        return this.request('POST', '/webhooks/stripe', {
            body,
            headers: {'stripe-signature': signature ?? `t=${at},v1=${mac}`},
        });
    }
}
