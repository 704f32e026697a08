// The commands: what they refuse, in one line that says how to mend it, and with which exit code.
import assert from 'node:assert/strict';
import {createHmac} from 'node:crypto';
import {readFile, readdir, rename, stat, writeFile} from 'node:fs/promises';
import {after, before, describe, test} from 'node:test';
import {Program, binary, eventually, freePort, freshFolder, removeFolders, run} from '../lib/process.mjs';
import {Server, engines} from '../lib/server.mjs';

const enough = {
    TURNPIKE_JWT_SECRET: '0123456789abcdef0123456789abcdef',
    STRIPE_SECRET_KEY: 'sk_test_abc',
    STRIPE_WEBHOOK_SECRET: 'whsec_abcdef',
};

/// Runs the program; what it wrote must be one line.
async function oneLine(args, env = {}) {
    const {code, output} = await run(binary, args, {...enough, ...env});
    assert.match(output, /^turnpike: [^\n]+\n$/, `${args.join(' ')}: ${output}`);
    return {code, line: output.trimEnd()};
}

after(removeFolders);

test('a wrong argument is named in one line, and ends with 2', async () => {
    const cases = [
        [['bogus'], /unknown command: bogus; there are: up, .*doctor/],
        [['plan', 'bogus'], /unknown command: bogus; there are: diff, apply/],
        [['serve', '--bogus'], /--bogus/],
        [['up', '--listen', 'foo'], /--listen: 'foo' is no address with a port; give HOST:PORT/],
        [['up', '--sandbox-listen', 'foo', '--data', await freshFolder()], /--sandbox-listen: 'foo'/],
        [['sandbox', '--listen', 'foo'], /--listen: 'foo' is no address with a port; give HOST:PORT/],
        [['serve', '--listen', 'foo'], /listen: 'foo' is no address with a port \(from --listen\)/],
        [['reconcile', '--mode', 'look'], /--mode is repair or report/],
        [['key', 'create', '--name', 'x', '--scopes', 'usage:write, zap'],
         /there is no scope 'zap'; there are: catalog:read, .*operations/],
        [['key', 'create', '--name', ''], /--name must not be empty/],
        [['key', 'create', '--name', 'Visa 4242 4242 4242 4242'], /--name holds what looks like a card number/],
        [['user', 'create', '--email', 'ada@example.com', '--name', '4242424242424242'],
         /--name holds what looks like a card number/],
        [['user', 'create', '--email', 'ada@example.com', '--name', 'Ada \u202e'], /--name must not hold characters that turn text around/],
        [['user', 'create', '--email', 'ada@example.com', '--name', 'A'.repeat(201)], /--name must have at most 200 characters/],
        [['token', '--sub', 'a b'], /--sub: an external id has 1 to 128 characters/],
        [['token', '--sub', 'cus_01HF00000000000000000000AA'], /--sub: /],
        [['token', '--sub', 'ä', '--role', 'admin'], /sub that is not 1 to 128 printable ASCII/],
        [['token', '--sub', 'a', '--email', 'a\u0001'], /email/],
    ];
    for (const [args, expected] of cases) {
        const {code, line} = await oneLine(args);
        assert.match(line, expected);
        assert.equal(code, 2, line);
    }
});

test('a wrong setting is named in one line, and ends with 2', async () => {
    const folder = await freshFolder();
    const jwks = `${folder}/keys.json`;
    await writeFile(jwks, '{"keys":7}');
    const empty = `${folder}/empty.json`;
    await writeFile(empty, '');
    const cases = [
        [{STRIPE_API_BASE: 'https://api.stripe.com/v1'}, /stripe\.api_base: .*http\(s\):\/\/host\[:port\]/],
        [{STRIPE_PUBLISHABLE_KEY: 'sk_test_abc'}, /stripe\.publishable_key: .*begins with pk_/],
        [{STRIPE_PRO_PRICE_ID: 'prod_1'}, /stripe\.pro_price_id: .*begins with price_/],
        [{TURNPIKE_JWKS_FILE: empty, TURNPIKE_JWT_SECRET: ''}, new RegExp(`${empty}: .*document`)],
        [{TURNPIKE_JWKS_FILE: jwks}, new RegExp(`${jwks}: .*keys`)],
        [{TURNPIKE_CATALOG: folder}, /is a directory/],
        // Names that no file can have: looking fails, and not with "there is none".
        [{TURNPIKE_CATALOG: 'x'.repeat(5000)}, /catalog: .* does not exist/],
        [{TURNPIKE_JWKS_FILE: 'x'.repeat(5000)}, /auth\.jwks_file: .* does not exist/],
        [{TURNPIKE_CONFIG: 'x'.repeat(5000)}, /could not be opened/],
    ];
    for (const [env, expected] of cases) {
        const {code, line} = await oneLine(['serve', '--data', folder, '--listen', '127.0.0.1:0'], env);
        assert.match(line, expected);
        assert.equal(code, 2, line);
    }
});

