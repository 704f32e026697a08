// Work whose cost is known only afterwards: reserve, then commit or release, as a seller's server does it;
// and a power cut in between.
import assert from 'node:assert/strict';
import {after, before, describe, test} from 'node:test';
import {randomUUID} from 'node:crypto';
import {eventually, run, binary} from '../lib/process.mjs';
import {engines, Server} from '../lib/server.mjs';

const kFree = 100;  // api_calls of FREE, a hard limit (presets/api-metering.toml)

for (const engine of engines())
    describe(engine.name, () => {
        let server;
        before(async () => {
            server = await Server.besideSandbox({database: await engine.database()});
        });
        after(() => server.end());

        const reserve = (name, quantity, more = {}) =>
            server.admin('POST', '/v1/usage/reserve',
                         {customer: name, meter: 'api_calls', quantity, ...more});
        const held = async (name, quantity, more) => {
            const answer = await reserve(name, quantity, more);
            assert.equal(answer.status, 201, JSON.stringify(answer.body));
            return answer.body;
        };
        const end = (id, how, body = {}) =>
            server.admin('POST', `/v1/usage/reservations/${id}/${how}`, body);
        const look = async (name) => {
            const {status, body} = await server.admin('GET', `/v1/usage?customer=${name}`);
            assert.equal(status, 200, JSON.stringify(body));
            const {used, reserved, remaining} = body.meters.find((one) => one.meter === 'api_calls');
            return {used: Number(used), reserved: Number(reserved), remaining: Number(remaining)};
        };
        const check = async (name, requested) =>
            (await server.admin('POST', '/v1/entitlements/check',
                                {customer: name, meter: 'api_calls', requested})).body;

        test('what is reserved is nobody else\'s, and a commit counts what was used', async () => {
            const name = await server.customer();
            const {id, ...shown} = await held(name, 60, {source: 'jobs', id: `job-${name}`});
            assert.match(id, /^rsv_[0-9A-HJKMNP-TV-Z]{26}$/);
            assert.equal(shown.status, 'open');
            assert.equal(shown.reserved, '60');
            assert.equal(shown.remaining, '40');
            assert.equal(shown.reason, 'within_allowance');
            assert.equal((await check(name, 41)).allowed, false);
            const fits = await check(name, 40);
            assert.deepEqual([fits.allowed, fits.reserved], [true, '60']);
            assert.equal((await server.consume(name, 41)).status, 402);
            assert.equal((await server.consume(name, 40)).status, 200);
            const full = await reserve(name, 1);
            assert.equal(full.status, 402);
            assert.equal(full.body.code, 'limit_exceeded');
            assert.deepEqual([full.body.used, full.body.reserved, full.body.remaining], ['40', '60', '0']);
            assert.match(full.body.detail, /^asked for 1 api_calls, and 0 are left: 40 of 100 are used, and 60 reserved, in this period/);
            assert.ok(full.body.upgrade);
            assert.equal(full.headers.get('retry-after'), null, 'the reservation may end at any moment');

            const committed = await end(id, 'commit', {quantity: 25});
            assert.equal(committed.status, 200, JSON.stringify(committed.body));
            assert.deepEqual([committed.body.status, committed.body.quantity], ['committed', '25']);
            assert.deepEqual(await end(id, 'commit', {quantity: 25}).then(({body}) => body),
                             committed.body);
            assert.equal((await end(id, 'commit', {quantity: 24})).body.code,
                         'reservation.already_committed');
            assert.equal((await end(id, 'release')).status, 409);
            assert.deepEqual(await look(name), {used: 65, reserved: 0, remaining: 35});
            const listed = await server.admin('GET', `/v1/events?customer=${name}`);
            assert.deepEqual(listed.body.data.map(({source, event_id, quantity}) => [source, event_id, quantity])
                                 .filter(([source]) => source === 'jobs'),
                             [['jobs', `job-${name}`, '25']]);
            assert.equal(listed.body.data.length, 2);
        });

        test('the surplus must fit, and otherwise the reservation stays open', async () => {
            const name = await server.customer();
            const {id} = await held(name, 60);
            assert.equal((await server.consume(name, 30)).status, 200);
            const beyond = await end(id, 'commit', {quantity: 71});
            assert.deepEqual([beyond.status, beyond.body.code], [409, 'reservation.exceeds_limit']);
            const {quantity, reserved, commit_max: most, detail} = beyond.body;
            assert.deepEqual([quantity, reserved, most], ['71', '60', '70']);
            assert.match(detail, /^71 does not fit: at most 70 can be committed now, 60 of it reserved/);
            const found = await server.admin('GET', `/v1/usage/reservations/${id}`);
            assert.deepEqual([found.status, found.body.status], [200, 'open']);
            assert.equal((await end(id, 'commit', {quantity: 70})).status, 200);
            assert.deepEqual(await look(name), {used: 100, reserved: 0, remaining: 0});
        });

        test('the same request is the same reservation, and its name is taken', async () => {
            const name = await server.customer(), key = {source: 'jobs', id: randomUUID()};
            const {id} = await held(name, 10, key);
            const again = await reserve(name, 10, key);
            assert.deepEqual([again.status, again.body.id], [200, id]);
            const other = await reserve(name, 11, key);
            assert.deepEqual([other.status, other.body.code], [409, 'reservation.conflict']);
            const used = await server.admin('POST', '/v1/usage/consume', {
                customer: name, meter: 'api_calls', quantity: 10, ...key});
            assert.deepEqual([used.status, used.body.code], [409, 'entitlement.usage_conflict']);
            assert.equal((await end(id, 'release')).body.status, 'released');
            assert.equal((await end(id, 'release')).body.status, 'released');
            assert.equal((await reserve(name, 10, key)).body.status, 'released');
            assert.deepEqual(await look(name), {used: 0, reserved: 0, remaining: 100});
        });

        test('the server\'s own sources are not for others', async () => {
            const answer = await reserve(await server.customer(), 1, {source: 'turnpike.gateway GET /x', id: 'g1'});
            assert.equal(answer.status, 400, JSON.stringify(answer.body));
            assert.equal(answer.body.errors[0].code, 'reserved_source');
        });

        test('it expires by itself', async () => {
            const name = await server.customer();
            const {id} = await held(name, kFree, {ttl_s: 1});
            assert.equal((await check(name, 1)).allowed, false);
            await eventually('the reservation to expire',
                             async () => (await look(name)).reserved === 0);
            assert.equal((await check(name, kFree)).allowed, true);
            const late = await end(id, 'commit', {quantity: 1});
            assert.deepEqual([late.status, late.body.code], [410, 'reservation.expired']);
            const released = await end(id, 'release');
            assert.deepEqual([released.status, released.body.status], [200, 'expired']);
        });

        test('a power cut loses none, and a commit afterwards counts once', async () => {
            const name = await server.customer();
            const open = [];
            for (let i = 0; i < 10; ++i) open.push((await held(name, 10)).id);
            assert.equal((await end(open[0], 'commit', {quantity: 4})).status, 200);
            assert.equal((await end(open[1], 'release')).status, 200);
            // Of these nobody hears whether they came through.
            const unheard = [...open.slice(2, 6).map((id) => end(id, 'commit', {quantity: 5})),
                             ...open.slice(6, 8).map((id) => end(id, 'release'))]
                                .map((answer) => answer.catch(() => null));
            await server.kill();
            await Promise.all(unheard);
            await server.restart();
            for (const id of open.slice(2, 6)) {
                const answer = await end(id, 'commit', {quantity: 5});
                assert.equal(answer.status, 200, JSON.stringify(answer.body));
                assert.equal(answer.body.quantity, '5');
            }
            for (const id of open.slice(6, 8)) assert.equal((await end(id, 'release')).status, 200);
            assert.deepEqual(await look(name), {used: 24, reserved: 20, remaining: 56});
            assert.equal((await end(open[0], 'commit', {quantity: 4})).body.status, 'committed');
            for (const id of open.slice(8))
                assert.equal((await end(id, 'commit', {quantity: 10})).status, 200);
            assert.deepEqual(await look(name), {used: 44, reserved: 0, remaining: 56});
        });

        test('what cannot be asked is refused by name', async () => {
            const name = await server.customer();
            const refusals = [
                [await reserve(name, 1, {ttl_s: 0}), 400, 'request.invalid_body'],
                [await reserve(name, 1, {ttl_s: 86_401}), 400, 'request.invalid_body'],
                [await reserve(name, 1, {meter: 'nothing'}), 404, 'reservation.no_such_meter'],
                [await reserve(randomUUID(), 1), 404, 'customer.not_found'],
                [await end('rsv_00000000000000000000000000', 'commit', {quantity: 1}), 404,
                 'reservation.not_found'],
                [await end('nothing', 'release'), 404, 'reservation.not_found'],
                [await end((await held(name, 1)).id, 'commit', {}), 400, 'request.invalid_body'],
            ];
            for (const [answer, status, code] of refusals)
                assert.deepEqual([answer.status, answer.body.code], [status, code],
                                 JSON.stringify(answer.body));
        });

        test('turnpike verify finds nothing wrong afterwards', async (t) => {
            if (engine.name !== 'SQLite') return t.skip('it checks the embedded ledger and log');
            await server.stop();
            const verified = await run(binary, ['verify', '--data', server.data]);
            assert.equal(verified.code, 0, verified.output);
            await server.restart();
        });
    });
