// Entitlements as feature flags, read with OpenFeature's own SDK and its OFREP provider.
import assert from 'node:assert/strict';
import {after, before, test} from 'node:test';
import {OFREPApi} from '@openfeature/ofrep-core';
import {OFREPProvider} from '@openfeature/ofrep-provider';
import {ErrorCode, OpenFeature} from '@openfeature/server-sdk';
import {Server, adminToken, userToken} from '../lib/server.mjs';

let server, flags;

const headersOf = (credential) => [['Authorization', `Bearer ${credential}`]];
async function clientOf(credential) {
    const provider = new OFREPProvider({baseUrl: server.url, headers: headersOf(credential)});
    await OpenFeature.setProviderAndWait(credential, provider);
    return OpenFeature.getClient(credential);
}

before(async () => {
    server = await Server.besideSandbox();
    for (const name of ['free', 'bulk', 'self']) await server.status(name);
    flags = await clientOf(adminToken());
});
after(async () => {
    await OpenFeature.close();
    await server.end();
});

test('a meter is a flag: on until the limit, then off, with the numbers beside it', async () => {
    const context = {targetingKey: 'free', country: 'CA', nested: {list: [1, 'two', null]}};
    const on = await flags.getBooleanDetails('api_calls', false, context);
    assert.deepEqual([on.value, on.reason, on.variant], [true, 'TARGETING_MATCH', 'within_allowance']);
    const {resets_at, ...numbers} = on.flagMetadata;
    assert.deepEqual(numbers, {plan: 'free', limit: '100', used: '0', remaining: '100',
                               overage_allowed: false, reset: 'billing_period'});
    assert.ok(Date.parse(resets_at) > Date.now());

    assert.equal((await server.consume('free', 100)).status, 200);
    const off = await flags.getBooleanDetails('api_calls', true, context);
    assert.deepEqual([off.value, off.variant, off.flagMetadata.used], [false, 'limit_exceeded', '100']);
    assert.equal((await server.status('free')).body.usage.current, 100, 'evaluating consumes nothing');
});

test('mistakes are the errors of OpenFeature, and the default counts', async () => {
    const cases = [
        ['no such flag', 'dark_mode', {targetingKey: 'free'}, ErrorCode.FLAG_NOT_FOUND],
        ['no targeting key', 'api_calls', {}, ErrorCode.TARGETING_KEY_MISSING],
        ['nobody', 'api_calls', {targetingKey: 'nobody'}, ErrorCode.INVALID_CONTEXT],
    ];
    for (const [name, flag, context, code] of cases) {
        const details = await flags.getBooleanDetails(flag, true, context);
        assert.deepEqual([details.value, details.errorCode], [true, code], name);
    }
    const text = await flags.getStringDetails('api_calls', 'none', {targetingKey: 'bulk'});
    assert.deepEqual([text.value, text.errorCode], ['none', ErrorCode.TYPE_MISMATCH]);
});

test('a customer reads his own flags, and nobody else\'s', async () => {
    const self = await clientOf(userToken('self'));
    assert.equal(await self.getBooleanValue('api_calls', false), true);
    assert.equal(await self.getBooleanValue('api_calls', false, {targetingKey: 'self'}), true);
    const other = await self.getBooleanDetails('api_calls', false, {targetingKey: 'free'});
    assert.equal(other.errorCode, ErrorCode.INVALID_CONTEXT);
    const stranger = await clientOf('not-a-token');
    const refused = await stranger.getBooleanDetails('api_calls', false, {targetingKey: 'free'});
    assert.deepEqual([refused.value, refused.errorCode], [false, ErrorCode.GENERAL]);
});

test('all flags at once come with an ETag, and 304 while nothing changed', async () => {
    const api = new OFREPApi(server.url);
    const evaluate = (etag) => api.postBulkEvaluateFlags({context: {targetingKey: 'bulk'}}, {
        headers: [...headersOf(adminToken()), ...(etag ? [['If-None-Match', etag]] : [])],
    });
    const first = await evaluate();
    assert.equal(first.httpStatus, 200);
    assert.deepEqual(first.value.flags.map(({key, value}) => ({key, value})),
                     [{key: 'api_calls', value: true}]);
    const etag = first.httpResponse.headers.get('etag');
    assert.equal((await evaluate(etag)).httpStatus, 304);
    assert.equal((await server.consume('bulk', 1)).status, 200);
    const changed = await evaluate(etag);
    assert.deepEqual([changed.httpStatus, changed.value.flags[0].metadata.used], [200, '1']);
    assert.notEqual(changed.httpResponse.headers.get('etag'), etag);
    const missing = await api.postBulkEvaluateFlags({}, {headers: headersOf(adminToken())});
    assert.deepEqual([missing.httpStatus, missing.value.errorCode], [400, 'TARGETING_KEY_MISSING']);
});
