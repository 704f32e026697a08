// Checkout: paid, declined, confirmed and refused at the bank, with a trial, with a promotion code.
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {setTheStage, Visitor} from './browser.mjs';

const stage = setTheStage();

/// A checkout session with the shop's addresses.
const session = (params) => stage.shop.post('/v1/checkout/sessions', {
    success_url: `${stage.shop.url}/thanks?session={CHECKOUT_SESSION_ID}`,
    cancel_url: `${stage.shop.url}/basket`,
    ...params,
});
const read = ({id}) => stage.shop.get(`/v1/checkout/sessions/${id}`);

/// A lamp for $20.00, to be paid once.
async function lamp(more = {}) {
    const price = await stage.shop.price('Lamp', 2000, null);
    return session({mode: 'payment', line_items: [{price: price.id, quantity: 1}], ...more});
}
/// Pro for $99.00 a month.
async function plan(more = {}) {
    const price = await stage.shop.price('Pro', 9900);
    return session({mode: 'subscription', line_items: [{price: price.id, quantity: 1}], ...more});
}

async function at(checkout) {
    const visitor = await Visitor.arrive(stage);
    await visitor.open(checkout.url);
    return visitor;
}
async function type(visitor, number) {
    if (await visitor.field('E-mail').count()) await visitor.field('E-mail').fill('ada@example.com');
    await visitor.field('Card number').fill(number);
    await visitor.field('Expiry date').fill('12 / 34');
    await visitor.field('Security code').fill('123');
    await visitor.field('Name on the card').fill('Ada Lovelace');
}
/// Back at the shop, which is told of which session.
async function arrived(visitor, checkout) {
    await visitor.page.waitForURL(`${stage.shop.url}/**`);
    const address = new URL(visitor.page.url());
    assert.equal(address.pathname, '/thanks');
    assert.equal(address.searchParams.get('session'), checkout.id);
}

test('a payment succeeds', async () => {
    const checkout = await lamp();
    const visitor = await at(checkout);
    assert.match((await visitor.texts('tfoot tr')).join('\n'), /\$20\.00/);
    await type(visitor, '4242 4242 4242 4242');
    await visitor.button('Pay $20.00').click();
    await arrived(visitor, checkout);
    const paid = await read(checkout);
    assert.equal(paid.status, 'complete');
    assert.equal(paid.payment_status, 'paid');
    await visitor.leave();
});

test('the payer chooses the amount', async () => {
    const gift = await stage.shop.post('/v1/prices', {
        currency: 'usd', product_data: {name: 'Gift'},
        custom_unit_amount: {enabled: true, minimum: 100, maximum: 5000, preset: 500},
    });
    const checkout = await session({mode: 'payment', line_items: [{price: gift.id, quantity: 1}]});
    const visitor = await at(checkout);
    assert.equal(await visitor.field('Amount').inputValue(), '5.00');
    await visitor.field('Amount').fill('50.01');
    await type(visitor, '4242 4242 4242 4242');
    await visitor.button('Pay').click();
    await visitor.page.getByText('The amount must be from $1.00 to $50.00.').waitFor();
    assert.equal(await visitor.field('Amount').inputValue(), '50.01');
    await visitor.field('Amount').fill('12.50');
    await type(visitor, '4242 4242 4242 4242');
    await visitor.button('Pay').click();
    await arrived(visitor, checkout);
    assert.equal((await read(checkout)).amount_total, 1250);
    await visitor.leave();
});

test('a declined card is said, and another one pays', async () => {
    const checkout = await lamp();
    const visitor = await at(checkout);
    await type(visitor, '4000 0000 0000 0002');
    await visitor.button('Pay $20.00').click();
    assert.match(await visitor.page.getByRole('alert').innerText(), /declined/);
    await visitor.check();
    assert.equal((await read(checkout)).status, 'open');
    await type(visitor, '4242 4242 4242 4242');
    await visitor.button('Pay $20.00').click();
    await arrived(visitor, checkout);
    assert.equal((await read(checkout)).payment_status, 'paid');
    await visitor.leave();
});

