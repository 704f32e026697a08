// The receipt of a payment, where `receipt_url` of its charge leads.
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {setTheStage, Visitor} from './browser.mjs';

const stage = setTheStage();

/// A charge of $20.00 with Visa.
async function charge(more = {}) {
    const intent = await stage.shop.post('/v1/payment_intents', {
        amount: 2000, currency: 'usd', confirm: true, payment_method_types: ['card'],
        payment_method: 'pm_card_visa', expand: ['latest_charge'], ...more});
    return intent.latest_charge;
}

test('a payment has a receipt, which follows its refunds', async () => {
    const paid = await charge();
    const visitor = await Visitor.arrive(stage);
    await visitor.open(paid.receipt_url);
    assert.equal(await visitor.title(), 'Receipt');
    assert.match(await visitor.status(), /^\$20\.00 paid on .* with Visa ending in 4242\.$/);
    await stage.shop.post('/v1/refunds', {charge: paid.id, amount: 500});
    await visitor.open(paid.receipt_url);
    assert.match((await visitor.texts('tbody tr')).join('\n'), /Refunded on .*-\$5\.00/);
    assert.match((await visitor.texts('tfoot tr')).join('\n'), /Total\s*\$15\.00/);
    await visitor.leave();
});

test('a reservation has a receipt that says so', async () => {
    const visitor = await Visitor.arrive(stage);
    await visitor.open((await charge({capture_method: 'manual'})).receipt_url);
    assert.match(await visitor.status(), /not charged yet/);
    await visitor.leave();
});

test('the receipt of an invoice shows its lines and leads to it', async () => {
    const {shop} = stage;
    const customer = await shop.customer();
    await shop.subscription(customer, await shop.price('Pro', 9900));
    const {data: [paid]} = await shop.get('/v1/charges', {customer: customer.id});
    assert.match(paid.receipt_url, /\/receipts\/invoices\/[^/]+\?s=ap$/);
    const visitor = await Visitor.arrive(stage);
    await visitor.open(paid.receipt_url);
    const {data: [invoice]} = await shop.get('/v1/invoices', {customer: customer.id});
    assert.equal(await visitor.title(), `Receipt for invoice ${invoice.number}`);
    assert.match(await visitor.page.innerText('main'), /Charged to Ada Lovelace, ada@example\.com/);
    assert.match((await visitor.texts('tbody tr')).join(), /Pro.*\$99\.00/);
    await visitor.link(`Invoice ${invoice.number}`).click();
    assert.equal(await visitor.title(), `Invoice ${invoice.number}`);
    await visitor.leave();
});
