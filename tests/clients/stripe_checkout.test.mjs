// Checkout: the sandbox's sessions, driven by Stripe's own client for Node and by what a browser sends.
// What is expected here is Stripe's documented behaviour, never the sandbox's.
import assert from 'node:assert/strict';
import {after, before, test} from 'node:test';
import Stripe from 'stripe';
import {eventually, removeFolders} from '../lib/process.mjs';
import {all, secretKey, startSandbox} from '../lib/sandbox.mjs';

const shop = {success_url: 'https://shop.example/done?session={CHECKOUT_SESSION_ID}',
              cancel_url: 'https://shop.example/cart'};
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

/// What the browser sends from a page's form: where the answer leads.
async function post(url, fields) {
    const answer = await fetch(url, {
        method: 'POST', redirect: 'manual', body: new URLSearchParams(fields),
    });
    assert.equal(answer.status, 303);
    return new URL(answer.headers.get('location'), url).href;
}

const card = (number) => ({action: 'card', email: 'ada@example.com', number, exp: '12 / 34', cvc: '123',
                           name: 'Ada Lovelace'});
const text = async (url) => (await fetch(url)).text();

const sold = (recurring) => ({price_data: {currency: 'usd', unit_amount: 1500, product_data: {name: 'Mug'}, recurring},
            quantity: 2});

async function eventsAbout(id) {
    const events = await all(sandbox, '/v1/events');
    return events.filter((e) => e.data.object.id === id).map((e) => e.type).reverse();
}

test('a payment by card, declined first', async () => {
    const session = await stripe.checkout.sessions.create(
        {mode: 'payment', line_items: [sold()], metadata: {cart: '7'}, ...shop});
    assert.equal(session.amount_total, 3000);
    assert.match(await text(session.url), /Pay \$30\.00/);
    assert.equal(await post(session.url, card('4000 0000 0000 0002')), session.url);
    assert.match(await text(session.url), /role="alert">Your card was declined\./);
    assert.equal(await post(session.url, card('4242 4242 4242 4242')),
                 `https://shop.example/done?session=${session.id}`);

    const paid = await stripe.checkout.sessions.retrieve(session.id,
        {expand: ['payment_intent.latest_charge', 'line_items']});
    assert.equal(paid.status, 'complete');
    assert.equal(paid.payment_status, 'paid');
    assert.equal(paid.payment_intent.latest_charge.amount, 3000);
    assert.equal(paid.customer_details.email, 'ada@example.com');
    assert.equal(paid.line_items.data[0].description, 'Mug');
    assert.deepEqual(await eventsAbout(session.id), ['checkout.session.completed']);
    assert.match(await text(session.url), /completed already/);
});

