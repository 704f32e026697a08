// The gateway behind a real Caddy, with the configuration that we hand out (deploy/gateway/Caddyfile).
import assert from 'node:assert/strict';
import {readFile, writeFile} from 'node:fs/promises';
import {test} from 'node:test';
import {Program, freshFolder} from '../lib/process.mjs';
import {handedOut, proveGateway} from '../lib/gateway.mjs';

let folder;

proveGateway(async (ports) => {
    folder = await freshFolder();
    const config = (await handedOut('Caddyfile', ports))
        .replace('/var/log/caddy/access.log', `${folder}/access.log`);
    await writeFile(`${folder}/Caddyfile`, config);
    return new Program('caddy', ['run', '--config', `${folder}/Caddyfile`, '--adapter', 'caddyfile'],
                       {XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder, HOME: folder});
});

test('what was served without Turnpike is in a log that Turnpike does not keep', async () => {
    const lines = (await readFile(`${folder}/access.log`, 'utf8')).trimEnd().split('\n').map(JSON.parse);
    const open = lines.filter(({resp_headers: headers}) => headers['X-Turnpike-Degraded']?.[0] === '1');
    const seen = open.map(({request, status}) => `${request.method} ${request.uri} ${status}`);
    assert.equal(seen[0], 'GET /signals 200');       // while Turnpike hung
    assert.equal(seen.at(-1), 'POST /signals 200');  // while it was stopped
    assert.ok(lines.length > open.length);
    assert.ok(lines.every(({request}) => request.headers === undefined), 'no credential is kept');
});
