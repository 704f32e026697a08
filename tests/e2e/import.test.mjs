// Taking a running business over: databases and files of another system, both providers' twins, a
// process that is killed half-way, and a server that goes on with what was taken over.
import assert from 'node:assert/strict';
import {after, afterEach, beforeEach, describe, test} from 'node:test';
import {Program, binary, freePort, freshFile, freshFolder, removeFolders, run, sleep} from '../lib/process.mjs';
import {call, secretKey, startSandbox} from '../lib/sandbox.mjs';
import {engines, freshDatabase, Server} from '../lib/server.mjs';

const keys = {id: 'rzp_test_import', secret: 'razorpaySecret'};
const postgres = process.env.TURNPIKE_TEST_POSTGRES;

async function razorpay(twin, path, body) {
    const credentials = Buffer.from(`${keys.id}:${keys.secret}`).toString('base64');
    const response = await fetch(twin + path, {
        method: body ? 'POST' : 'GET',
        headers: {authorization: `Basic ${credentials}`, 'content-type': 'application/json'},
        body: body && JSON.stringify(body),
    });
    const answer = await response.json();
    assert.equal(response.status, 200, JSON.stringify(answer));
    return answer;
}

/// A business that has sold Pro at Razorpay and Scale at Stripe.
class Business {
    static async begin() {
        const business = new Business(), port = await freePort();
        business.twin = `http://127.0.0.1:${port}`;
        business.sandbox = await startSandbox({args: ['--razorpay-listen', `127.0.0.1:${port}`]});
        await business.sandbox.program.answering(business.twin);
        business.env = {RAZORPAY_KEY_ID: keys.id, RAZORPAY_KEY_SECRET: keys.secret,
                        RAZORPAY_API_BASE: business.twin, RAZORPAY_WEBHOOK_SECRET: 'a-secret-of-ours'};
        business.pro = (await razorpay(business.twin, '/v1/plans', {
            period: 'monthly', interval: 1, item: {name: 'Pro', amount: 2900, currency: 'USD'}})).id;
        business.scale = (await business.stripe('/v1/prices', {
            unit_amount: 9900, currency: 'usd', recurring: {interval: 'month'},
            product_data: {name: 'Scale'}})).id;
        return business;
    }
    async stripe(path, params) {
        const {status, body} = await call(this.sandbox, 'POST', path, params);
        assert.equal(status, 200, JSON.stringify(body));
        return body;
    }
    async sellPro(email) {
        const {id, short_url} = await razorpay(this.twin, '/v1/subscriptions',
                                               {plan_id: this.pro, total_count: 12});
        const authorised = await fetch(short_url, {
            method: 'POST', redirect: 'manual',
            body: new URLSearchParams({action: 'authorise', email})});
        assert.equal(authorised.status, 303);
        return id;
    }
    async sellScale() {
        const customer = await this.stripe('/v1/customers', {
            payment_method: 'pm_card_visa',
            invoice_settings: {default_payment_method: 'pm_card_visa'}});
        const made = await this.stripe('/v1/subscriptions',
                                       {customer: customer.id, items: [{price: this.scale}]});
        return {customer: customer.id, subscription: made.id};
    }
    end() { return this.sandbox.program.stop(); }
}

const text = (value) => value === null ? 'NULL' : `'${value}'`;
const insert = (table, values) => `INSERT INTO ${table} VALUES (${values.map(text).join(', ')})`;
const day = (days) => new Date(Date.now() + days * 86400e3).toISOString().slice(0, 10) + ' 00:00:00';

/// As it was while there was one provider.
const oldSchema = [
    `CREATE TABLE subscriptions (id INTEGER PRIMARY KEY, customer_id TEXT NOT NULL UNIQUE,
     tier TEXT NOT NULL DEFAULT 'free', status TEXT, razorpay_subscription_id TEXT)`,
    `CREATE TABLE usage_meters (id INTEGER PRIMARY KEY, customer_id TEXT NOT NULL,
     attribution_runs INTEGER DEFAULT 0, models_used INTEGER DEFAULT 0, exports INTEGER DEFAULT 0,
     period_start TIMESTAMP, period_end TIMESTAMP, reset_at TIMESTAMP)`,
    'CREATE TABLE webhook_events (id TEXT PRIMARY KEY, event_type TEXT, payload TEXT)',
];
/// What the interface has added when it got the second one.
const secondProvider = [
    "ALTER TABLE subscriptions ADD COLUMN provider TEXT DEFAULT 'razorpay'",
    'ALTER TABLE subscriptions ADD COLUMN stripe_subscription_id TEXT',
    'ALTER TABLE subscriptions ADD COLUMN stripe_customer_id TEXT',
];

