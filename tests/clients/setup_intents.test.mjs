// Cards kept for later: the sandbox's SetupIntents and payment sources, driven by Stripe's own
// client for Node. What is expected here is Stripe's documented behaviour, never the sandbox's.
import assert from 'node:assert/strict';
import {after, before, test} from 'node:test';
import Stripe from 'stripe';
import {removeFolders} from '../lib/process.mjs';
import {all, secretKey, startSandbox} from '../lib/sandbox.mjs';

let sandbox, stripe;

before(async () => {
    sandbox = await startSandbox();
    const {hostname, port} = new URL(sandbox.url);
    stripe = new Stripe(secretKey, {host: hostname, port, protocol: 'http', maxNetworkRetries: 0});
});
after(async () => {
    await sandbox.program.stop();
    await removeFolders();
});

/// Types of the events about these objects, oldest first.
async function eventsAbout(...ids) {
    const events = await all(sandbox, '/v1/events');
    return events.filter((e) => ids.includes(e.data.object.id)).map((e) => e.type).reverse();
}

/// What the browser sends when the cardholder presses a button of the bank's page.
async function press(action, url) {
    const pressed = await fetch(url, {
        method: 'POST',
        headers: {'content-type': 'application/x-www-form-urlencoded'},
        body: `action=${action}`,
        redirect: 'manual',
    });
    assert.equal(pressed.status, 303);
    return (await fetch(new URL(pressed.headers.get('location'), url))).text();
}

test('a card is set up for a customer and charged later', async () => {
    const customer = await stripe.customers.create();
    const created = await stripe.setupIntents.create({customer: customer.id});
    assert.equal(created.status, 'requires_payment_method');
    const intent = await stripe.setupIntents.confirm(created.id, {
        payment_method: 'pm_card_visa',
        return_url: 'https://shop.example/done',
        expand: ['payment_method', 'latest_attempt'],
    });
    assert.equal(intent.status, 'succeeded');
    assert.equal(intent.payment_method.customer, customer.id);
    assert.equal(intent.latest_attempt.status, 'succeeded');
    assert.deepEqual(await eventsAbout(intent.id, intent.payment_method.id),
                     ['setup_intent.created', 'payment_method.attached', 'setup_intent.succeeded']);
    const paid = await stripe.paymentIntents.create({
        amount: 2900, currency: 'usd', customer: customer.id, confirm: true, off_session: true,
        payment_method: intent.payment_method.id,
    });
    assert.equal(paid.status, 'succeeded');
});

test('the cardholder confirms or refuses on the page of next_action', async () => {
    for (const [action, status, says] of [['yes', 'succeeded', 'has been saved'],
                                          ['no', 'requires_payment_method', 'did not confirm']]) {
        const intent = await stripe.setupIntents.create({
            payment_method: 'pm_card_authenticationRequired', confirm: true,
            return_url: 'https://shop.example/done',
        });
        assert.equal(intent.status, 'requires_action');
        const {url} = intent.next_action.redirect_to_url;
        assert.match(await (await fetch(url)).text(), /ending in <strong>3184<\/strong>/);
        assert.match(await press(action, url), new RegExp(says));
        const answered = await stripe.setupIntents.retrieve(intent.id);
        assert.equal(answered.status, status);
        const attempts = await stripe.setupAttempts.list({setup_intent: intent.id});
        assert.deepEqual(attempts.data.map((a) => a.status),
                         [action === 'yes' ? 'succeeded' : 'failed']);
    }
});

test('a declined card is a card error that carries the intent', async () => {
    const error = await stripe.setupIntents
        .create({payment_method: 'pm_card_chargeDeclined', payment_method_types: ['card'],
                 confirm: true})
        .then(() => assert.fail('it was not refused'), (refused) => refused);
    assert.ok(error instanceof Stripe.errors.StripeCardError, error.type);
    assert.equal(error.statusCode, 402);
    assert.equal(error.code, 'card_declined');
    assert.equal(error.decline_code, 'generic_decline');
    const intent = await stripe.setupIntents.retrieve(error.setup_intent.id);
    assert.equal(intent.last_setup_error.code, 'card_declined');
    assert.deepEqual(await eventsAbout(intent.id),
                     ['setup_intent.created', 'setup_intent.setup_failed']);
    const canceled = await stripe.setupIntents.cancel(intent.id, {cancellation_reason: 'abandoned'});
    assert.equal(canceled.cancellation_reason, 'abandoned');
    await assert.rejects(stripe.setupIntents.cancel(intent.id),
                         {statusCode: 400, code: 'setup_intent_unexpected_state'});
});

test('a token becomes the default source, which pays subscriptions', async () => {
    const customer = await stripe.customers.create({source: 'tok_visa', expand: ['sources']});
    assert.match(customer.default_source, /^card_/);
    assert.deepEqual(customer.sources.data.map((card) => card.last4), ['4242']);
    const price = await stripe.prices.create({
        unit_amount: 2900, currency: 'usd', recurring: {interval: 'month'},
        product_data: {name: 'Starter'},
    });
    const subscription = await stripe.subscriptions.create({
        customer: customer.id, items: [{price: price.id}],
    });
    assert.equal(subscription.status, 'active');
});

test('a browser confirms an intent with a publishable key and its secret', async () => {
    const {hostname, port} = new URL(sandbox.url);
    const browser = new Stripe('pk_test_turnpikeBrowser', {
        host: hostname, port, protocol: 'http', maxNetworkRetries: 0,
    });
    const customer = await stripe.customers.create();
    const intent = await stripe.setupIntents.create(
        {customer: customer.id, automatic_payment_methods: {enabled: true, allow_redirects: 'never'}});
    const own = {client_secret: intent.client_secret};
    const seen = await browser.setupIntents.retrieve(intent.id, own);
    assert.equal(seen.status, 'requires_payment_method');
    assert.equal(seen.customer, undefined);
    const done = await browser.setupIntents.confirm(
        intent.id, {...own, payment_method: 'pm_card_visa'});
    assert.equal(done.status, 'succeeded');
    assert.equal((await stripe.setupIntents.retrieve(intent.id)).customer, customer.id);

    await assert.rejects(browser.setupIntents.retrieve(intent.id, {client_secret: 'seti_no'}),
                         {type: 'StripeInvalidRequestError', param: 'client_secret'});
    await assert.rejects(browser.customers.retrieve(customer.id),
                         {type: 'StripePermissionError', code: 'secret_key_required'});
});
