// Credit notes of the sandbox and what they do to invoices and balances, driven by Stripe's own client
// for Node. What is expected is what its types and documentation say.
import assert from 'node:assert/strict';
import {after, before, test} from 'node:test';
import Stripe from 'stripe';
import {removeFolders} from '../lib/process.mjs';
import {secretKey, startSandbox} from '../lib/sandbox.mjs';
import {StripeSchemas} from '../lib/stripe_schemas.mjs';

const schemas = new StripeSchemas();
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

/// An open invoice over two lines of $30.00 (three shirts) and $7.00 of a customer with a card.
async function openInvoice() {
    const customer = await stripe.customers.create({
        name: 'Ada Lovelace',
        payment_method: 'pm_card_visa',
        invoice_settings: {default_payment_method: 'pm_card_visa'},
    });
    const invoice = await stripe.invoices.create({customer: customer.id});
    const on = {customer: customer.id, invoice: invoice.id, currency: 'usd'};
    await stripe.invoiceItems.create(
        {...on, unit_amount_decimal: '1000', quantity: 3, description: 'T-shirt'});
    await stripe.invoiceItems.create({...on, amount: 700, description: 'Postage'});
    return stripe.invoices.finalizeInvoice(invoice.id);
}

/// `object` as it is, when it has the members of its type and no others.
function typed(object) {
    assert.deepEqual(schemas.answer(object), []);
    return object;
}

test('before the payment: an open invoice asks for less, and for all of it again when void', async () => {
    const invoice = await openInvoice();
    const shirts = invoice.lines.data.find((line) => line.description === 'T-shirt');
    const note = typed(await stripe.creditNotes.create({
        invoice: invoice.id,
        lines: [
            {type: 'invoice_line_item', invoice_line_item: shirts.id, quantity: 1},
            {type: 'custom_line_item', unit_amount: 200, quantity: 1, description: 'Late'},
        ],
        reason: 'order_change',
        memo: 'One shirt came back.',
    }));
    assert.equal(note.total, 1200);
    assert.equal(note.type, 'pre_payment');
    assert.equal(note.number, `${invoice.number}-CN-01`);
    assert.equal((await stripe.invoices.retrieve(invoice.id)).amount_due, 2500);

    const lines = await stripe.creditNotes.listLineItems(note.id);
    assert.deepEqual(lines.data.map((line) => line.amount), [1000, 200]);
    const updated = await stripe.creditNotes.update(note.id, {metadata: {order: '7'}});
    assert.equal(updated.metadata.order, '7');
    assert.equal((await stripe.creditNotes.voidCreditNote(note.id)).status, 'void');
    const paid = await stripe.invoices.pay(invoice.id);
    assert.equal(paid.amount_paid, 3700);
});

test('an invoice that is credited in full is paid', async () => {
    const invoice = await openInvoice();
    const note = await stripe.creditNotes.create(
        {invoice: invoice.id, amount: 3700, expand: ['invoice']});
    assert.equal(note.invoice.status, 'paid');
    assert.equal(note.invoice.amount_paid, 0);
    assert.equal(note.invoice.pre_payment_credit_notes_amount, 3700);
});

test('after the payment: refund, balance, outside', async () => {
    const {id: invoice, customer} = await openInvoice();
    await stripe.invoices.pay(invoice);
    await assert.rejects(stripe.creditNotes.create({invoice, amount: 1000}), {
        type: 'StripeInvalidRequestError',
        message: 'The sum of refunds, credit amount, and out of band amount ($0.00) must equal the ' +
            'credit note post_payment_amount ($10.00).',
    });
    const parts = {invoice, amount: 1000, refund_amount: 500, credit_amount: 300,
                   out_of_band_amount: 200};
    const preview = typed(await stripe.creditNotes.preview(parts));
    assert.equal(preview.post_payment_amount, 1000);
    const note = typed(await stripe.creditNotes.create({
        ...parts, expand: ['refunds.refund', 'customer_balance_transaction'],
    }));
    assert.equal(note.refunds[0].refund.status, 'succeeded');
    assert.equal(note.refunds[0].refund.amount, 500);
    assert.equal(note.customer_balance_transaction.ending_balance, -300);
    assert.equal((await stripe.customers.retrieve(customer)).balance, -300);
    const after = await stripe.invoices.retrieve(invoice);
    assert.equal(after.post_payment_credit_notes_amount, 1000);
    const listed = await stripe.creditNotes.list({invoice});
    assert.deepEqual(listed.data.map(({id}) => id), [note.id]);
    await assert.rejects(stripe.creditNotes.voidCreditNote(note.id), {
        message: 'You can only void a credit note if the associated invoice is open.',
    });
});