const sources = [{
    name: 'an SQLite file',
    make: async () => `${await freshFolder()}/old.db`,
    run: (where, sql) => run('python3', ['-c', `
import sqlite3, sys
theirs = sqlite3.connect(sys.argv[1])
theirs.executescript(sys.argv[2])
`, where, sql.join(';\n')]),
}];
if (postgres)
    sources.push({
        name: 'a PostgreSQL database',
        make: () => freshDatabase(postgres),
        run: (where, sql) => run('psql', ['-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', where,
                                          ...sql.flatMap((one) => ['-c', one])]),
    });

after(removeFolders);

for (const engine of engines())
    describe(`import into ${engine.name}`, () => {
        let business, server;
        beforeEach(async () => { business = await Business.begin(); });
        afterEach(async () => {
            // After a failure it may still run.
            if (!server.program.result) await server.stop();
            await business.end();
        });

        /// A server that is down for the time of an import.
        async function stoppedServer() {
            server = await Server.start(business.sandbox, {
                database: await engine.database(), preset: 'attribution', env: business.env});
            await server.stop();
        }
        const program = (...args) => new Program(binary, [
            'import', ...args, '--data', server.data, '--preset', 'attribution',
            ...(server.database ? ['--database', server.database] : []),
        ], {TURNPIKE_JWT_SECRET: '0123456789abcdef0123456789abcdef', STRIPE_SECRET_KEY: secretKey,
            STRIPE_API_BASE: business.sandbox.url, STRIPE_WEBHOOK_SECRET: server.webhookSecret,
            ...business.env});
        /// {code, report}: what it says to a program. Nothing else may be on standard output.
        async function imported(...args) {
            const started = program(...args, '--json');
            let said = '';
            started.child.stdout.on('data', (chunk) => { said += chunk; });
            const {code} = await started.ended;
            assert.ok(said, started.output);
            return {code, report: JSON.parse(said)};
        }
        const tally = (created, already_there, refused) => ({created, already_there, refused});

        for (const source of sources)
            test(`from ${source.name} of the attribution shape`, async () => {
                await stoppedServer();
                const asha = await business.sellPro('asha@x.example');
                const bert = await business.sellScale();
                const from = await source.make();
                const made = await source.run(from, [
                    ...oldSchema,
                    insert('subscriptions', [1, 'asha', 'pro', 'active', asha]),
                    insert('subscriptions', [2, 'cleo', 'free', 'active', null]),
                    insert('usage_meters', [1, 'asha', 12, 0, 3, day(-10), day(20), null]),
                    insert('usage_meters', [2, 'asha', 99, 9, 9, day(-40), day(-10), null]),
                    ...secondProvider,
                    insert('subscriptions', [3, 'bert', 'scale', 'active', null, 'stripe',
                                             bert.subscription, bert.customer]),
                    insert('subscriptions', [4, 'dora', 'pro', 'active', 'sub_nowhere', 'razorpay',
                                             null, null]),
                ]);
                assert.equal(made.code, 0, made.output);

                const tried = await imported('attribution', '--from', from, '--dry-run');
                const first = await imported('attribution', '--from', from);
                assert.deepEqual({...tried.report, dry_run: false}, first.report);
                assert.equal(first.code, 1);
                assert.deepEqual(first.report.customers, tally(3, 0, 1));
                assert.deepEqual(first.report.subscriptions, tally(2, 0, 1));
                assert.deepEqual(first.report.usage, tally(2, 0, 0));
                const refused = first.report.remarks.filter(({kind}) => kind === 'refused');
                assert.deepEqual(refused.map(({row, customer, code}) => [row, customer, code]),
                                 [['subscriptions 4', 'dora', 'unknown_at_provider']]);

                await source.run(from, ['DELETE FROM subscriptions WHERE id = 4']);
                const second = await imported('attribution', '--from', from);
                assert.equal(second.code, 0, JSON.stringify(second.report));
                assert.deepEqual(second.report.customers, tally(0, 3, 0));
                assert.deepEqual(second.report.subscriptions, tally(0, 2, 0));
                assert.deepEqual(second.report.usage, tally(0, 2, 0));

                await server.restart();
                const {body: shown} = await server.admin('GET', '/v1/subscriptions');
                assert.deepEqual(shown.data.map(({provider, status}) => [provider, status]).sort(),
                                 [['razorpay', 'active'], ['stripe', 'active']]);
                const {body: usage} = await server.admin('GET', '/v1/usage?customer=ext:asha');
                const used = Object.fromEntries(usage.meters.map(({meter, used}) => [meter, used]));
                assert.deepEqual(used, {attribution_runs: '12', models_used: '0', exports: '3'});
                // Brings the invoices; afterwards the ledger and both providers agree.
                await server.reconcile('repair');
                assert.deepEqual((await server.reconcile()).body.differences, []);
                await server.stop();
            });

        test('from CSV files, as spreadsheets write them', async () => {
            await stoppedServer();
            const zoe = await business.sellScale();
            const customers = await freshFile('customers.csv',
                '\ufeffcustomer,email,name,created_at\r\n' +
                'zoe,zoe@x.example,"Zoë, the ""first""",2025-03-01\r\n' +
                'yan,zoe@X.example,Yan,\r\n' +
                'xia,xia@x.example,"=HYPERLINK(""http://x"")",\r\n');
            const subscriptions = await freshFile('subscriptions.csv',
                'customer,plan,provider,provider_subscription_id,amount_minor,currency\r\n' +
                `zoe,scale,stripe,${zoe.subscription},9900,usd\r\n` +
                'wim,pro,stripe,sub_1,29.00,usd\r\n');
            const files = ['csv', '--customers', customers, '--subscriptions', subscriptions];
            const {code, report} = await imported(...files);
            assert.equal(code, 1);
            assert.deepEqual(report.customers, tally(2, 0, 2));
            assert.deepEqual(report.remarks.map(({row, code, kind}) => [row, code, kind]), [
                ['customers line 3', 'same_email', 'note'],
                ['customers line 4', 'formula', 'refused'],
                ['subscriptions line 3', 'bad_amount', 'refused'],
            ]);
            assert.deepEqual((await imported(...files)).report.customers, tally(0, 2, 2));
            await server.restart();
            const {body} = await server.admin('GET', '/v1/customers/ext:zoe');
            assert.equal(body.name, 'Zoë, the "first"');
            assert.equal(body.metadata.customer_since, '2025-03-01T00:00:00Z');
            await server.stop();
        });

        test('is gone on with after it was killed', async () => {
            await stoppedServer();
            const names = Array.from({length: 200}, (_, i) => `c${i}`);
            const bert = await business.sellScale();
            const from = await sources[0].make();
            const made = await sources[0].run(from, [
                ...oldSchema, ...secondProvider,
                ...names.map((name, i) =>
                    insert('usage_meters', [i, name, 5, 0, 0, day(-10), day(20), null])),
                insert('subscriptions', [1, 'c77', 'scale', 'active', null, 'stripe',
                                         bert.subscription, bert.customer]),
            ]);
            assert.equal(made.code, 0, made.output);
            let kills = 0;
            for (let wait = 150; kills < 40; wait += 60) {
                const started = program('attribution', '--from', from);
                await Promise.race([sleep(wait), started.ended]);
                if (started.result) break;
                await started.kill();
                ++kills;
            }
            assert.ok(kills > 1, 'it was too quick to be killed');
            const {code, report} = await imported('attribution', '--from', from);
            assert.equal(code, 0, JSON.stringify(report));
            assert.deepEqual(report.customers, tally(0, 200, 0));
            assert.deepEqual(report.subscriptions, tally(0, 1, 0));
            assert.deepEqual(report.usage, tally(0, 200, 0));
            await server.restart();
            for (const name of ['c0', 'c77', 'c199']) {
                const {body} = await server.admin('GET', `/v1/usage?customer=ext:${name}`);
                const runs = body.meters.find(({meter}) => meter === 'attribution_runs');
                assert.equal(runs.used, '5', name);
            }
            await server.reconcile('repair');
            assert.deepEqual((await server.reconcile()).body.differences, []);
            await server.stop();
        });

        test('says in one line what it cannot begin with', async () => {
            await stoppedServer();
            const file = await freshFile('a.csv', 'customer\n"never closed\n');
            const cases = [
                [['csv'], 2, /give --customers, --subscriptions, or both/],
                [['csv', '--customers', '/nowhere'], 2, /cannot read \/nowhere/],
                [['csv', '--customers', file], 2, /a\.csv: line 2: a quote is never closed/],
                [['attribution'], 2, /--from is required/],
                [['attribution', '--from', '/nowhere'], 1, /\/nowhere: /],
                [['attribution', '--from', file], 1, /a\.csv: /],
            ];
            for (const [args, code, expected] of cases) {
                const started = program(...args);
                assert.equal((await started.ended).code, code, started.output);
                assert.match(started.output, /^turnpike: [^\n]+\n$/);
                assert.match(started.output, expected);
            }
        });
    });

test('help tells what there is', async () => {
    const top = await run(binary, ['import', '--help']);
    assert.equal(top.code, 0);
    assert.match(top.output, /attribution[^]*csv/);
    for (const command of ['attribution', 'csv']) {
        const {output} = await run(binary, ['import', command, '--help']);
        for (const flag of ['--dry-run', '--json']) assert.ok(output.includes(flag), flag);
    }
});