test('a plan of misfortune that cannot be read names its file or flag, and leaves the data alone', async () => {
    const folder = await freshFolder();
    const sandbox = ['sandbox', '--listen', '127.0.0.1:0', '--data', `${folder}/data`];
    for (const seed of ['-1', '9223372036854775808', '18446744073709551615', 'x']) {
        const {code, line} = await oneLine([...sandbox, '--chaos-seed', seed]);
        assert.match(line, /--chaos-seed/);
        assert.equal(code, 2, line);
    }
    for (const [text, expected] of [['{', /plan\.json: .*byte 1/],
                                    ['{"rules": [{"call": "*", "do": "x"}]}', /plan\.json: rules\/0\/do/]]) {
        await writeFile(`${folder}/plan.json`, text);
        const {code, line} = await oneLine([...sandbox, '--chaos', `${folder}/plan.json`]);
        assert.match(line, expected);
        assert.equal(code, 2, line);
    }
    await assert.rejects(stat(`${folder}/data`), {code: 'ENOENT'});
});

test('a data directory that the sandbox cannot use is named, and what to do about it', async () => {
    const folder = await freshFolder();
    const none = await oneLine(['sandbox', '--listen', '127.0.0.1:0', '--data', '']);
    assert.match(none.line, /--data: .*turnpike-sandbox/);
    assert.equal(none.code, 2);
    await writeFile(`${folder}/sandbox.db`, 'not a database, but long enough to be looked at'.repeat(300));
    const garbage = await oneLine(['sandbox', '--listen', '127.0.0.1:0', '--data', folder]);
    assert.match(garbage.line, new RegExp(`${folder}/sandbox\\.db: .*--data`));
    assert.equal(garbage.code, 1);
    // A file of the other twin, as a slip of the hand would leave it.
    const twins = new Program(binary, ['sandbox', '--listen', '[::1]:0', '--razorpay-listen', '[::1]:0',
                                       '--data', `${folder}/both`]);
    await eventually('both addresses', () => twins.output.includes("Razorpay's API"));
    for (const [url] of twins.output.matchAll(/http:\/\/[^;\s]+/g))
        assert.equal((await fetch(`${url}/healthz`)).status, 200, url);
    twins.child.kill('SIGTERM');
    await twins.ended;
    await rename(`${folder}/both/razorpay.db`, `${folder}/both/sandbox.db`);
    const other = await oneLine(['sandbox', '--listen', '127.0.0.1:0', '--data', `${folder}/both`]);
    assert.match(other.line, new RegExp(`${folder}/both/sandbox\\.db: .*--data`));
    assert.equal(other.code, 1);
});

test('what fails without a wrong setting ends with 1, also in one line', async () => {
    const data = await freshFolder();
    const cases = [
        [{TURNPIKE_DATABASE: 'postgres://nobody@127.0.0.1:1/nothing'}, /127\.0\.0\.1/],
        [{TURNPIKE_ACCESS_LOG: `${data}/absent/access.log`}, /cannot open the access log/],
        [{TURNPIKE_LISTEN: '192.0.2.1:80'}, /cannot listen on 192\.0\.2\.1/],
    ];
    for (const [env, expected] of cases) {
        const {code, line} = await oneLine(['serve', '--data', data], {TURNPIKE_LISTEN: '127.0.0.1:0', ...env});
        assert.match(line, expected);
        assert.equal(code, 1, line);
    }
});

test('what works on the ledger alone needs no provider, and no secret of callers', async () => {
    const data = ['--data', await freshFolder()];
    for (const args of [['migrate'], ['audit', 'verify'], ['audit', 'head'], ['recompute', '--all'],
                        ['user', 'list'], ['plan', 'apply'], ['secrets', 'rotate']]) {
        const {code, output} = await run(binary, [...args, ...data]);
        assert.equal(code, 0, `${args.join(' ')}: ${output}`);
    }
    const {code, output} = await run(binary, ['reconcile', ...data]);
    assert.match(output, /auth\.jwt_secret/);
    assert.equal(code, 2);
});

