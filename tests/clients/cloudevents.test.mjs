// Usage sent with the CloudEvents project's own SDK, in each mode that it has for HTTP.
import assert from 'node:assert/strict';
import {after, before, test} from 'node:test';
import {CloudEvent, emitterFor, Mode} from 'cloudevents';
import {Server, adminToken} from '../lib/server.mjs';

let server;

/// The SDK makes the message; this carries it.
const send = (message) =>
    server.request('POST', '/v1/events', {as: adminToken(), body: message.body, headers: message.headers});
const modes = [['binary', Mode.BINARY], ['structured', Mode.STRUCTURED]];
const used = (id, more = {}) =>
    new CloudEvent({id, source: '/sdk', type: 'api.call', subject: 'sam', data: {quantity: 1}, ...more});

before(async () => {
    server = await Server.besideSandbox();
    await server.customer('sam');
});
after(() => server.end());

test('an event is one event in whichever mode it comes', async () => {
    const event = used('either-way');
    const verdicts = [];
    for (const [name, mode] of modes) {
        const answer = await emitterFor(send, {mode})(event);
        assert.equal(answer.status, 200, `${name}: ${JSON.stringify(answer.body)}`);
        verdicts.push(...answer.body.verdicts);
    }
    assert.deepEqual(verdicts, ['accepted', 'duplicate']);
    assert.equal((await server.status('sam')).body.usage.current, 1);
});

for (const [name, mode] of modes)
    test(`what the SDK lets through and cannot be counted is rejected by name: ${name}`, async () => {
        const emit = emitterFor(send, {mode});
        const cases = {
            unknown_meter: used(`${name}-type`, {type: 'no.such.type'}),
            unknown_customer: used(`${name}-subject`, {subject: 'nobody'}),
            missing_field: used(`${name}-nobody`, {subject: undefined}),
            bad_quantity: used(`${name}-quantity`, {data: {quantity: -1}}),
        };
        for (const [code, event] of Object.entries(cases)) {
            const answer = await emit(event);
            assert.equal(answer.status, 200, `${code}: ${JSON.stringify(answer.body)}`);
            assert.deepEqual(answer.body.verdicts, ['rejected'], code);
            assert.deepEqual(answer.body.rejected.map((one) => one.code), [code]);
        }
    });

test('attributes that we do not know are no hindrance', async () => {
    const event = used('extended', {source: 'urn:example:app', dataschema: 'https://example.com/schema',
                                    traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'});
    const verdicts = [];
    for (const [, mode] of modes) verdicts.push(...(await emitterFor(send, {mode})(event)).body.verdicts);
    assert.deepEqual(verdicts, ['accepted', 'duplicate']);
});
