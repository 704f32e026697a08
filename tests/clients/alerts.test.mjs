// The lifecycle alerts, each raised by what it tells of, to a webhook, to a Slack-compatible URL and by
// e-mail, taken by real servers.
import assert from 'node:assert/strict';
import {after, before, test} from 'node:test';
import {startListener} from '../lib/listener.mjs';
import {eventually} from '../lib/process.mjs';
import {Server} from '../lib/server.mjs';
import {startMailbox} from './mailbox.mjs';

let server, mailbox;

before(async () => {
    mailbox = await startMailbox();
    server = await Server.besideSandbox({env: {
        TURNPIKE_SMTP_URL: mailbox.url,
        TURNPIKE_SMTP_USER: 'turnpike',
        TURNPIKE_SMTP_PASSWORD: mailbox.password,
        TURNPIKE_SMTP_FROM: 'billing@example.com',
        TURNPIKE_WEBHOOKS_ALLOW_PRIVATE: '127.0.0.0/8',
    }});
});
after(async () => {
    await server.end();
    await mailbox.close();
});

const post = async (path, body, status = 200) => {
    const answer = await server.admin('POST', path, body);
    assert.equal(answer.status, status, `${path}: ${JSON.stringify(answer.body)}`);
    return answer.body;
};
const subscribed = async (name) => {
    await server.customer(name);
    return post('/v1/subscriptions',
                {customer: `ext:${name}`, plan: 'pro', payment_method: 'pm_card_visa'}, 201);
};
const checkoutOf = async (name) => {
    await server.customer(name);
    return post('/v1/checkout_sessions', {customer: `ext:${name}`, plan: 'pro',
        success_url: 'http://localhost:3000/thanks', cancel_url: 'http://localhost:3000/plans'}, 201);
};
const refund = async (name) => {
    await subscribed(name);
    const [invoice] = (await server.admin('GET', `/v1/invoices?customer=ext:${name}`)).body.data;
    return post(`/v1/invoices/${invoice.id}/refunds`, {amount: 900}, 201);
};
const cancel = (subscription, at) => post(`/v1/subscriptions/${subscription.id}/cancel`, {at});

/// What raises each alert, and what it says.
const alerts = {
    checkout_started: ['Checkout started: plan pro', () => checkoutOf('started')],
    subscription_created: ['Subscription created: plan pro', () => subscribed('created')],
    subscription_updated: ['Subscription updated: plan pro',
        async () => cancel(await subscribed('updated'), 'period_end')],
    subscription_canceled: ['Subscription canceled: plan pro',
        async () => cancel(await subscribed('canceled'), 'now')],
    payment_succeeded: ['Payment succeeded: 99.00 USD', () => subscribed('paid')],
    payment_failed: ['Payment failed: 99.00 USD', async () => {
        await server.customer('failing');
        await post('/v1/subscriptions', {customer: 'ext:failing', plan: 'pro',
            payment_method: 'pm_card_chargeCustomerFail', payment_behavior: 'allow_incomplete'}, 201);
    }],
    refund: ['Refund: 9.00 USD', () => refund('refunded')],
    signature_failure: ['Webhook signature failures: provider stripe', () =>
        server.webhook({id: 'evt_forged', type: 'invoice.paid', data: {object: {}}},
                       {signature: `t=${Math.floor(Date.now() / 1000)},v1=${'0'.repeat(64)}`})],
};

for (const [alert, [says, happen]] of Object.entries(alerts))
    test(`${alert} comes to all three`, async () => {
        const hook = await startListener(), slack = await startListener();
        const email = `${alert}@example.net`;
        for (const [kind, target] of [['webhook', hook.url], ['slack', slack.url], ['email', email]])
            await post('/v1/alert_destinations', {kind, target, events: [alert]}, 201);
        await happen();
        await eventually(`${alert} at the webhook`, async () => hook.deliveries.length > 0);
        const {headers, body} = hook.deliveries[0];
        assert.match(headers['webhook-signature'], /^v1,/);
        assert.ok(JSON.parse(body).data, body.toString());
        await eventually(`${alert} at Slack`, async () => slack.deliveries.length > 0);
        const {text} = JSON.parse(slack.deliveries[0].body);
        assert.ok(text.startsWith(says), text);
        const letter = await eventually(`${alert} by e-mail`, async () => mailbox.to(email)[0]);
        assert.ok(letter['text/plain'].startsWith(says), letter['text/plain']);
        await Promise.all([hook.close(), slack.close()]);
    });
