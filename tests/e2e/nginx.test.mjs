// The gateway behind a real nginx, with the configuration that we hand out (deploy/nginx.conf).
import assert from 'node:assert/strict';
import {once} from 'node:events';
import {createServer} from 'node:http';
import {readFile, writeFile} from 'node:fs/promises';
import {after, before, test} from 'node:test';
import {fileURLToPath} from 'node:url';
import {Program, freePort, freshFolder, removeFolders} from '../lib/process.mjs';
import {startSandbox} from '../lib/sandbox.mjs';
import {Server, userToken} from '../lib/server.mjs';

let sandbox, server, api, nginx, url;
let served = 0;

before(async () => {
    sandbox = await startSandbox();
    server = await Server.start(sandbox);
    api = createServer((request, response) => {
        ++served;
        response.end(`served ${request.url}`);
    });
    api.listen(0, '127.0.0.1');
    await once(api, 'listening');

    const port = await freePort();
    const folder = await freshFolder();
    const handedOut = await readFile(fileURLToPath(new URL('../../deploy/nginx.conf', import.meta.url)), 'utf8');
    const config = handedOut
        .replace('127.0.0.1:8080', `127.0.0.1:${server.port}`)
        .replace('127.0.0.1:9000', `127.0.0.1:${api.address().port}`)
        .replace('127.0.0.1:8000', `127.0.0.1:${port}`)
        .replace('http {', `http {
            access_log off;
            client_body_temp_path ${folder}/body; proxy_temp_path ${folder}/proxy;
            fastcgi_temp_path ${folder}/f; uwsgi_temp_path ${folder}/u; scgi_temp_path ${folder}/s;`);
    await writeFile(`${folder}/nginx.conf`, `daemon off; master_process off; pid ${folder}/pid;
        error_log stderr; ${config}`);
    nginx = new Program('nginx', ['-e', 'stderr', '-p', folder, '-c', `${folder}/nginx.conf`],
                        {PATH: `${process.env.PATH}:/usr/sbin`});
    url = `http://127.0.0.1:${port}`;
    await nginx.answering(url);
});
after(async () => {
    await nginx.stop();
    api.closeAllConnections();
    api.close();
    if (!server.program.result) await server.stop();
    await sandbox.program.stop();
    await removeFolders();
});

const get = (path, name) =>
    fetch(url + path, {headers: name ? {authorization: `Bearer ${userToken(name)}`} : {}});

test('who is not known is turned away, and the API does not hear of it', async () => {
    const before = served;
    assert.equal((await get('/signals')).status, 401);
    assert.equal(served, before);
});

test('requests are served and counted until the limit, then answered with 402', async () => {
    assert.equal(await (await get('/export/pdf?year=2027', 'nginx-free')).text(),
                 'served /export/pdf?year=2027');
    assert.equal((await server.status('nginx-free')).body.usage.current, 5);
    assert.equal((await server.consume('nginx-free', 94)).status, 200);
    const before = served;
    assert.equal((await get('/signals', 'nginx-free')).status, 200);
    assert.equal((await get('/signals', 'nginx-free')).status, 402);
    assert.equal((await get('/export/csv', 'nginx-free')).status, 402);
    assert.equal(served, before + 1);
    assert.equal((await server.status('nginx-free')).body.usage.current, 100);
});

test('64 requests at once for the last ten units: ten are served', async () => {
    await server.status('nginx-crowd');
    assert.equal((await server.consume('nginx-crowd', 90)).status, 200);
    const before = served;
    const answers = await Promise.all(Array.from({length: 64}, () => get('/signals', 'nginx-crowd')));
    const count = (status) => answers.filter((a) => a.status === status).length;
    assert.deepEqual([count(200), count(402)], [10, 54]);
    assert.equal(served, before + 10);
});

test('without Turnpike the API is served all the same', async () => {
    await server.stop();
    const answer = await get('/signals', 'nginx-free');
    assert.deepEqual([answer.status, await answer.text()], [200, 'served /signals']);
});
