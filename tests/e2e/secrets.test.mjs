// Planted secrets, looked for in everything that leaves the process: logs, answers, the ledger, a
// backup. And the master key: lost, wrong, rotated.
import assert from 'node:assert/strict';
import {randomBytes} from 'node:crypto';
import {readdir, readFile, rename, stat, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {after, before, describe, test} from 'node:test';
import {binary, eventually, freshFolder, run} from '../lib/process.mjs';
import {secretKey} from '../lib/sandbox.mjs';
import {adminToken, engines, Server, token} from '../lib/server.mjs';

/// Every file below a folder, but those that are there to hold a key.
async function filesBelow(folder) {
    const found = [];
    for (const name of await readdir(folder)) {
        const path = join(folder, name);
        if ((await stat(path)).isDirectory()) found.push(...await filesBelow(path));
        else if (name !== 'master.key') found.push(path);
    }
    return found;
}

for (const engine of engines()) describe(`secrets on ${engine.name}`, () => {
    let server;
    const answers = [];
    /// Secrets by what they are; nothing of them may be found anywhere.
    const canaries = {};
    before(async () => {
        server = await Server.besideSandbox({database: await engine.database()});
        canaries['the Stripe key'] = secretKey;
        canaries['the webhook secret'] = server.webhookSecret;
        canaries['a user\'s token'] = token({sub: 'ada', email: 'ada@example.com', jti: 'canary'});
    });
    after(() => server.end());

    async function told(...args) {
        const answer = await server.request(...args);
        answers.push(JSON.stringify([answer.body, [...answer.headers]]));
        return answer;
    }
    async function dumpTo(path) {
        const made = await run('pg_dump', ['-d', server.database, '-f', path]);
        assert.equal(made.code, 0, made.output);
        return readFile(path, 'utf8');
    }

    test('are found in no log, answer, ledger file or backup', async () => {
        const made = await server.admin('POST', '/v1/api_keys',
                                        {name: 'canary', scopes: ['operations', 'billing:read']});
        assert.equal(made.status, 201);
        const key = canaries['an API key'] = made.body.secret;

        const ada = canaries['a user\'s token'];
        const paid = await told('POST', '/billing/subscribe',
                                {as: ada, body: {tier: 'pro', payment_method_id: 'pm_card_visa'}});
        assert.equal(paid.status, 200, JSON.stringify(paid.body));
        // Wrong places to put them: a path, a query, a header, a body.
        for (const path of ['/v1/customers', '/v1/api_keys', '/v1/audit_events',
                            '/v1/webhook_events', `/v1/nothing?key=${key.slice(0, 8)}`])
            await told('GET', path, {as: adminToken()});
        await told('GET', '/v1/audit_events', {as: key});
        await told('GET', '/v1/audit_events', {as: key + 'x'});
        await told('GET', '/v1/audit_events', {as: ada + 'x'});
        await told('POST', '/webhooks/stripe', {
            headers: {'stripe-signature': `t=1,v1=${server.webhookSecret}`}, body: '{}'});
        await eventually('the webhooks to arrive', async () =>
            (await told('GET', '/v1/webhook_events', {as: adminToken()})).body.data
                .some((event) => event.type.startsWith('payment_intent.') ||
                                 event.type.startsWith('invoice.')));

        const folder = await freshFolder();
        const places = new Map(answers.map((text, i) => [`answer ${i}`, text]));
        if (server.database) {
            places.set('a dump', await dumpTo(`${folder}/dump.sql`));
        } else {
            const backup = await run(binary, ['backup', '--data', server.data,
                                              '--to', `${folder}/backup`]);
            assert.equal(backup.code, 0, backup.output);
            canaries['the master key'] = await readFile(`${server.data}/master.key`, 'utf8');
            for (const path of await filesBelow(`${folder}/backup`))
                places.set(path, await readFile(path, 'latin1'));
        }
        await server.stop();
        places.set('the log', server.program.output);
        for (const path of await filesBelow(server.data))
            places.set(path, await readFile(path, 'latin1'));
        for (const [place, text] of places) {
            for (const [what, canary] of Object.entries(canaries))
                assert.ok(!text.includes(canary), `${what} is in ${place}`);
            const found = text.match(/\w+_secret_[0-9A-Za-z]{6,}/);
            assert.equal(found, null, `a client secret is in ${place}`);
        }
        assert.ok([...places.values()].some((text) => text.includes('_secret_****')),
                  'there was a client secret to leave out');
        await server.restart();
    });

    if (engine.name === 'SQLite') test('a lost master key is missed', async () => {
        await server.stop();
        await rename(`${server.data}/master.key`, `${server.data}/away`);
        const start = () => run(binary, ['serve', '--listen', '127.0.0.1:0',
                                         '--data', server.data], {
            TURNPIKE_JWT_SECRET: 'a-secret-of-the-tests-with-enough-bytes',
            STRIPE_SECRET_KEY: secretKey,
            STRIPE_WEBHOOK_SECRET: server.webhookSecret,
        });
        const missed = await start();
        assert.equal(missed.code, 2);
        assert.match(missed.output, /^turnpike: [^\n]+ is not here: put it back as [^\n]+\n$/);
        await writeFile(`${server.data}/master.key`, randomBytes(32).toString('hex'));
        const wrong = await start();
        assert.equal(wrong.code, 2);
        assert.match(wrong.output, /^turnpike: [^\n]+ a master key that is not given\n$/);
        await rename(`${server.data}/away`, `${server.data}/master.key`);
        await server.restart();
    });

    test('the master key is rotated, and pages go on', async () => {
        for (const name of ['bob', 'cid', 'dan']) await server.customer(name);
        const page = await server.admin('GET', '/v1/customers?limit=1');
        assert.ok(page.body.has_more);
        const settings = {TURNPIKE_JWT_SECRET: 'a-secret-of-the-tests-with-enough-bytes',
                          STRIPE_SECRET_KEY: secretKey,
                          STRIPE_WEBHOOK_SECRET: server.webhookSecret};
        const rotate = (env) => run(binary, ['secrets', 'rotate', '--data', server.data,
            ...(server.database ? ['--database', server.database] : [])], {...settings, ...env});
        const old = await readFile(`${server.data}/master.key`, 'utf8');
        if (server.database) {
            const refused = await rotate({});
            assert.equal(refused.code, 2, refused.output);
            assert.match(refused.output, /^turnpike: on PostgreSQL other servers may run[^\n]+\n$/);
            const fresh = randomBytes(32).toString('hex');
            server.env = {TURNPIKE_MASTER_KEY: `${fresh},${old}`};
            await server.stop();
            await server.restart();
            const rotated = await rotate(server.env);
            assert.equal(rotated.code, 0, rotated.output);
            server.env = {TURNPIKE_MASTER_KEY: fresh};
        } else {
            await server.stop();
            const rotated = await rotate({});
            assert.equal(rotated.code, 0, rotated.output);
            const now = await readFile(`${server.data}/master.key`, 'utf8');
            assert.match(now.trim(), /^[0-9a-f]{64}$/);
            assert.notEqual(now.trim(), old.trim());
        }
        if (server.database) await server.stop();
        await server.restart();
        const next = await server.admin('GET',
                                        `/v1/customers?limit=1&cursor=${page.body.next_cursor}`);
        assert.equal(next.status, 200, JSON.stringify(next.body));
    });
});
