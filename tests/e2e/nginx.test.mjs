// The gateway behind a real nginx, with the configuration that we hand out (deploy/gateway/nginx.conf).
import assert from 'node:assert/strict';
import {readFile, writeFile} from 'node:fs/promises';
import {test} from 'node:test';
import {Program, freshFolder} from '../lib/process.mjs';
import {handedOut, proveGateway} from '../lib/gateway.mjs';

let folder;

proveGateway(async (ports) => {
    folder = await freshFolder();
    const config = (await handedOut('nginx.conf', ports))
        .replace('/var/log/nginx/unmetered.log', `${folder}/unmetered.log`)
        .replace('http {', `http {
            access_log off;
            client_body_temp_path ${folder}/body; proxy_temp_path ${folder}/proxy;
            fastcgi_temp_path ${folder}/f; uwsgi_temp_path ${folder}/u; scgi_temp_path ${folder}/s;`);
    await writeFile(`${folder}/nginx.conf`, `daemon off; master_process off; pid ${folder}/pid;
        error_log stderr; ${config}`);
    return new Program('nginx', ['-e', 'stderr', '-p', folder, '-c', `${folder}/nginx.conf`],
                       {PATH: `${process.env.PATH}:/usr/sbin`});
});

test('what was served without Turnpike is in a log of its own', async () => {
    const lines = (await readFile(`${folder}/unmetered.log`, 'utf8')).trimEnd().split('\n');
    assert.match(lines[0], /"GET \/signals HTTP\/1\.1" 200/);
    assert.match(lines.at(-1), /"POST \/signals HTTP\/1\.1" 200/);
});
