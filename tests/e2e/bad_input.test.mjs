// Every route that docs/api/openapi.json names, with what no client should send. Whatever it is,
// the answer is a refusal that says why, in the one shape, and never the server's own failure.
import assert from 'node:assert/strict';
import {randomUUID} from 'node:crypto';
import {readFile} from 'node:fs/promises';
import {after, before, describe, test} from 'node:test';
import {sleep} from '../lib/process.mjs';
import {adminToken, engines, Server, userToken} from '../lib/server.mjs';

const document = JSON.parse(
    await readFile(new URL('../../docs/api/openapi.json', import.meta.url), 'utf8'));
const kept = new Set(['get', 'post', 'put', 'patch', 'delete']);
const operations = Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).filter(([verb]) => kept.has(verb)).map(([verb, operation]) => {
        const method = verb.toUpperCase();
        return {name: `${method} ${path}`, method, path, operation};
    }));

const resolve = (node) => node?.$ref
    ? node.$ref.slice(2).split('/').reduce((at, key) => at[key], document)
    : node;
const bodySchema = ({operation}) =>
    resolve(resolve(operation.requestBody)?.content?.['application/json']?.schema);
const queryNames = ({operation}) => (operation.parameters ?? []).map(resolve)
    .filter((parameter) => parameter.in === 'query').map(({name}) => name);

/// Signed by providers over the raw bytes: what is not signed is refused before it is read.
const isSigned = ({path}) => /webhooks?\/|payments\/webhook/.test(path) && !path.startsWith('/v1/');
/// A proxy's whole request, whatever it is; and one click in a letter, whose form RFC 8058 fixes.
const isForeign = ({path}) => path.startsWith('/v1/gateway/') || path.startsWith('/v1/unsubscribe');
/// A batch of usage: each event is refused by itself (tests/e2e/events.test.mjs).
const isBatch = ({method, path}) => method === 'POST' && path === '/v1/events';
/// OpenFeature says what its problems look like.
const hasOwnShape = ({path}) => path.startsWith('/ofrep/');
/// What a user asks for himself; the seller's key is refused there before its body is read.
const isOfUsers = ({operation}) => /^(user|customer|the end customer)\b/.test(operation['x-who']);
const takesBody = (operation) =>
    operation.method !== 'GET' && operation.method !== 'DELETE' && !isSigned(operation) &&
    !isForeign(operation) && !isBatch(operation);

/// Of every body that has members of its own.
const everyMember = [...new Set(operations.flatMap(
    (operation) => Object.keys(bodySchema(operation)?.properties ?? {})))];

/// OpenFeature's readers take what they do not know.
const isRead = (operation) => !hasOwnShape(operation);

const deep = (depth) => '['.repeat(depth) + ']'.repeat(depth);
/// No JSON object, or none that is read alike by everybody.
const malformed = {
    'nothing closed': '{"a":',
    'bytes after the end': '{} {}',
    'an array': '[]',
    'a text': '"x"',
    'null': 'null',
    'a key twice': '{"name":"a","name":"b"}',
    'too deep': `{"a":${deep(40)}}`,
    'NaN': '{"a":NaN}',
    'beyond every number': '{"a":1e400}',
    'a byte order mark': '\ufeff{}',
    'no UTF-8': Buffer.from([0x7b, 0x22, 0x61, 0x22, 0x3a, 0x22, 0xc0, 0xaf, 0x22, 0x7d]),
    'half a surrogate pair': '{"a":"\\ud800"}',
    'another kind of thing': '{"is_admin":true,"role":"superuser","amount_paid":1}',
};
/// As raw JSON, in place of a property's value.
const values = ['null', 'true', '-1', '0', '9223372036854775808', '-9223372036854775809', '1.5',
                '1e2', '[]', '{}', '""', '"\\u0000"', '"a\\u0000b"', '"\\ud83d\\ude00"', '"\\r\\n"',
                '"../../etc/passwd"', '"\' OR 1=1 --"', '"=1+1"', '"//evil.example"',
                '"javascript:alert(1)"', '"0001-01-01T00:00:00Z"', '"9999-12-31T23:59:59Z"',
                '"2026-02-30T00:00:00Z"', '"2026-11-23T24:00:00Z"', '"\uff11\uff12"',
                '"\u202eabc"', `"${'a'.repeat(70_000)}"`, `[${'1,'.repeat(5_000)}1]`];
