// Idempotency keys as clients use them: a request is sent again until it is answered, whatever
// happens in between, and its effect is there once.
import assert from 'node:assert/strict';
import {randomBytes, randomUUID} from 'node:crypto';
import {after, before, describe, test} from 'node:test';
import {eventually, sleep} from '../lib/process.mjs';
import {random, seed} from '../lib/random.mjs';
import {all} from '../lib/sandbox.mjs';
import {adminToken, engines, Server, userToken} from '../lib/server.mjs';

const rounds = Number(process.env.TURNPIKE_CRASH_ROUNDS ?? 4);

/// Asks with a key, as an administrator or as `as`.
const ask = (server, path, body, key, as = adminToken()) =>
    server.request('POST', path, {as, body, headers: {'idempotency-key': key}});

/// Sends the same request until it is answered for good.
async function insist(server, path, body, key, as) {
    let answer;
    await eventually(`an answer of ${path}`, async () => {
        answer = await ask(server, path, body, key, as).catch(() => undefined);
        const wait = answer?.headers.get('retry-after');
        if (wait) await sleep(Number(wait) * 1000);
        return answer && ![409, 429, 503].includes(answer.status);
    }, 60);
    return answer;
}

/// Each got the one customer, or was told to wait; none met what the first one had made.
function onlyOneMade(answers) {
    const made = answers.filter(({status}) => status === 201);
    assert.ok(made.length >= 1);
    assert.equal(new Set(made.map(({body}) => body.id)).size, 1);
    assert.equal(made.filter(({headers}) => !headers.get('idempotent-replayed')).length, 1);
    for (const {status, body} of answers)
        assert.ok(status === 201 || body.code === 'idempotency.in_flight', JSON.stringify(body));
}

for (const engine of engines()) describe(`idempotency keys on ${engine.name}`, () => {
    const next = random(seed);
    let server;
    before(async () => {
        server = await Server.besideSandbox({database: await engine.database()});
    });
    after(() => server.end());

    const named = async (path, name) =>
        (await server.admin('GET', `${path}?limit=100`)).body.data.filter((x) => x.name === name);

    test('a repetition gets the first answer', async () => {
        const key = randomUUID();
        const body = {external_id: 'ann', name: 'Ann'};
        const first = await ask(server, '/v1/customers', body, key);
        assert.equal(first.status, 201, JSON.stringify(first.body));
        assert.equal(first.headers.get('idempotent-replayed'), null);
        for (const same of [key, `"${key}"`]) {
            const again = await ask(server, '/v1/customers', {name: 'Ann', external_id: 'ann'},
                                    same);
            assert.equal(again.status, 201);
            assert.equal(again.headers.get('idempotent-replayed'), 'true');
            assert.deepEqual(again.body, first.body);
        }
        const other = await ask(server, '/v1/customers', {external_id: 'bob'}, key);
        assert.equal(other.status, 422);
        assert.equal(other.body.code, 'idempotency.key_reused');
        for (const bad of ['', 'two words', '"open', 'k'.repeat(256)]) {
            const refused = await ask(server, '/v1/customers', {external_id: 'bob'}, bad);
            assert.equal(refused.status, 400, bad);
            assert.equal(refused.body.code, 'idempotency.key_malformed');
        }
        const someone = await ask(server, '/billing/cancel', {}, key, userToken('ann'));
        assert.notEqual(someone.headers.get('idempotent-replayed'), 'true');
    });

    test('an API key that was shown once is shown again to who repeats', async () => {
        const body = {name: 'shown', scopes: ['customers:read']};
        const first = await ask(server, '/v1/api_keys', body, 'k1');
        assert.equal(first.status, 201, JSON.stringify(first.body));
        const again = await ask(server, '/v1/api_keys', body, 'k1');
        assert.deepEqual(again.body, first.body);
        assert.equal(again.headers.get('cache-control'), 'no-store');
        assert.equal((await named('/v1/api_keys', 'shown')).length, 1);
    });

    test('64 at once have one effect', async () => {
        const answers = await Promise.all(Array.from(
            {length: 64}, () => ask(server, '/v1/customers', {external_id: 'crowd'}, 'crowd')));
        onlyOneMade(answers);
    });

    test('a declined card is told again, and is not charged again', async () => {
        const body = {tier: 'pro', payment_method_id: 'pm_card_chargeDeclined'};
        const first = await ask(server, '/billing/subscribe', body, 'd1', userToken('dec'));
        assert.equal(first.status, 402, JSON.stringify(first.body));
        const again = await ask(server, '/billing/subscribe', body, 'd1', userToken('dec'));
        assert.equal(again.status, 402);
        assert.equal(again.headers.get('idempotent-replayed'), 'true');
        assert.deepEqual(again.body, first.body);
    });

    /// Sends, pulls the plug within `within` ms, starts again, and sends the same until it is
    /// answered.
    async function interrupted(path, body, within, as) {
        const key = randomUUID();
        const lost = ask(server, path, body, key, as).catch(() => undefined);
        await sleep(next() * within);
        await server.kill();
        await lost;
        await server.restart();
        return insist(server, path, body, key, as);
    }

    for (let round = 1; round <= rounds; ++round) {
        test(`killed while it makes a customer (${round})`, async () => {
            const made = await interrupted('/v1/customers', {external_id: `c${round}`}, 25);
            assert.equal(made.status, 201, JSON.stringify(made.body));
            assert.equal(made.body.external_id, `c${round}`);
        });
        test(`killed while it makes an API key (${round})`, async () => {
            const name = `cut ${round}`;
            const made = await interrupted('/v1/api_keys', {name, scopes: ['customers:read']}, 25);
            assert.equal(made.status, 201, JSON.stringify(made.body));
            assert.equal((await named('/v1/api_keys', name)).length, 1);
            const used = await server.request('GET', '/v1/customers', {as: made.body.secret});
            assert.equal(used.status, 200, 'the key that was shown works');
        });
        test(`killed while it sells, and while it ends at once (${round})`, async () => {
            const name = `sold-${round}`;
            const as = userToken(name);
            const body = {tier: 'pro', payment_method_id: 'pm_card_visa'};
            const sold = await interrupted('/billing/subscribe', body, 400, as);
            assert.equal(sold.status, 200, JSON.stringify(sold.body));
            const ended = await interrupted('/billing/cancel', {immediate: true}, 200, as);
            assert.equal(ended.status, 200, JSON.stringify(ended.body));
            const [customer, ...others] = await all(server.sandbox, '/v1/customers',
                                                    {email: `${name}@example.com`});
            assert.equal(others.length, 0);
            const there = await all(server.sandbox, '/v1/subscriptions',
                                    {customer: customer.id, status: 'all'});
            assert.deepEqual(there.map(({status}) => status), ['canceled']);
            const paid = (await all(server.sandbox, '/v1/payment_intents', {customer: customer.id}))
                .filter(({status}) => status === 'succeeded');
            assert.equal(paid.length, 1);
        });
    }
});