// Of an empty ledger an audit is good, a list short and a difference none: whoever has mistyped the
// folder would believe it. Only what docs/operations.md names begins a ledger.
describe('where there is no ledger', () => {
    const refused = {
        'audit head': [], 'audit verify': [], 'backup': ['--to', '/nonexistent/backup'],
        'key create': ['--name', 'x'], 'plan diff': [], 'reconcile': ['--mode', 'report'],
        'recompute': ['--all'], 'secrets rotate': [], 'user activate': ['ada@example.com'],
        'user deactivate': ['ada@example.com'], 'user list': [],
        'user reset-link': ['ada@example.com'], 'verify': [],
    };
    const others = [
        'import attribution', 'import csv', 'migrate', 'plan apply', 'serve', 'smoke', 'up', 'user create',
        'doctor',  // says so
        'bench consume', 'bench http', 'bench ingest', 'bench restart', 'bench sandbox', 'bench summary',
        'restore', 'routes', 'sandbox', 'token',  // need none
    ];

    async function commandsOf(words) {
        const {output} = await run(binary, [...words, 'no-such-command']);
        const names = output.match(/; there are: (.*) \(see --help\)/)?.[1].split(', ');
        if (!names) return [words.join(' ')];
        return (await Promise.all(names.map((name) => commandsOf([...words, name])))).flat();
    }
    test('it is decided for every command whether it makes one', async () => {
        assert.deepEqual((await commandsOf([])).sort(), [...Object.keys(refused), ...others].sort());
    });

    for (const [command, args] of Object.entries(refused))
        test(`${command} says so and makes none`, async () => {
            const nowhere = await freshFolder();
            const {code, line} = await oneLine([...command.split(' '), ...args, '--data', nowhere]);
            assert.match(line, /there is no (such ledger|ledger\.db); give the folder of a server/);
            assert.equal(code, 2, line);
            assert.deepEqual(await readdir(nowhere), []);
        });

    test('doctor notes it, and whether one can be made', async () => {
        const nowhere = await freshFolder();
        const examined = await run(binary, ['doctor', '--data', nowhere], enough);
        assert.match(examined.output, /note +ledger: there is none yet\n +serve makes it/);
        const absent = await run(binary, ['doctor', '--data', nowhere,
                                          '--database', `sqlite:${nowhere}/absent/ledger.db`], enough);
        assert.match(absent.output, /WRONG +ledger: .*\/absent: No such file/);
        assert.equal(absent.code, 1);
        assert.deepEqual((await readdir(nowhere)).filter((name) => name.startsWith('ledger')), []);
    });

    for (const engine of engines().filter((e) => e.name === 'PostgreSQL'))
        test('an empty database of PostgreSQL stays empty', async () => {
            const database = await engine.database();
            for (const command of [['user', 'list'], ['reconcile'], ['audit', 'verify']]) {
                const {code, line} = await oneLine([...command, '--data', await freshFolder(),
                                                    '--database', database]);
                assert.match(line, /the database is empty: there is no such ledger/);
                assert.equal(code, 2, line);
            }
            const tables = await run('psql', ['-XAtq', '-d', database, '-c',
                                              "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"]);
            assert.equal(tables.output.trim(), '0');
        });
});

test('a token for a server of turnpike up needs its folder alone', async () => {
    const folder = await freshFolder();
    const secret = '0123456789abcdef'.repeat(4);
    await writeFile(`${folder}/jwt_secret`, secret);
    const {code, output} = await run(binary, ['token', '--sub', 'ada', '--data', folder]);
    assert.equal(code, 0, output);
    const [head, claims, signature] = output.trim().split('.');
    assert.equal(signature, createHmac('sha256', secret).update(`${head}.${claims}`).digest('base64url'));
    const none = await run(binary, ['token', '--sub', 'ada', '--data', `${folder}/absent`]);
    assert.match(none.output, /^turnpike: .*TURNPIKE_JWT_SECRET.*--data/);
    assert.equal(none.code, 2);
});

test('a help shows first what is needed first, and of other commands only what they use', async () => {
    const serve = (await run(binary, ['serve', '--help'])).output;
    const order = ['Needed first:', '--stripe-secret-key', 'The server:', '--threads', 'Letters:'];
    const places = order.map((text) => serve.indexOf(text));
    assert.deepEqual(places, [...places].sort((a, b) => a - b));
    assert.ok(places.every((place) => place > 0), String(places));
    const {output} = await run(binary, ['audit', 'verify', '--help']);
    assert.match(output, /--data .*TURNPIKE_DATA/);
    assert.doesNotMatch(output, /stripe|smtp/);
    assert.match(output, /turnpike serve --help/);
    assert.ok(output.split('\n').length < 20, output);
});

