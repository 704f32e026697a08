// What we send, verified with the Standard Webhooks project's own library.
import assert from 'node:assert/strict';
import {after, before, test} from 'node:test';
import {Webhook} from 'standardwebhooks';
import {adminToken, Server} from '../lib/server.mjs';
import {eventually} from '../lib/process.mjs';
import {startListener} from '../lib/listener.mjs';

let server, listener;
const ask = (method, path, body) => server.request(method, path, {as: adminToken(), body});
const arrived = (count) =>
    eventually(`${count} deliveries`, async () => listener.deliveries.length >= count);

before(async () => {
    server = await Server.besideSandbox({env: {TURNPIKE_WEBHOOKS_ALLOW_PRIVATE: '127.0.0.0/8'}});
});
after(() => server.end());
test.beforeEach(async () => { listener = await startListener(); });
test.afterEach(() => listener.close());

const endpoint = async (more = {}) => {
    const made = await ask('POST', '/v1/webhook_endpoints', {url: listener.url, ...more});
    assert.equal(made.status, 201, JSON.stringify(made.body));
    return made.body;
};

test('the library accepts what is sent, and nothing that was changed', async () => {
    const {id, secret} = await endpoint({events: ['customer.*']});
    await server.customer('wendy');
    await arrived(1);
    const [{headers, body}] = listener.deliveries;
    const event = new Webhook(secret).verify(body.toString(), headers);
    assert.equal(event.type, 'customer.created');
    assert.equal(event.data.external_id, 'wendy');
    assert.equal(event.data.sequence, 1);
    assert.match(event.timestamp, /Z$/);
    assert.throws(() => new Webhook(secret).verify(body.toString().replace('wendy', 'mallory'), headers));
    assert.throws(() => new Webhook(`whsec_${'A'.repeat(44)}`).verify(body.toString(), headers));
    const changed = await ask('PATCH', '/v1/customers/wendy', {name: 'Wendy'});
    assert.equal(changed.status, 200, JSON.stringify(changed.body));
    await arrived(2);
    const second = listener.deliveries[1];
    assert.equal(new Webhook(secret).verify(second.body.toString(), second.headers).data.sequence, 2);
    assert.notEqual(second.headers['webhook-id'], headers['webhook-id']);
    assert.equal((await ask('DELETE', `/v1/webhook_endpoints/${id}`)).status, 204);
});

test('both secrets verify while one is replaced', async () => {
    const {id, secret} = await endpoint();
    const rotated = await ask('POST', `/v1/webhook_endpoints/${id}/rotate_secret`);
    assert.equal(rotated.status, 200, JSON.stringify(rotated.body));
    assert.equal((await ask('POST', `/v1/webhook_endpoints/${id}/test`)).status, 202);
    await arrived(1);
    const [{headers, body}] = listener.deliveries;
    for (const known of [secret, rotated.body.secret])
        assert.equal(new Webhook(known).verify(body.toString(), headers).type, 'webhook_endpoint.test');
    await ask('DELETE', `/v1/webhook_endpoints/${id}`);
});

test('a failed try is repeated under its id, and a delivery can be replayed', async () => {
    listener.respond = (n) => (n === 1 ? 500 : 200);
    const {id, secret} = await endpoint({events: ['customer.created']});
    await server.customer('trent');
    await arrived(2);
    const [first, second] = listener.deliveries;
    assert.equal(second.headers['webhook-id'], first.headers['webhook-id']);
    new Webhook(secret).verify(second.body.toString(), second.headers);
    const path = `/v1/webhook_endpoints/${id}/deliveries`;
    const delivered = async () => (await ask('GET', `${path}?state=delivered`)).body.data[0];
    await eventually('the delivery to be recorded', delivered);
    const delivery = (await ask('GET', `${path}/${(await delivered()).id}`)).body;
    assert.deepEqual(delivery.tries.map((one) => one.status), [200, 500]);
    assert.equal(delivery.request.body, first.body.toString());
    assert.equal((await ask('POST', `${path}/${delivery.id}/replay`)).status, 202);
    await arrived(3);
    assert.equal(listener.deliveries[2].headers['webhook-id'], first.headers['webhook-id']);
    await ask('DELETE', `/v1/webhook_endpoints/${id}`);
});

test('a subscription and its payment are told, and a Slack URL hears of them in words', async () => {
    const {id, secret} = await endpoint({events: ['subscription.*', 'invoice.*']});
    const slack = await startListener();
    const alerts = await ask('POST', '/v1/alert_destinations', {
        kind: 'slack', target: slack.url, events: ['subscription_created', 'payment_succeeded'],
    });
    assert.equal(alerts.status, 201, JSON.stringify(alerts.body));
    await server.customer('sybil');
    await server.subscribe('sybil', 'pro');
    await eventually('the payment to be told', async () =>
        listener.deliveries.some(({body}) => body.includes('"invoice.paid"')));
    const types = listener.deliveries.map(({headers, body}) =>
        new Webhook(secret).verify(body.toString(), headers).type);
    assert.ok(types.includes('subscription.created'), types.join());
    await eventually('Slack to hear of both', async () => slack.deliveries.length >= 2);
    const texts = slack.deliveries.map(({body}) => JSON.parse(body).text).sort();
    assert.match(texts[0], /^Payment succeeded: \d+\.\d\d USD/);
    assert.match(texts[1], /^Subscription created: plan pro/);
    await slack.close();
    await ask('DELETE', `/v1/webhook_endpoints/${id}`);
    await ask('DELETE', `/v1/alert_destinations/${alerts.body.id}`);
});