const postgres = engines().find(({name}) => name === 'PostgreSQL');
describe('two servers on PostgreSQL', {skip: !postgres}, () => {
    let one, two;
    before(async () => {
        const database = await postgres.database();
        const env = {TURNPIKE_MASTER_KEY: randomBytes(32).toString('hex')};
        one = await Server.besideSandbox({database, env});
        two = await Server.start(one.sandbox, {database, env});
    });
    after(async () => {
        await two.stop();
        await one.end();
    });

    test('the other one knows the answer', async () => {
        const body = {name: 'shared', scopes: ['customers:read']};
        const first = await ask(one, '/v1/api_keys', body, 's1');
        const again = await ask(two, '/v1/api_keys', body, 's1');
        assert.equal(again.status, 201, JSON.stringify(again.body));
        assert.deepEqual(again.body, first.body);
    });

    test('64 at once, at both, have one effect', async () => {
        const body = {external_id: 'crowd'};
        const answers = await Promise.all(Array.from(
            {length: 64}, (_, i) => ask(i % 2 ? one : two, '/v1/customers', body, 'crowd')));
        onlyOneMade(answers);
    });

    test('the other one goes on with what a dead one has begun', async () => {
        const as = userToken('heir');
        const body = {tier: 'pro', payment_method_id: 'pm_card_visa'};
        const lost = ask(one, '/billing/subscribe', body, 'h1', as).catch(() => undefined);
        await sleep(60);
        await one.kill();
        await lost;
        const answer = await insist(two, '/billing/subscribe', body, 'h1', as);
        assert.equal(answer.status, 200, JSON.stringify(answer.body));
        const customers = await all(one.sandbox, '/v1/customers', {email: 'heir@example.com'});
        assert.equal(customers.length, 1);
        const there = await all(one.sandbox, '/v1/subscriptions',
                                {customer: customers[0].id, status: 'all'});
        assert.equal(there.length, 1);
        await one.restart();
    });
});