test('serve --help gives every setting its three names', async () => {
    const {code, output} = await run(binary, ['serve', '--help']);
    assert.equal(code, 0);
    const text = output.replace(/\s+/g, ' ');
    for (const names of [['--listen', 'TURNPIKE_LISTEN', 'listen'],
                         ['--jwt-secret', 'TURNPIKE_JWT_SECRET', 'auth.jwt_secret'],
                         ['--stripe-secret-key', 'STRIPE_SECRET_KEY', 'stripe.secret_key'],
                         ['--upgrade-url', 'TURNPIKE_UPGRADE_URL', 'upgrade_url']]) {
        const [flag, environment, key] = names;
        assert.match(text, new RegExp(`${flag} [^[]*\\[${environment}, ${key} in the file\\]`));
    }
});

test('a catalog file that is wrong is named once for each fault, with its line', async () => {
    const folder = await freshFolder();
    const file = `${folder}/catalog.toml`;
    await writeFile(file, '[[plans]]\nkey = "free"\nname = "FREE"\nrank = "low"\ndefault = true\n' +
        'prices = [{ currency = "usd", interval = "month", amount = "0.00" }]\n');
    const {code, line} = await oneLine(['plan', 'diff', '--data', folder, '--catalog', file]);
    assert.equal(line, `turnpike: ${file}:4: 'rank' must be a whole number from 0 to 1000000`);
    assert.equal(code, 2);
});

describe('beside a running server', () => {
    let server;
    const settings = () => ['--data', server.data, '--stripe-api-base', server.sandbox.url];
    before(async () => { server = await Server.besideSandbox(); });
    after(() => server.end());

    test('a command that cannot have the ledger names the route that can', async () => {
        const key = await oneLine(['key', 'create', '--name', 'x', '--scopes', 'usage:write, billing:read',
                                   ...settings()]);
        assert.match(key.line, /another process uses .*POST \/v1\/api_keys/);
        assert.equal(key.code, 1);
        const compared = await oneLine(['reconcile', '--mode', 'report', ...settings()]);
        assert.match(compared.line, /another process uses .*POST \/v1\/reconciliations/);
        assert.equal(compared.code, 1);
    });

    test('doctor looks at the access log and the address', async () => {
        const examine = (args) => run(binary, ['doctor', ...settings(), ...args], enough);
        const beside = await examine(['--listen', `127.0.0.1:${server.port}`]);
        assert.match(beside.output, /note +address .* a server answers there already/);
        const bad = await examine(['--listen', '192.0.2.1:80', '--access-log',
                                   `${server.data}/absent/access.log`]);
        assert.match(bad.output, /WRONG +cannot listen on 192\.0\.2\.1:80/);
        assert.match(bad.output, /WRONG +cannot open the access log/);
        assert.equal(bad.code, 1);
        const free = await examine(['--listen', `127.0.0.1:${await freePort()}`]);
        assert.match(free.output, /ok +address/);
        const base = await run(binary, ['doctor', '--data', server.data],
                               {...enough, STRIPE_API_BASE: `${server.sandbox.url}/v1`});
        assert.match(base.output, /WRONG +stripe\.api_base: .*http\(s\):\/\/host\[:port\]/);
    });

    test('doctor asks Stripe for the configured prices', async () => {
        const {output, code} = await run(binary, ['doctor', ...settings()],
                                         {...enough, STRIPE_PRO_PRICE_ID: 'price_absent'});
        assert.match(output, /WRONG +stripe\.pro_price_id: price price_absent: Stripe answers 404/);
        assert.equal(code, 1);
    });
});

// On SQLite the ledger belongs to the server alone; on PostgreSQL others may change the catalog.
for (const engine of engines().filter((e) => e.name === 'PostgreSQL'))
    test('a server sells what plan apply has changed beside it', async () => {
        const server = await Server.besideSandbox({database: await engine.database()});
        const starter = async () => (await server.request('GET', '/pricing')).body.tiers[1].price_amount;
        try {
            assert.equal(await starter(), 2900);
            const preset = await readFile('presets/api-metering.toml', 'utf8');
            assert.ok(preset.includes('amount = "29.00"'));
            const file = `${server.data}/catalog.toml`;
            await writeFile(file, preset.replace('amount = "29.00"', 'amount = "31.00"'));
            const applied = await run(binary, ['plan', 'apply', '--catalog', file, '--data', server.data,
                                               '--database', server.database], enough);
            assert.equal(applied.code, 0, applied.output);
            await eventually('the new price', async () => (await starter()) === 3100);
        } finally {
            await server.end();
        }
    });
