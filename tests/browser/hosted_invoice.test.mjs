// The hosted page of an invoice, and the bank's question (3-D Secure) on the way.
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {setTheStage, Visitor} from './browser.mjs';

const stage = setTheStage();
const onFile = /^Pay \$99\.00 with Visa ending in \d{4}$/;

/// Somebody at the page of an open invoice.
async function at(invoice) {
    const visitor = await Visitor.arrive(stage);
    await visitor.open(invoice.hosted_invoice_url);
    return visitor;
}
const statusOf = async (invoice) => (await stage.shop.get(`/v1/invoices/${invoice.id}`)).status;

test('an invoice shows what it is for, and is paid with the card on file', async () => {
    const invoice = await stage.shop.openInvoice(await stage.shop.customer());
    const visitor = await at(invoice);
    assert.equal(await visitor.title(), `Invoice ${invoice.number}`);
    assert.match(await visitor.page.innerText('main'), /Billed to Ada Lovelace, ada@example\.com/);
    assert.match((await visitor.texts('tbody tr')).join(), /Pro.*\$99\.00/);
    assert.match((await visitor.texts('tfoot tr')).join('\n'), /Amount due\s*\$99\.00/);
    assert.equal((await visitor.texts('tbody tr')).join().match(/1 × /g).length, 1);
    await visitor.button(onFile).click();
    await visitor.check();
    assert.match((await visitor.texts('tfoot tr')).join('\n'), /Amount paid\s*\$99\.00/);
    assert.equal(await visitor.button(onFile).count(), 0);
    assert.match(await visitor.status(), /^Paid on /);
    assert.equal(await statusOf(invoice), 'paid');
    await visitor.leave();
});

test('an invoice is paid without a mouse', async () => {
    const invoice = await stage.shop.openInvoice(await stage.shop.customer());
    const visitor = await at(invoice);
    for (let i = 0; i < 10; ++i) {
        await visitor.page.keyboard.press('Tab');
        const focus = await visitor.page.evaluate(() => document.activeElement.innerText);
        if (onFile.test(focus)) break;
    }
    await Promise.all([
        visitor.page.waitForNavigation(),
        visitor.page.keyboard.press('Enter'),
    ]);
    assert.equal(await statusOf(invoice), 'paid');
    await visitor.leave();
});

test('a declined card is said, and the invoice stays to be paid', async () => {
    const invoice = await stage.shop.openInvoice(await stage.shop.customer('pm_card_chargeCustomerFail'));
    const visitor = await at(invoice);
    await visitor.button(onFile).click();
    await visitor.check();
    assert.match(await visitor.status(), /did not go through: Your card was declined\./);
    assert.equal(await visitor.button(onFile).count(), 1);
    assert.equal(await statusOf(invoice), 'open');
    await visitor.leave();
});

test('a bank account on file is debited, and its bank is waited for', async () => {
    const customer = await stage.shop.customer(null);
    const account = await stage.shop.post('/v1/payment_methods', {
        type: 'sepa_debit', sepa_debit: {iban: 'AT321904300235473204'},
        billing_details: {name: 'Ada', email: 'ada@example.com'},
    });
    await stage.shop.post(`/v1/payment_methods/${account.id}/attach`, {customer: customer.id});
    await stage.shop.post(`/v1/customers/${customer.id}`,
                          {invoice_settings: {default_payment_method: account.id}});
    await stage.shop.post('/v1/invoiceitems', {customer: customer.id, currency: 'eur', amount: 900});
    const draft = await stage.shop.post('/v1/invoices', {
        customer: customer.id, currency: 'eur', pending_invoice_items_behavior: 'include'});
    const invoice = await stage.shop.post(`/v1/invoices/${draft.id}/finalize`);
    const visitor = await at(invoice);
    await visitor.button('Pay €9.00 with Bank account ending in 3204').click();
    await visitor.check();
    assert.match(await visitor.status(), /your bank has not answered yet/);
    assert.equal(await visitor.button('Pay').count(), 0);
    assert.equal(await statusOf(invoice), 'open');
    await visitor.leave();
});

test('who has no card on file types one: declined, then taken', async () => {
    const invoice = await stage.shop.openInvoice(await stage.shop.customer(null));
    const visitor = await at(invoice);
    await visitor.field('Card number').fill('4000 0000 0000 0002');
    await visitor.button('Pay $99.00').click();
    assert.match(await visitor.status(), /did not go through: Your card was declined\./);
    await visitor.check();
    await visitor.field('Card number').fill('4242 4242 4242 4242');
    await visitor.button('Pay $99.00').click();
    assert.match((await visitor.texts('tfoot tr')).join('\n'), /Amount paid\s*\$99\.00/);
    assert.equal(await statusOf(invoice), 'paid');
    await visitor.leave();
});

test('a typed card that the bank asks about leads there and back', async () => {
    const invoice = await stage.shop.openInvoice(await stage.shop.customer(null));
    const visitor = await at(invoice);
    await visitor.field('Card number').fill('4000 0027 6000 3184');
    await visitor.button('Pay $99.00').click();
    assert.equal(await visitor.title(), 'Your bank asks');
    await visitor.button('Confirm the payment').click();
    await visitor.link('Back to the invoice').click();
    assert.equal(await statusOf(invoice), 'paid');
    await visitor.leave();
});

for (const {choice, says, status} of [
    {choice: 'Confirm the payment', says: /The payment went through\./, status: 'paid'},
    {choice: 'Refuse', says: /Your bank did not confirm it\./, status: 'open'},
])
    test(`the bank asks: ${choice}`, async () => {
        const invoice = await stage.shop.openInvoice(await stage.shop.customer('pm_card_authenticationRequired'));
        const visitor = await at(invoice);
        await visitor.button(onFile).click();
        assert.equal(await visitor.title(), 'Your bank asks');
        assert.match(await visitor.page.innerText('main'), /\$99\.00/);
        await visitor.check();
        await visitor.button(choice).click();
        assert.match(await visitor.status(), says);
        await visitor.check();
        await visitor.link('Back to the invoice').click();
        assert.equal(await visitor.title(), `Invoice ${invoice.number}`);
        await visitor.check();
        assert.equal(await statusOf(invoice), status);
        await visitor.leave();
    });
