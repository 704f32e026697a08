// Data in other hands: a backup of a server at work, put back elsewhere, and the check of a stopped
// server's data. Only SQLite: PostgreSQL has tools of its own.
import assert from 'node:assert/strict';
import {readdir, readFile, writeFile} from 'node:fs/promises';
import {after, before, describe, test} from 'node:test';
import {binary, eventually, freshFolder, run} from '../lib/process.mjs';
import {Server} from '../lib/server.mjs';

const turnpike = (...args) => run(binary, args);

describe('verify, backup and restore', () => {
    const names = ['ann', 'bob', 'cid'];
    let server;
    before(async () => {
        server = await Server.besideSandbox();
        for (const name of names) {
            const answer = await server.subscribe(name, 'pro');
            assert.equal(answer.status, 200, JSON.stringify(answer.body));
        }
    });
    after(() => server.end());

    const batchOf = (name, number) =>
        Array.from({length: 20}, (_, i) => Server.event(name, `${name}-${number}-${i}`));
    /// Sends until it is told to stop; `acknowledged` has what was answered for.
    function load(name, acknowledged) {
        let stopped = false;
        const ended = (async () => {
            for (let number = 0; !stopped; ++number) {
                const batch = batchOf(name, number);
                const sent = await server.admin('POST', '/v1/events', batch);
                assert.equal(sent.status, 200, JSON.stringify(sent.body));
                assert.equal(sent.body.accepted, batch.length);
                acknowledged.push(batch);
            }
        })();
        return async () => {
            stopped = true;
            await ended;
        };
    }
    const used = async (name) => (await server.status(name)).body.usage.current;

    test('a backup of a server at work has all that was acknowledged before it', async () => {
        const acknowledged = [];
        const stops = names.map((name) => load(name, acknowledged));
        await eventually('some to be acknowledged', () => acknowledged.length >= 20);
        const before = acknowledged.length;
        const folder = await freshFolder();
        const backup = await turnpike('backup', '--data', server.data, '--to', `${folder}/backup`,
                                      '--with-key');
        assert.equal(backup.code, 0, backup.output);
        assert.match(backup.output, /^\d+ files, \d+ bytes in /);
        for (const stop of stops) await stop();
        const counts = Object.fromEntries(
            await Promise.all(names.map(async (name) => [name, await used(name)])));

        const refused = await turnpike('restore', '--from', `${folder}/backup`,
                                       '--data', server.data);
        assert.equal(refused.code, 2);
        assert.match(refused.output, /^turnpike: .* is not empty; --force [^\n]+\n$/);
        const forced = await turnpike('restore', '--from', `${folder}/backup`,
                                      '--data', server.data, '--force');
        assert.equal(forced.code, 1);
        assert.match(forced.output, /^turnpike: another process uses [^\n]+\n$/);

        await server.kill();
        const restored = await turnpike('restore', '--from', `${folder}/backup`,
                                        '--data', `${folder}/data`);
        assert.equal(restored.code, 0, restored.output);
        const verified = await turnpike('verify', '--data', `${folder}/data`);
        assert.equal(verified.code, 0, verified.output);
        assert.match(verified.output, /all is right\n$/);
        const again = await turnpike('backup', '--data', `${folder}/data`, '--to', `${folder}/copy`);
        assert.equal(again.code, 0, 'a stopped server has a backup too: ' + again.output);

        server.data = `${folder}/data`;
        await server.restart();
        for (const batch of acknowledged.slice(0, before)) {
            const again = await server.admin('POST', '/v1/events', batch);
            assert.deepEqual([again.body.accepted, again.body.duplicates.length], [0, batch.length],
                             JSON.stringify(again.body));
        }
        // What came while it was made is in it or not; sent again, nothing counts twice.
        for (const batch of acknowledged.slice(before))
            assert.equal((await server.admin('POST', '/v1/events', batch)).status, 200);
        for (const name of names) assert.equal(await used(name), counts[name], name);
    });

    test('verify refuses the data of a running server, and finds a damaged byte', async () => {
        const inUse = await turnpike('verify', '--data', server.data);
        assert.equal(inUse.code, 1);
        assert.match(inUse.output, /^turnpike: another process uses [^\n]+\n$/);

        await server.stop();
        const good = await turnpike('verify', '--data', server.data);
        assert.equal(good.code, 0, good.output);
        const [segment] = (await readdir(`${server.data}/usage/segments`))
            .filter((name) => name.endsWith('.log'));
        const path = `${server.data}/usage/segments/${segment}`;
        const bytes = await readFile(path);
        bytes[40] ^= 1;
        await writeFile(path, bytes);
        const bad = await turnpike('verify', '--data', server.data);
        assert.equal(bad.code, 1, bad.output);
        assert.ok(bad.output.includes(`PROBLEM  ${path} is damaged at byte 0`), bad.output);
        bytes[40] ^= 1;
        await writeFile(path, bytes);
        await server.restart();
    });
});
