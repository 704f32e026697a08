// The customer portal: plans, cards and invoices, by those who have only a browser.
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {setTheStage, Visitor} from './browser.mjs';

let starter, pro;
const stage = setTheStage(async (shop) => {
    starter = await shop.price('Starter', 2900);
    pro = await shop.price('Pro', 9900);
});

/// A customer on the Starter plan, in the portal.
async function subscriber(more) {
    const customer = await stage.shop.customer();
    const subscription = await stage.shop.subscription(customer, starter);
    const visitor = await Visitor.arrive(stage);
    await visitor.open((await stage.shop.portal(customer, more)).url);
    const read = () => stage.shop.get(`/v1/subscriptions/${subscription.id}`);
    return {customer, visitor, read};
}

test('a plan is changed, and the change is an invoice', async () => {
    const {visitor, read} = await subscriber();
    assert.equal(await visitor.title(), 'Billing');
    assert.match(await visitor.page.innerText('main'), /Starter: \$29\.00 per month/);
    await visitor.field('Change to').selectOption({label: 'Pro: $99.00 per month'});
    await visitor.button('Change plan').click();
    assert.equal(await visitor.status(), 'Your plan has been changed.');
    await visitor.check();
    assert.equal((await read()).items.data[0].price.id, pro.id);
    assert.equal((await visitor.texts('table a')).length, 2);
    await visitor.leave();
});

test('a plan is canceled at its end, and kept after all', async () => {
    const {visitor, read} = await subscriber();
    await visitor.button('Cancel plan').click();
    assert.equal(await visitor.status(), 'Your plan will end with the current period.');
    await visitor.check();
    const ending = await read();
    assert.equal(ending.cancel_at, ending.items.data[0].current_period_end);
    await visitor.button('Keep the plan after all').click();
    assert.equal(await visitor.status(), 'Your plan goes on.');
    assert.equal((await read()).cancel_at, null);
    await visitor.leave();
});

test('a card is replaced; a number that is no test card is refused', async () => {
    const {customer, visitor} = await subscriber();
    await visitor.field('Card number').fill('5555 5555 5555 4444');
    await visitor.button('Replace card').click();
    assert.equal(await visitor.status(), 'Your card ending in 4444 is in use now.');
    const {data} = await stage.shop.get('/v1/payment_methods', {customer: customer.id});
    assert.deepEqual(data.map(({card}) => card.last4), ['4444']);
    await visitor.field('Card number').fill('1234 5678');
    await visitor.button('Replace card').click();
    assert.match(await visitor.status(), /card number is incorrect/);
    await visitor.check();
    await visitor.leave();
});

test('an invoice leads back to the portal, and the portal to the shop', async () => {
    const {visitor} = await subscriber();
    await visitor.page.locator('table a').click();
    assert.match(await visitor.title(), /^Invoice /);
    await visitor.check();
    await visitor.link('Back to billing').click();
    assert.equal(await visitor.title(), 'Billing');
    await visitor.link('Return').click();
    assert.equal(visitor.page.url(), `${stage.shop.url}/account`);
    await visitor.leave();
});

test('a flow is about one thing, and leads back to the shop', async () => {
    const customer = await stage.shop.customer();
    const subscription = await stage.shop.subscription(customer, await stage.shop.price('Pro', 9900));
    const visitor = await Visitor.arrive(stage);
    const {url} = await stage.shop.portal(customer, {
        flow_data: {
            type: 'subscription_cancel',
            subscription_cancel: {subscription: subscription.id},
            after_completion: {type: 'redirect', redirect: {return_url: `${stage.shop.url}/bye`}},
        },
    });
    await visitor.open(url);
    assert.equal(await visitor.title(), 'Cancel your plan');
    assert.equal(await visitor.button('Replace card').count(), 0);
    await visitor.button('Cancel plan').click();
    await visitor.page.waitForURL(`${stage.shop.url}/bye`);
    await visitor.open(url);
    assert.equal(await visitor.title(), 'All done');
    await visitor.leave();
});

test('a confirmed update ends on a page of its own', async () => {
    const customer = await stage.shop.customer();
    const subscription = await stage.shop.subscription(customer, await stage.shop.price('Pro', 9900));
    const team = await stage.shop.price('Team', 19900);
    const visitor = await Visitor.arrive(stage);
    const {url} = await stage.shop.portal(customer, {
        flow_data: {
            type: 'subscription_update_confirm',
            subscription_update_confirm: {
                subscription: subscription.id,
                items: [{id: subscription.items.data[0].id, price: team.id}],
            },
            after_completion: {
                type: 'hosted_confirmation',
                hosted_confirmation: {custom_message: 'Welcome to the team'},
            },
        },
    });
    await visitor.open(url);
    assert.equal(await visitor.title(), 'Confirm your update');
    await visitor.button('Confirm').click();
    assert.equal(await visitor.status(), 'Welcome to the team');
    await visitor.check();
    const changed = await stage.shop.get(`/v1/subscriptions/${subscription.id}`);
    assert.equal(changed.items.data[0].price.id, team.id);
    await visitor.leave();
});
