// A disk that takes no more of the ledger, and gives way again. Only SQLite: a PostgreSQL server has
// a disk of its own.
import assert from 'node:assert/strict';
import {stat} from 'node:fs/promises';
import {after, before, describe, test} from 'node:test';
import {randomUUID} from 'node:crypto';
import {eventually} from '../lib/process.mjs';
import {Server} from '../lib/server.mjs';

describe('a ledger whose disk is full', () => {
    let server;
    before(async () => {
        server = await Server.besideSandbox();
    });
    after(() => server.end());

    const add = () => server.admin('POST', '/v1/customers', {external_id: randomUUID()});
    const ready = () => server.request('GET', '/readyz');

    test('is not ready, says so, and is read', async () => {
        assert.equal((await add()).status, 201);
        assert.equal((await ready()).body.ledger, 'ok');
        await server.limitFiles((await stat(`${server.data}/ledger.db-wal`)).size);
        assert.equal((await add()).status, 503);
        const {status, body} = await ready();
        assert.deepEqual([status, body.status, body.ledger, body.usage],
                         [503, 'not_ready', 'read_only', 'ok']);
        const health = await server.request('GET', '/health');
        assert.deepEqual([health.body.status, health.body.database.status],
                         ['degraded', 'read_only']);
        assert.equal((await server.admin('GET', '/v1/customers')).status, 200);
        assert.equal((await server.request('GET', '/healthz')).status, 200);
    });

    test('is ready by itself when there is space', async () => {
        await server.limitFiles('unlimited');
        await eventually('the server to be ready', async () => (await ready()).status === 200);
        assert.equal((await ready()).body.ledger, 'ok');
        assert.equal((await add()).status, 201);
    });
});
