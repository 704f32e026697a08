// The bank's page that an intent's next_action leads to: confirmed and refused, and back to the shop.
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {setTheStage, Visitor} from './browser.mjs';

const stage = setTheStage();

/// Answers the bank's question of an intent and goes back to the shop: the address arrived at.
async function answer(intent, choice, says) {
    assert.equal(intent.status, 'requires_action');
    assert.equal(intent.next_action.type, 'redirect_to_url');
    const visitor = await Visitor.arrive(stage);
    await visitor.open(intent.next_action.redirect_to_url.url);
    await visitor.button(choice).click();
    assert.match(await visitor.status(), says);
    await visitor.check();
    await visitor.link('Return to the shop').click();
    assert.equal(await visitor.title(), 'The shop');
    const address = new URL(visitor.page.url());
    await visitor.leave();
    assert.equal(address.origin + address.pathname, `${stage.shop.url}/done`);
    return address;
}

const payment = () => stage.shop.post('/v1/payment_intents', {
    amount: 4200,
    currency: 'usd',
    payment_method: 'pm_card_threeDSecure2Required',
    payment_method_types: ['card'],
    confirm: true,
    return_url: `${stage.shop.url}/done`,
});
const readPayment = ({id}) => stage.shop.get(`/v1/payment_intents/${id}`);

test('a payment that the cardholder confirms succeeds', async () => {
    const intent = await payment();
    const address = await answer(intent, 'Confirm the payment', /The payment went through/);
    assert.equal(address.searchParams.get('payment_intent'), intent.id);
    assert.equal(address.searchParams.get('payment_intent_client_secret'), intent.client_secret);
    assert.equal(address.searchParams.get('redirect_status'), 'succeeded');
    assert.equal((await readPayment(intent)).status, 'succeeded');
});

test('a payment that the cardholder refuses wants another card', async () => {
    const intent = await payment();
    const address = await answer(intent, 'Refuse', /did not confirm/);
    assert.equal(address.searchParams.get('redirect_status'), 'failed');
    const refused = await readPayment(intent);
    assert.equal(refused.status, 'requires_payment_method');
    assert.equal(refused.last_payment_error.code, 'payment_intent_authentication_failure');
});

const setup = () => stage.shop.post('/v1/setup_intents', {
    payment_method: 'pm_card_authenticationRequired',
    payment_method_types: ['card'],
    confirm: true,
    return_url: `${stage.shop.url}/done`,
});

for (const {choice, says, status, redirect} of [
    {choice: 'Confirm', says: /has been saved/, status: 'succeeded', redirect: 'succeeded'},
    {choice: 'Refuse', says: /did not confirm/, status: 'requires_payment_method', redirect: 'failed'},
])
    test(`a card to be kept: ${choice}`, async () => {
        const intent = await setup();
        const address = await answer(intent, choice, says);
        assert.equal(address.searchParams.get('setup_intent'), intent.id);
        assert.equal(address.searchParams.get('redirect_status'), redirect);
        assert.equal((await stage.shop.get(`/v1/setup_intents/${intent.id}`)).status, status);
    });
