// The C++ client as a host gets it: built and installed by itself, found with find_package, and cut
// off from the server between request and answer. What was handed over is counted, once.
import assert from 'node:assert/strict';
import {writeFile} from 'node:fs/promises';
import {after, before, test} from 'node:test';
import {examples, top} from '../lib/documents.mjs';
import {freshFolder, run} from '../lib/process.mjs';
import {Relay} from '../lib/relay.mjs';
import {Server} from '../lib/server.mjs';

let server, relay, built;

async function succeed(command, args, env) {
    const {code, output} = await run(command, args, env);
    assert.equal(code, 0, `${command} ${args.join(' ')}\n${output}`);
    return output;
}
async function configure(source, ...options) {
    const build = await freshFolder();
    await succeed('cmake', ['-S', source, '-B', build, '-G', 'Ninja', '-DCMAKE_CXX_COMPILER=clang++-19',
                            '-DCMAKE_CXX_COMPILER_LAUNCHER=ccache', ...options]);
    await succeed('cmake', ['--build', build]);
    return build;
}

before(async () => {
    server = await Server.besideSandbox();
    relay = await Relay.start(server.port);
    const prefix = await freshFolder();
    // Two translation units instead of twelve take half the time.
    const library = await configure(`${top}clients/cpp`, `-DCMAKE_INSTALL_PREFIX=${prefix}`,
                                    '-DCMAKE_UNITY_BUILD=ON', '-DCMAKE_UNITY_BUILD_BATCH_SIZE=6');
    await succeed('cmake', ['--install', library]);
    const sources = await freshFolder();
    for (const [i, code] of (await examples('clients/cpp/README.md', 'cpp')).entries())
        await writeFile(`${sources}/example${i}.cc`, code);
    built = await configure(`${top}tests/e2e/cpp_consumer`, `-DCMAKE_PREFIX_PATH=${prefix}`,
                            `-DEXAMPLES=${sources}`);
});
after(async () => {
    relay.stop();
    await server.end();
});

test('connections are cut, and the counter is what was handed over', async () => {
    assert.equal((await server.subscribe('bob', 'starter')).status, 200);
    const token = await server.sellerKey('usage:write');
    const output = await succeed(`${built}/main`, [relay.url, token, 'bob', '1000', '20']);
    const told = /^counted (\d+), duplicates (\d+), unconfirmed (\d+), consumed (\d+)$/m.exec(output);
    assert.ok(told, output);
    const [counted, duplicates, unconfirmed, consumed] = told.slice(1).map(Number);
    assert.deepEqual([counted, unconfirmed, consumed], [1000, 0, 20]);
    assert.ok(duplicates > 0 && relay.cuts > 20, `${duplicates} duplicates, ${relay.cuts} cuts`);
    assert.equal((await server.status('bob')).body.usage.current, 1020);
});

test('connections are cut, and what was reserved and corrected is counted once', async () => {
    assert.equal((await server.subscribe('dave', 'starter')).status, 200);
    const output = await succeed(`${built}/reservations`, [relay.url, await server.sellerKey('usage:write'), 'dave']);
    assert.equal(output, 'held, dropped, held, committed, amended, voided\nheld, expired\n');
    // 7 of the commit became 5; what was voided does not count.
    assert.equal((await server.status('dave')).body.usage.current, 5);
});

test("the README's examples do what they say", async () => {
    const env = {
        TURNPIKE_URL: server.url,
        TURNPIKE_TOKEN: await server.sellerKey('usage:write', 'usage:read', 'customers:read', 'customers:write'),
    };
    const output = await succeed(`${built}/example0`, [], env);
    // Three are recorded in the background, two consumed; the free plan has 100.
    assert.match(output, /^served, (98|95) of 100 left\napi_calls: 5 used\n$/);
    assert.equal(await succeed(`${built}/example1`, [], env), 'committed\namended: 1, voided: 1\n');
    assert.equal((await server.status('acme')).body.usage.current, 5);
});
