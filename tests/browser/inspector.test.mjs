// The inspector at "/": objects, events, webhooks with their tries, clocks, chaos.
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {startListener} from '../lib/listener.mjs';
import {eventually} from '../lib/process.mjs';
import {setTheStage, Visitor} from './browser.mjs';

const stage = setTheStage();

async function atTheInspector() {
    const visitor = await Visitor.arrive(stage);
    await visitor.open(`${stage.shop.sandbox.url}/`);
    return visitor;
}
async function find(visitor, id) {
    await visitor.field('Find by id').fill(id);
    await visitor.button('Find').click();
    await visitor.check();
}

test('an object is found through its account, and by its id', async () => {
    const customer = await stage.shop.customer();
    const {id: account} = await stage.shop.get('/v1/account');
    const visitor = await atTheInspector();
    assert.equal(await visitor.title(), 'Stripe, offline');
    await visitor.link(account).click();
    await visitor.check();
    await visitor.link('customer').click();
    await visitor.check();
    await visitor.link(customer.id).click();
    assert.equal(await visitor.title(), customer.id);
    assert.match(await visitor.page.innerText('pre'), /"email": "ada@example\.com"/);
    await visitor.check();
    const card = customer.invoice_settings.default_payment_method;
    await visitor.page.locator('pre').getByRole('link', {name: card}).click();
    assert.equal(await visitor.title(), card);
    await find(visitor, customer.id);
    assert.equal(await visitor.title(), customer.id);
    await visitor.leave();
});

test('a webhook shows what was sent and answered, and is sent again', async () => {
    // Taken at once: a refused one would be sent again by itself, whenever this page is slow.
    const listener = await startListener();
    const {secret} = await stage.shop.post('/v1/webhook_endpoints', {
        url: listener.url,
        enabled_events: ['product.created'],
    });
    await stage.shop.post('/v1/products', {name: 'Lamp'});
    await eventually('the first try', () => listener.deliveries.length === 1);
    const event = JSON.parse(listener.deliveries[0].body);

    const visitor = await atTheInspector();
    await find(visitor, event.id);
    await eventually('the try to be recorded', async () => {
        await visitor.page.reload();
        return (await visitor.texts('tbody tr td:last-child')).join() === '1';
    });
    await visitor.page.locator('tbody tr td:first-child a').click();
    await visitor.check();
    assert.match(await visitor.page.innerText('main'), /Try 1: answered 200/);
    const [request] = await visitor.texts('pre');
    assert.match(request, new RegExp(`^POST ${listener.url}`));
    assert.ok(request.includes(listener.deliveries[0].headers['stripe-signature']));
    assert.ok(!(await visitor.page.content()).includes(secret));

    await visitor.button('Send it again').click();
    assert.match(await visitor.status(), /sent again/);
    await visitor.check();
    await eventually('the second delivery', () => listener.deliveries.length === 2);
    assert.equal(JSON.parse(listener.deliveries[1].body).id, event.id);
    await visitor.leave();
    await listener.close();
});

test('a clock is moved on by a month, and renews', async () => {
    const frozen_time = Date.UTC(2027, 0, 31, 12) / 1000;
    const clock = await stage.shop.post('/v1/test_helpers/test_clocks', {frozen_time});
    const customer = await stage.shop.customer('pm_card_visa', {test_clock: clock.id});
    const subscription = await stage.shop.subscription(customer, await stage.shop.price('Pro', 900));
    const visitor = await atTheInspector();
    const {id: account} = await stage.shop.get('/v1/account');
    await visitor.link(account).click();
    await visitor.link('clocks').click();
    await visitor.check();
    assert.equal(await visitor.field('Move it to').inputValue(), '2027-02-28T12:00:00Z');
    await visitor.button(`Advance ${clock.id}`).click();
    await eventually('the renewal', async () => {
        const {data} = await stage.shop.get('/v1/invoices', {subscription: subscription.id});
        return data.length === 2;
    });
    await visitor.page.reload();
    await visitor.field('Move it to').fill('2027-02-01T00:00:00Z');
    await visitor.button(`Advance ${clock.id}`).click();
    assert.match(await visitor.page.getByRole('alert').innerText(), /must be after/);
    assert.equal(await visitor.field('Move it to').inputValue(), '2027-02-01T00:00:00Z');
    await visitor.check();
    await visitor.leave();
});

test('chaos is ordered, strikes, and is cleared', async () => {
    const visitor = await atTheInspector();
    await visitor.link('chaos').click();
    assert.equal(await visitor.title(), 'Chaos');
    assert.match(await visitor.page.innerText('main'), /Nothing goes wrong/);
    await visitor.check();
    await visitor.field('Method and path').fill('POST /v1/products');
    await visitor.page.locator('#add_call_do').selectOption('error');
    await visitor.page.locator('#add_call_next').fill('x');
    await visitor.button('Add a rule of calls').click();
    assert.match(await visitor.page.getByRole('alert').innerText(), /next/);
    assert.equal(await visitor.field('Method and path').inputValue(), 'POST /v1/products');
    await visitor.check();
    await visitor.page.locator('#add_call_next').fill('1');
    await visitor.button('Add a rule of calls').click();
    assert.match(await visitor.status(), /is in the plan/);
    await assert.rejects(stage.shop.post('/v1/products', {name: 'Struck'}), /500/);
    await visitor.page.reload();
    assert.match(await visitor.page.innerText('main'), /error\s+POST \/v1\/products/);
    await visitor.check();
    await visitor.field('Type of event').fill('invoice.*');
    await visitor.button('Add a rule of webhooks').click();
    await visitor.page.locator('#seed').fill('42');
    await visitor.button('Begin again with this seed').click();
    assert.match(await visitor.page.innerText('main'), /Seed 42, 2 rules/);
    await visitor.button('Remove rule 1').click();
    assert.match(await visitor.page.innerText('main'), /Seed 42, 1 rule\./);
    await visitor.check();
    await visitor.button('Clear the plan').click();
    assert.match(await visitor.page.innerText('main'), /Nothing goes wrong/);
    await stage.shop.post('/v1/products', {name: 'Well again'});
    await visitor.leave();
});

test('a page of another origin moves nothing', async () => {
    const {id: account} = await stage.shop.get('/v1/account');
    const {context, page} = await stage.chromium.profile();
    await page.goto(stage.shop.url);
    await page.evaluate((action) => {
        const form = document.createElement('form');
        Object.assign(form, {method: 'post', action});
        document.body.append(form);
        form.submit();
    }, `${stage.shop.sandbox.url}/inspect/${account}/clocks`);
    await page.waitForURL(/inspect/);
    assert.equal(await page.innerText('h1'), 'Refused');
    await context.close();
});