test('a subscription with a trial, its card confirmed by the bank', async () => {
    const session = await stripe.checkout.sessions.create({
        mode: 'subscription', line_items: [sold({interval: 'month'})],
        subscription_data: {trial_period_days: 14, metadata: {plan: 'pro'}}, ...shop,
    });
    assert.match(await text(session.url), /14-day free trial/);
    const bank = await post(session.url, card('4000 0027 6000 3184'));
    assert.match(bank, /\/p\/setup\//);
    await post(bank, {action: 'yes'});
    const back = await fetch(session.url, {redirect: 'manual'});
    assert.equal(back.headers.get('location'), `https://shop.example/done?session=${session.id}`);

    const done = await stripe.checkout.sessions.retrieve(session.id, {expand: ['subscription']});
    assert.equal(done.payment_status, 'no_payment_required');
    assert.equal(done.subscription.status, 'trialing');
    assert.equal(done.subscription.metadata.plan, 'pro');
    assert.equal(done.subscription.customer, done.customer);
});

test('a subscription that is paid at once', async () => {
    const customer = await stripe.customers.create({email: 'bob@example.com'});
    const session = await stripe.checkout.sessions.create({
        mode: 'subscription', customer: customer.id,
        line_items: [sold({interval: 'year'})], ...shop,
    });
    const bank = await post(session.url, card('4000 0027 6000 3184'));
    assert.match(bank, /\/p\/authenticate\//);
    await post(bank, {action: 'no'});
    assert.match(await text(session.url), /Your bank did not confirm it/);
    await post(session.url, card('4242 4242 4242 4242'));
    const done = await stripe.checkout.sessions.retrieve(session.id,
                                                         {expand: ['subscription', 'invoice']});
    assert.equal(done.payment_status, 'paid');
    assert.equal(done.customer, customer.id);
    assert.equal(done.subscription.status, 'active');
    assert.equal(done.invoice.amount_paid, 3000);
    assert.equal(done.payment_intent, null);
});

test('a card that is only saved', async () => {
    const customer = await stripe.customers.create({email: 'eve@example.com'});
    const session = await stripe.checkout.sessions.create(
        {mode: 'setup', currency: 'usd', customer: customer.id, ...shop});
    await post(session.url, card('5555 5555 5555 4444'));
    const done = await stripe.checkout.sessions.retrieve(session.id, {expand: ['setup_intent']});
    assert.equal(done.setup_intent.status, 'succeeded');
    const {data} = await stripe.customers.listPaymentMethods(customer.id);
    assert.deepEqual(data.map(({card}) => card.last4), ['4444']);
});

test('a promotion code that is typed in', async () => {
    const coupon = await stripe.coupons.create({percent_off: 25, duration: 'once'});
    await stripe.promotionCodes.create({promotion: {type: 'coupon', coupon: coupon.id}, code: 'SPRING'});
    const session = await stripe.checkout.sessions.create(
        {mode: 'payment', line_items: [sold()], allow_promotion_codes: true, ...shop});
    await post(session.url, {action: 'apply_code', promotion_code: 'winter'});
    assert.match(await text(session.url), /role="alert">This code is invalid\./);
    await post(session.url, {action: 'apply_code', promotion_code: 'spring'});
    assert.match(await text(session.url), /Pay \$22\.50/);
    await post(session.url, card('4242 4242 4242 4242'));
    const paid = await stripe.checkout.sessions.retrieve(session.id, {expand: ['payment_intent']});
    assert.equal(paid.total_details.amount_discount, 750);
    assert.equal(paid.payment_intent.amount_received, 2250);
    assert.equal((await stripe.coupons.retrieve(coupon.id)).times_redeemed, 1);
});

test('a debit whose outcome comes later', async () => {
    const session = await stripe.checkout.sessions.create({
        mode: 'payment', payment_method_types: ['sepa_debit'], ...shop,
        line_items: [{price_data: {currency: 'eur', unit_amount: 1500, product_data: {name: 'Mug'}},
                      quantity: 1}],
    });
    await post(session.url, {action: 'debit', email: 'a@b.co', name: 'Ada',
                             iban: 'AT61 1904 3002 3457 3201'});
    const completed = await stripe.checkout.sessions.retrieve(session.id);
    assert.equal(completed.status, 'complete');
    await eventually('the bank', async () => {
        const {payment_status} = await stripe.checkout.sessions.retrieve(session.id);
        return payment_status === 'paid';
    });
    assert.deepEqual(await eventsAbout(session.id), ['checkout.session.completed',
                                                     'checkout.session.async_payment_succeeded']);
});

test('an amount that the payer chooses, and its invoice', async () => {
    const price = await stripe.prices.create({
        currency: 'usd', product_data: {name: 'Gift'},
        custom_unit_amount: {enabled: true, minimum: 200, preset: 1000},
    });
    assert.deepEqual(price.custom_unit_amount, {maximum: null, minimum: 200, preset: 1000});
    const session = await stripe.checkout.sessions.create({
        mode: 'payment', line_items: [{price: price.id, quantity: 1}], ...shop,
        invoice_creation: {enabled: true, invoice_data: {footer: 'Thank you'}},
    });
    await post(session.url, {...card('4242 4242 4242 4242'), amount: '1.99'});
    assert.match(await text(session.url), /role="alert">The amount must be from \$2\.00 to /);
    await post(session.url, {...card('4242 4242 4242 4242'), amount: '7.50'});
    const paid = await stripe.checkout.sessions.retrieve(session.id, {expand: ['invoice']});
    assert.equal(paid.amount_total, 750);
    assert.equal(paid.invoice.status, 'paid');
    assert.equal(paid.invoice.amount_paid, 750);
    assert.equal(paid.invoice.footer, 'Thank you');
});

test('a subscription by debit', async () => {
    const session = await stripe.checkout.sessions.create({
        mode: 'subscription', payment_method_types: ['sepa_debit'], ...shop,
        line_items: [{price_data: {currency: 'eur', unit_amount: 1500, product_data: {name: 'Tea'},
                                   recurring: {interval: 'month'}},
                      quantity: 1}],
    });
    await post(session.url, {action: 'debit', email: 'a@b.co', name: 'Ada',
                             iban: 'AT61 1904 3002 3457 3201'});
    await eventually('the bank', async () => {
        const {payment_status} = await stripe.checkout.sessions.retrieve(session.id);
        return payment_status === 'paid';
    });
    const {subscription} = await stripe.checkout.sessions.retrieve(
        session.id, {expand: ['subscription.latest_invoice']});
    assert.equal(subscription.status, 'active');
    assert.equal(subscription.latest_invoice.status, 'paid');
    assert.equal(subscription.latest_invoice.amount_paid, 1500);
});

test('an expired session says so', async () => {
    const session = await stripe.checkout.sessions.create(
        {mode: 'payment', line_items: [sold()], ...shop});
    const expired = await stripe.checkout.sessions.expire(session.id);
    assert.equal(expired.status, 'expired');
    assert.equal(expired.url, null);
    assert.match(await text(session.url), /has expired/);
    await assert.rejects(stripe.checkout.sessions.expire(session.id), /can be expired/);
    const {data} = await stripe.checkout.sessions.list({status: 'expired'});
    assert.deepEqual(data.map(({id}) => id), [session.id]);
});