test('lines of a draft are added, changed and removed', async () => {
    const customer = await stripe.customers.create({});
    const waiting = await stripe.invoiceItems.create(
        {customer: customer.id, currency: 'usd', amount: 50, description: 'Waiting'});
    const draft = await stripe.invoices.create({customer: customer.id});
    const added = typed(await stripe.invoices.addLines(draft.id, {
        lines: [{amount: 1000, description: 'Work'}, {amount: 500}, {invoice_item: waiting.id}],
    }));
    assert.equal(added.total, 1550);
    const [work, other, taken] = added.lines.data.map(({id}) => id);
    const changed = await stripe.invoices.updateLines(draft.id, {lines: [{id: work, amount: 1200}]});
    assert.equal(changed.total, 1750);
    const line = typed(await stripe.invoices.updateLineItem(
        draft.id, other, {description: 'Travel', metadata: {km: '12'}}));
    assert.equal(line.description, 'Travel');
    const removed = await stripe.invoices.removeLines(draft.id, {
        lines: [{id: other, behavior: 'delete'}, {id: taken, behavior: 'unassign'}],
    });
    assert.equal(removed.total, 1200);
    assert.equal((await stripe.invoiceItems.retrieve(waiting.id)).invoice, null);
    await stripe.invoices.finalizeInvoice(draft.id);
    await assert.rejects(stripe.invoices.addLines(draft.id, {lines: [{amount: 1}]}),
                         {code: 'invoice_not_editable'});
});

test('an invoice and its credit note can be printed', async () => {
    const invoice = await openInvoice();
    const note = await stripe.creditNotes.create({invoice: invoice.id, amount: 500});
    const again = await stripe.invoices.retrieve(invoice.id);
    for (const url of [again.invoice_pdf, note.pdf]) {
        const response = await fetch(url);
        assert.equal(response.status, 200);
        assert.equal(response.headers.get('content-type'), 'application/pdf');
        const file = Buffer.from(await response.arrayBuffer());
        assert.equal(file.subarray(0, 5).toString(), '%PDF-');
        const twice = Buffer.from(await (await fetch(url)).arrayBuffer());
        assert.ok(file.equals(twice));
    }
    const page = await (await fetch(again.hosted_invoice_url)).text();
    assert.match(page, /Credit notes<\/th><td class="amount">-\$5\.00/);
});

test("a customer's balance is the sum of its transactions", async () => {
    const customer = await stripe.customers.create({balance: -100});
    const made = typed(await stripe.customers.createBalanceTransaction(customer.id, {
        amount: -250, currency: 'usd', description: 'Sorry',
    }));
    assert.equal(made.ending_balance, -350);
    const {data} = await stripe.customers.listBalanceTransactions(customer.id);
    assert.deepEqual(data.map(({type, amount}) => [type, amount]),
                     [['adjustment', -250], ['initial', -100]]);
    const changed = await stripe.customers.updateBalanceTransaction(
        customer.id, made.id, {metadata: {ticket: '9'}});
    assert.equal(changed.metadata.ticket, '9');
    assert.equal((await stripe.customers.retrieveBalanceTransaction(customer.id, made.id)).amount, -250);
});