test('the bank is answered yes', async () => {
    const checkout = await lamp();
    const visitor = await at(checkout);
    await type(visitor, '4000 0027 6000 3184');
    await visitor.button('Pay $20.00').click();
    assert.equal(await visitor.title(), 'Your bank asks');
    await visitor.check();
    await visitor.button('Confirm the payment').click();
    await visitor.link('Return to the shop').click();
    await arrived(visitor, checkout);
    assert.equal((await read(checkout)).payment_status, 'paid');
    await visitor.leave();
});

test('the bank is answered no, and another card pays', async () => {
    const checkout = await lamp();
    const visitor = await at(checkout);
    await type(visitor, '4000 0027 6000 3184');
    await visitor.button('Pay $20.00').click();
    await visitor.button('Refuse').click();
    assert.match(await visitor.status(), /did not confirm/);
    await visitor.link('Back to checkout').click();
    assert.match(visitor.page.url(), /\/c\/pay\//);
    await visitor.check();
    assert.equal((await read(checkout)).status, 'open');
    assert.equal(await visitor.field('Name on the card').inputValue(), 'Ada Lovelace');
    await type(visitor, '4242 4242 4242 4242');
    await visitor.button('Pay $20.00').click();
    await arrived(visitor, checkout);
    await visitor.leave();
});

test('the shop may send the payer on to another origin', async () => {
    const onward = `${stage.shop.url.replace('127.0.0.1', 'localhost')}/thanks`;
    const checkout = await lamp({
        success_url: `${stage.shop.url}/onward?to=${encodeURIComponent(onward)}`,
    });
    const visitor = await Visitor.arrive(stage, [new URL(onward).origin]);
    await visitor.open(checkout.url);
    await type(visitor, '4242 4242 4242 4242');
    await visitor.button('Pay $20.00').click();
    await visitor.page.waitForURL(onward);
    assert.equal((await read(checkout)).payment_status, 'paid');
    await visitor.leave();
});

/// TENTH takes a tenth off.
async function tenth(code) {
    const coupon = await stage.shop.post('/v1/coupons', {percent_off: 10, duration: 'once'});
    return stage.shop.post('/v1/promotion_codes', {
        promotion: {type: 'coupon', coupon: coupon.id},
        code,
    });
}

test('a promotion code is looked at first, and taken back', async () => {
    await tenth('TENTH');
    const checkout = await lamp({allow_promotion_codes: true});
    const visitor = await at(checkout);
    await visitor.field('Promotion code').fill('NOTHING');
    await visitor.button('Apply the code only').click();
    assert.match(await visitor.page.getByRole('alert').innerText(), /invalid/);
    await visitor.check();
    assert.equal(await visitor.field('Promotion code').inputValue(), 'NOTHING');
    await visitor.field('E-mail').fill('ada@example.com');
    await visitor.field('Promotion code').fill(' tenth ');
    await visitor.button('Apply the code only').click();
    assert.match((await visitor.texts('tfoot tr')).join('\n'), /-\$2\.00[^]*\$18\.00/);
    assert.equal(await visitor.field('E-mail').inputValue(), 'ada@example.com');
    await visitor.check();
    await visitor.button('Remove the code').click();
    assert.equal(await visitor.button('Pay $20.00').count(), 1);
    assert.equal((await read(checkout)).status, 'open');
    await visitor.leave();
});

test('a promotion code typed beside the card comes off what is paid', async () => {
    await tenth('BESIDE');
    const checkout = await lamp({allow_promotion_codes: true});
    const visitor = await at(checkout);
    await type(visitor, '4242 4242 4242 4242');
    await visitor.field('Promotion code').fill('BESIDE');
    await visitor.page.keyboard.press('Enter');
    await arrived(visitor, checkout);
    const paid = await read(checkout);
    assert.equal(paid.amount_total, 1800);
    const intent = await stage.shop.get(`/v1/payment_intents/${paid.payment_intent}`);
    assert.equal(intent.amount_received, 1800);
    await visitor.leave();
});

test('a promotion code that is none stops the payment', async () => {
    const checkout = await lamp({allow_promotion_codes: true});
    const visitor = await at(checkout);
    await type(visitor, '4242 4242 4242 4242');
    await visitor.field('Promotion code').fill('NOTHING');
    await visitor.button('Pay $20.00').click();
    assert.match(await visitor.page.getByRole('alert').innerText(), /invalid/);
    assert.equal((await read(checkout)).payment_intent, null);
    await visitor.leave();
});

test('a trial begins without a charge', async () => {
    const checkout = await plan({subscription_data: {trial_period_days: 14}});
    const visitor = await at(checkout);
    assert.match(await visitor.page.innerText('main'), /14-day free trial/);
    assert.match((await visitor.texts('tfoot tr')).join('\n'), /\$0\.00/);
    await type(visitor, '4242 4242 4242 4242');
    await visitor.button('Start trial').click();
    await arrived(visitor, checkout);
    const {subscription} = await read(checkout);
    assert.equal((await stage.shop.get(`/v1/subscriptions/${subscription}`)).status, 'trialing');
    await visitor.leave();
});

test('a subscription begins, paid', async () => {
    const checkout = await plan();
    const visitor = await at(checkout);
    await type(visitor, '4242 4242 4242 4242');
    await visitor.button('Subscribe').click();
    await arrived(visitor, checkout);
    const {subscription} = await read(checkout);
    assert.equal((await stage.shop.get(`/v1/subscriptions/${subscription}`)).status, 'active');
    await visitor.leave();
});

test('the payer chooses a bank account in place of a card', async () => {
    const price = await stage.shop.post('/v1/prices', {
        currency: 'eur', unit_amount: 2000, product_data: {name: 'Lamp'},
    });
    const checkout = await session({
        mode: 'payment', line_items: [{price: price.id, quantity: 1}],
        payment_method_types: ['card', 'sepa_debit'],
    });
    const visitor = await at(checkout);
    const [card, account] = ['Card', 'Bank account (SEPA debit)']
        .map((name) => visitor.page.getByRole('radio', {name, exact: true}));
    assert.equal(await visitor.page.getByRole('group', {name: 'How do you want to pay?'}).count(), 1);
    assert.equal(await card.isChecked(), true);
    assert.equal(await visitor.field('Card number').isVisible(), true);
    assert.equal(await visitor.field('IBAN').isVisible(), false);
    await card.focus();
    await visitor.page.keyboard.press('ArrowDown');
    assert.equal(await account.isChecked(), true);
    assert.equal(await visitor.field('Card number').isVisible(), false);
    await visitor.field('E-mail').fill('ada@example.com');
    await visitor.field('IBAN').fill('AT00');
    await visitor.field('Your name').fill('Ada Lovelace');
    await visitor.button('Pay €20.00').click();
    assert.match(await visitor.page.getByRole('alert').innerText(), /IBAN/);
    assert.equal(await account.isChecked(), true);
    await visitor.check();
    await visitor.field('IBAN').fill('AT61 1904 3002 3457 3201');
    await visitor.button('Pay €20.00').click();
    await arrived(visitor, checkout);
    const {payment_intent} = await read(checkout);
    const {payment_method} = await stage.shop.get(`/v1/payment_intents/${payment_intent}`);
    assert.equal((await stage.shop.get(`/v1/payment_methods/${payment_method}`)).type, 'sepa_debit');
    await visitor.leave();
});

test('who turns back comes to where the shop wants them', async () => {
    const visitor = await at(await lamp());
    await visitor.link('Cancel and return to the shop').click();
    assert.equal(visitor.page.url(), `${stage.shop.url}/basket`);
    await visitor.leave();
});