const segments = ['%00', '..%2f..%2fetc', '%ff%fe', "'%20OR%201=1--", 'null', '-1', '%',
                  '\ud83d\ude00', 'a'.repeat(5_000), '[object]', 'sub_', '%0d%0aSet-Cookie:a'];

const queries = ['1000000000', '-1', 'abc', '', '%00', '%ff', '9223372036854775808', 'eyJhIjoxfQ',
                 "'--", '0001-01-01T00:00:00Z', 'a'.repeat(3_000)];
const samples = {email: 'x@example.com', url: 'https://example.com/', name: 'a name',
                 password: 'a long enough password', success_url: 'https://shop.example/',
                 cancel_url: 'https://shop.example/', target: 'https://example.com/', kind: 'slack',
                 events: ['payment_failed'], quantity: 1, provider: 'stripe', tier: 'pro'};

/// What is looked up or read by machines: names of things, words, times, numbers, addresses, secrets.
/// Every other text is free, and a new one is until it is listed here.
const notFree = new Set(['catalog', 'currency', 'cursor', 'customer', 'email', 'event',
    'expires_at', 'external_id', 'feature', 'included', 'id', 'interval', 'invitation', 'invoice',
    'meter', 'overage_cap', 'overage_unit_price', 'owner', 'password', 'current_password',
    'payment_method', 'payment_method_id', 'plan', 'plan_id', 'organization_id', 'preview_token',
    'provider', 'quantity', 'receipt', 'reset', 'slug', 'source', 'target', 'target_plan',
    'target_version', 'test_clock', 'tier', 'token', 'url', 'user', 'version', 'at',
    'targetingKey',
    // Usage is counted whatever its properties look like (placement_test.cc).
    'properties']);
/// Where a body of this schema takes free text: [['name'], ['prices', 0, 'note'], ..].
function freeTexts(schema, name) {
    const node = resolve(schema) ?? {};
    if (notFree.has(name)) return [];
    const parts = [...(node.anyOf ?? []), ...(node.oneOf ?? []), ...(node.allOf ?? [])];
    const found = parts.flatMap((part) => freeTexts(part, name));
    const {enum: words, const: word, format, pattern, items, properties, type} = node;
    if ([type].flat().includes('string') && !words && !word && !format && !pattern) found.push([]);
    if (name === 'metadata') found.push(['note'], ['4242424242424242']);
    if (name === 'features' && type === 'object') found.push(['region']);
    if (name === 'value' && !type) found.push([]);
    // The words of a list have a table of their own.
    if (items && resolve(items).type === 'object')
        found.push(...freeTexts(items, '').map((path) => [0, ...path]));
    for (const [key, value] of Object.entries(properties ?? {}))
        found.push(...freeTexts(value, key).map((path) => [key, ...path]));
    return [...new Map(found.map((path) => [path.join('/'), path])).values()];
}
const holding = (value, path) => path.reduceRight(
    (inner, key) => typeof key === 'number' ? [inner] : {[key]: inner}, value);

