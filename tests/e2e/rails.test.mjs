// What guards a server: headers for browsers, limits for callers, and a record of deeds that shows
// when somebody has changed it.
import assert from 'node:assert/strict';
import {readFile, writeFile} from 'node:fs/promises';
import {after, before, describe, test} from 'node:test';
import {binary, eventually, freshFolder, run} from '../lib/process.mjs';
import {secretKey} from '../lib/sandbox.mjs';
import {adminToken, engines, Server} from '../lib/server.mjs';

for (const engine of engines()) describe(`safety rails on ${engine.name}`, () => {
    let server;
    before(async () => {
        server = await Server.besideSandbox({
            database: await engine.database(),
            env: {TURNPIKE_PUBLIC_URL: 'https://billing.example.com',
                  TURNPIKE_REQUESTS_PER_MINUTE: '40'},
        });
    });
    after(() => server.end());

    test('every answer guards browsers, and none lets another origin read it', async () => {
        const origin = {origin: 'https://evil.example', 'sec-fetch-mode': 'cors'};
        for (const [method, path] of [['GET', '/pricing'], ['GET', '/v1/customers'],
                                      ['GET', '/nothing'], ['OPTIONS', '/v1/customers'],
                                      ['POST', '/webhooks/stripe']]) {
            const {headers} = await server.request(method, path,
                                                   {as: adminToken(), headers: origin});
            assert.equal(headers.get('x-content-type-options'), 'nosniff', path);
            assert.equal(headers.get('content-security-policy'), "frame-ancestors 'none'");
            assert.match(headers.get('strict-transport-security'), /^max-age=\d{8}$/);
            assert.equal(headers.get('referrer-policy'), 'no-referrer');
            for (const [name] of headers)
                assert.ok(!name.startsWith('access-control-'), `${name} at ${path}`);
        }
    });

    test('one key asks too often, and nobody else is in its way', async () => {
        const key = await server.sellerKey('customers:read', 'usage:read');
        const list = () => server.request('GET', '/v1/customers', {as: key});
        const first = await list();
        assert.equal(first.status, 200);
        assert.equal(first.headers.get('ratelimit-policy'), '"caller";q=40;w=60');
        assert.match(first.headers.get('ratelimit'), /^"caller";r=39;t=\d+$/);
        let refused;
        for (let i = 0; i < 60 && !refused; ++i) {
            const answer = await list();
            if (answer.status === 429) refused = answer;
        }
        assert.equal(refused.body.code, 'access.rate_limited');
        assert.deepEqual(refused.body['violated-policies'], ['caller']);
        assert.ok(Number(refused.headers.get('retry-after')) >= 1);
        const other = await server.sellerKey('customers:read');
        assert.equal((await server.request('GET', '/v1/customers', {as: other})).status, 200);
        const {body: metrics} = await server.request('GET', '/metrics');
        assert.match(metrics, /turnpike_http_shed_total\{reason="rate"\} [1-9]/);
        // What is critical goes on for the same key.
        for (let i = 0; i < 60; ++i) {
            const check = await server.request('POST', '/v1/entitlements/check',
                {as: key, body: {customer: 'nobody', feature: 'api_calls'}});
            assert.notEqual(check.status, 429);
        }
    });

    test('the audit log shows what was changed in it', async () => {
        const settings = {TURNPIKE_JWT_SECRET: 'a-secret-of-the-tests-with-enough-bytes',
                          STRIPE_SECRET_KEY: secretKey,
                          STRIPE_WEBHOOK_SECRET: server.webhookSecret};
        const audit = (...args) => run(binary, ['audit', ...args, '--data', server.data,
            ...(server.database ? ['--database', server.database] : [])], settings);
        await server.stop();
        const heads = await readFile(`${server.data}/audit_heads.jsonl`, 'utf8');
        assert.match(heads, /^\{"sequence":[1-9]\d*,"hash":"[0-9a-f]{64}",/);
        assert.match(server.program.output, /event=audit\.head sequence=\d+ hash=[0-9a-f]{64}/);
        const good = await audit('verify');
        assert.equal(good.code, 0, good.output);
        assert.match(good.output, /^[1-9]\d* records and 1 heads in \d+ ms\nall is right\n$/);
        const head = await audit('head');
        assert.equal(JSON.parse(head.output).sequence, JSON.parse(heads).sequence);

        const sql = async (text) => {
            const done = server.database
                ? await run('psql', ['-X', '-q', '-d', server.database, '-c', text])
                : await run('python3', ['-c', `
import sqlite3
ledger = sqlite3.connect('${server.data}/ledger.db')
ledger.execute("""${text}""")
ledger.commit()`]);
            assert.equal(done.code, 0, done.output);
        };
        await sql("UPDATE audit_events SET actor = actor || 'x' WHERE sequence = 1");
        const changed = await audit('verify');
        assert.equal(changed.code, 1);
        assert.match(changed.output, /PROBLEM {2}record 1 \(aud_\w+\) is not what was recorded/);
        await sql('UPDATE audit_events SET actor = substr(actor, 1, length(actor) - 1) ' +
                  'WHERE sequence = 1');
        assert.equal((await audit('verify')).code, 0);

        const forged = `${await freshFolder()}/heads`;
        await writeFile(forged, heads.replace(/"sequence":\d+/, '"sequence":999'));
        const refused = await audit('verify', '--head', forged);
        assert.equal(refused.code, 2);
        assert.match(refused.output, /^turnpike: [^\n]+its signature does not hold\n$/);
        await server.restart();
        await eventually('the chain to go on', async () =>
            (await server.admin('GET', '/v1/audit_events')).status === 200);
    });
});