for (const engine of engines()) describe(`bad input on ${engine.name}`, () => {
    let server, names;

    /// With objects that are there, so that a body is looked at.
    const filled = (path) => path.replace('/**', '/x')
        .replace('alert_destinations/{endpoint}', 'alert_destinations/{destination}')
        .replaceAll(/\{(\w+)\}/g, (_, name) => names[name] ?? `${name}_nobody`);
    const ask = (operation, options = {}, path = filled(operation.path)) =>
        server.request(operation.method, path,
                       {as: isOfUsers(operation) ? userToken('olga') : adminToken(), ...options});

    /// Some routes take 60 requests a minute of one caller, and what came before was many.
    async function inTime(asked) {
        for (;;) {
            const answer = await asked();
            if (answer.body.code !== 'access.rate_limited') return answer;
            await sleep(1000 * Number(answer.headers.get('retry-after')));
        }
    }

    /// As docs/api/errors.md has it.
    function expectRefusal(operation, answer, what) {
        assert.ok(answer.status >= 400 && answer.status < 500,
                  `${what}: ${answer.status} ${JSON.stringify(answer.body).slice(0, 300)}`);
        if (hasOwnShape(operation)) return;
        assert.match(answer.headers.get('content-type') ?? '', /^application\/problem\+json/, what);
        assert.match(answer.body.code, /^[a-z_]+\.[a-z_]+$/, what);
        assert.equal(typeof answer.body.detail, 'string', what);
        assert.equal(typeof answer.body.request_id, 'string', what);
    }

    before(async () => {
        server = await Server.besideSandbox({
            database: await engine.database(), preset: 'all',
            env: {TURNPIKE_REQUESTS_PER_MINUTE: '1000000'}});
        const made = async (path, body) => {
            const {status, body: object} = await server.admin('POST', path, body);
            assert.equal(status, 201, `${path}: ${JSON.stringify(object)}`);
            return object;
        };
        const {id: customer} = await made('/v1/customers', {external_id: 'ann'});
        const {id: subscription} = await made('/v1/subscriptions',
            {customer, plan: 'pro', payment_method: 'pm_card_visa'});
        const {body: invoices} = await server.admin('GET', '/v1/invoices');
        const shopper = await made('/v1/customers', {external_id: 'shopper'});
        const back = 'https://shop.example/';
        const {id: checkout_session} = await made('/v1/checkout_sessions',
            {customer: shopper.id, plan: 'pro', success_url: back, cancel_url: back});
        const {id: organization} = (await server.user('olga', 'POST', '/v1/organizations',
                                                      {name: 'Acme'})).body;
        const inside = `/v1/organizations/${organization}`;
        const {id: project} = await made(`${inside}/projects`, {name: 'Apollo'});
        const {id: invitation} = await made(`${inside}/invitations`, {email: 'bob@example.com'});
        const events = ['invoice.paid'];
        const {id: endpoint} = await made('/v1/webhook_endpoints',
                                          {url: 'https://example.com/hook', events});
        const {id: destination} = await made('/v1/alert_destinations',
            {kind: 'slack', target: 'https://example.com/hook', events: ['payment_failed']});
        const {user} = await made('/v1/auth/signup',
                                  {email: 'una@example.com', password: 'a long enough password'});
        const {id: test_clock} = await made('/v1/test_clocks', {});
        const {id: api_key} = await made('/v1/api_keys', {name: 'k', scopes: ['usage:read']});
        const {id: reservation} = await made('/v1/usage/reserve',
                                             {customer, meter: 'api_calls', quantity: 1});
        const {id: plan_id} = await made('/api/plans', {name: 'Small', slug: 'small',
            price_amount: 900, max_users: 3, max_projects: 3});
        names = {customer: 'ann', subscription, plan: 'pro', plan_id, organization, org_id: organization,
                 invoice: invoices.data[0].id, invoice_line: invoices.data[0].lines[0].id,
                 feature: 'api_calls', key: 'api_calls', checkout_session, project, invitation,
                 endpoint, destination, user: user.id, test_clock, api_key, reservation};
    });
    after(() => server.end());

    // A reader complains of every member that it does not know, so that it tells which it does. It
    // is asked about the names that any body has, in parts: it tells of a hundred.
    for (const operation of operations.filter(takesBody).filter(bodySchema).filter(isRead))
        test(`${operation.name} reads the members that are described, and no others`, async () => {
            const {properties = {}, required = [], anyOf = [], additionalProperties} =
                bodySchema(operation);
            assert.equal(additionalProperties, false);
            /// [[pointer, code], ..]
            const complaints = async (members) => {
                const body = JSON.stringify(Object.fromEntries(
                    ['known_to_nobody', ...members].map((name) => [name, null])));
                const headers = {'idempotency-key': randomUUID()};
                const {body: answer} = await inTime(() => ask(operation, {body, headers}));
                assert.equal(answer.code, 'request.invalid_body', JSON.stringify(answer));
                return answer.errors.map(({pointer, code}) => [pointer.slice(1), code]);
            };
            const named = (found, wanted) =>
                found.filter(([, code]) => code === wanted).map(([name]) => name);
            const known = [];
            for (let i = 0; i < everyMember.length; i += 50) {
                const asked = everyMember.slice(i, i + 50);
                const unknown = named(await complaints(asked), 'unknown_field');
                assert.ok(unknown.includes('known_to_nobody'));
                known.push(...asked.filter((name) => !unknown.includes(name)));
            }
            assert.deepEqual(known.sort(), Object.keys(properties).sort());
            const ofNothing = await complaints([]);
            for (const name of required)
                assert.ok(ofNothing.some(([missed]) => missed === name), `${name} may be absent`);
            const described = [...required, ...anyOf.flatMap((each) => each.required)];
            for (const name of named(ofNothing, 'required')) assert.ok(described.includes(name), name);
        });

    for (const operation of operations.filter(takesBody))
        test(`${operation.name} with a body that is none`, async () => {
            const form = 'application/x-www-form-urlencoded';
            const bodies = {...malformed, 'too long': `{"a":"${'a'.repeat(5 << 20)}"}`};
            for (const [what, body] of Object.entries(bodies))
                expectRefusal(operation, await ask(operation, {body}), what);
            const asForm = {body: 'a=b', headers: {'content-type': form}};
            expectRefusal(operation, await ask(operation, asForm), form);
            if (!bodySchema(operation)) return;
            const headers = {'content-type': 'text/plain', 'idempotency-key': 'as-text'};
            const asText = await ask(operation, {body: '{}', headers});
            expectRefusal(operation, asText, 'text/plain');
            // What is not there, or asked too often, is refused before it is read.
            const isThere = asText.status !== 404 && asText.status !== 429;
            if (isThere && !hasOwnShape(operation)) assert.equal(asText.status, 415, asText.body.code);
        });

    test('nothing of that has changed what was there', async () => {
        const {body} = await server.admin('GET', `/v1/subscriptions/${names.subscription}`);
        assert.equal(body.status, 'active');
        assert.equal(body.cancel_at_period_end, false);
        const hook = await server.admin('GET', `/v1/webhook_endpoints/${names.endpoint}`);
        assert.equal(hook.body.state, 'enabled');
    });

    // The other properties that it must have are right, as far as this test knows.
    for (const operation of operations.filter((each) => bodySchema(each)?.properties))
        test(`${operation.name} with what no property takes`, async () => {
            const {properties, required = []} = bodySchema(operation);
            const others = (name) => required.filter((each) => each !== name)
                .map((each) => `,"${each}":${JSON.stringify(names[each] ?? samples[each] ?? 'a')}`);
            const bodies = Object.keys(properties).flatMap((name) => values.map(
                (value) => `{"${name}":${value}${others(name).join('')}}`));
            const answers = await Promise.all(bodies.map((body) => ask(operation, {body})));
            for (const [i, answer] of answers.entries())
                if (answer.status >= 300) expectRefusal(operation, answer, bodies[i].slice(0, 200));
        });

    const takesText = (operation) => freeTexts(bodySchema(operation)).length > 0;
    for (const operation of operations.filter(takesBody).filter(takesText))
        test(`${operation.name} keeps no card number`, async () => {
            for (const path of freeTexts(bodySchema(operation))) {
                const body = JSON.stringify(holding('Visa 4242 4242 4242 4242', path));
                const {status, body: answer} = await inTime(() => ask(operation, {body}));
                assert.equal(answer.code, 'request.card_number', `${body}: ${answer.detail}`);
                assert.equal(status, 422);
                assert.doesNotMatch(JSON.stringify(answer), /4242.?4242/);
            }
        });

    for (const operation of operations.filter(({path}) => path.includes('{')))
        test(`${operation.name} of what is not there`, async () => {
            for (const segment of segments) {
                const path = operation.path.replace('/**', '/x').replaceAll(/\{\w+\}/g, segment);
                const answer = await ask(operation, {}, path);
                if (isForeign(operation)) assert.ok(answer.status < 500, segment);
                else expectRefusal(operation, answer, segment);
            }
        });

    for (const operation of operations.filter(({method}) => method === 'GET'))
        test(`${operation.name} with a query of nonsense`, async () => {
            const pairs = [...new Set([...queryNames(operation), 'limit', 'cursor', 'x'])].flatMap(
                (name) => queries.map((value) => `${encodeURIComponent(name)}=${value}`));
            const path = filled(operation.path);
            const answers = await Promise.all(pairs.map(
                (pair) => ask(operation, {redirect: 'manual'}, `${path}?${pair}`)));
            for (const [i, {status, headers, body}] of answers.entries())
                assert.ok(status < 500 || headers.has('retry-after'),
                          `${pairs[i]}: ${status} ${JSON.stringify(body)}`);
        });

    test('the server is as well as before', async () =>
        assert.equal((await server.request('GET', '/readyz')).status, 200));
});
