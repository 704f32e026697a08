// Payments of the sandbox, what they leave in the balance and what they refuse, driven by Stripe's own
// client for Node. What is expected is what its types and documentation say.
import assert from 'node:assert/strict';
import {after, before, test} from 'node:test';
import Stripe from 'stripe';
import {removeFolders} from '../lib/process.mjs';
import {secretKey, startSandbox} from '../lib/sandbox.mjs';
import {StripeSchemas} from '../lib/stripe_schemas.mjs';

const schemas = new StripeSchemas();
const card = {number: '4242424242424242', exp_month: 8, exp_year: 2035, cvc: '314'};
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

/// `object` as it is, when it has the members of its type and no others.
function typed(object) {
    assert.deepEqual(schemas.answer(object), []);
    return object;
}

const refused = async (call) => {
    try {
        await call;
    } catch (error) {
        return error;
    }
    throw new Error('this should have been refused');
};

test('a token pays, and the balance knows what came of it', async () => {
    const token = typed(await stripe.tokens.create({card}));
    const intent = typed(await stripe.paymentIntents.create({
        amount: 1000, currency: 'usd', confirm: true, payment_method_types: ['card'],
        payment_method_data: {type: 'card', card: {token: token.id}},
        metadata: {_order: '7'}, expand: ['latest_charge.balance_transaction'],
    }));
    assert.equal(intent.status, 'succeeded');
    assert.deepEqual(intent.metadata, {_order: '7'});
    const {balance_transaction: transaction} = intent.latest_charge;
    assert.deepEqual([transaction.amount, transaction.fee, transaction.net], [1000, 59, 941]);
    const refund = typed(await stripe.refunds.create({charge: intent.latest_charge.id, amount: 300}));
    const listed = await stripe.balanceTransactions.list({limit: 2});
    assert.deepEqual(listed.data.map(({id}) => id), [refund.balance_transaction, transaction.id]);
    typed(await stripe.balanceTransactions.retrieve(transaction.id));
    const balance = typed(await stripe.balance.retrieve());
    assert.equal(balance.pending[0].amount, 941);
    assert.equal(balance.available[0].amount, -300);
});

test('a charge is changed and captured by its id', async () => {
    const intent = await stripe.paymentIntents.create({
        amount: 2900, currency: 'usd', confirm: true, capture_method: 'manual',
        payment_method_types: ['card'], payment_method: 'pm_card_visa',
    });
    const changed = typed(await stripe.charges.update(intent.latest_charge, {description: 'Ink'}));
    assert.equal(changed.description, 'Ink');
    const captured = typed(await stripe.charges.capture(intent.latest_charge, {amount: 2000}));
    assert.equal(captured.amount_captured, 2000);
    assert.equal((await stripe.paymentIntents.retrieve(intent.id)).amount_received, 2000);
});

test('what cannot be done is said as Stripe says it', async () => {
    const intent = await stripe.paymentIntents.create({
        amount: 500, currency: 'usd', confirm: true, payment_method_types: ['card'],
        payment_method: 'pm_card_visa',
    });
    const late = await refused(stripe.paymentIntents.cancel(intent.id));
    assert.equal(late.code, 'payment_intent_unexpected_state');
    assert.equal(late.payment_intent.id, intent.id);
    const lacks = await refused(stripe.paymentIntents.create({
        amount: 500, currency: 'usd', transfer_data: {destination: 'acct_1'}}));
    assert.equal(lacks.code, undefined);
    assert.equal(lacks.param, 'transfer_data');
    const unknown = await refused(stripe.paymentIntents.create(
        {amount: 500, currency: 'usd', colour: 'blue'}));
    assert.equal(unknown.code, 'parameter_unknown');
});

test('a search counts when asked to', async () => {
    await stripe.customers.create({name: 'Counted'});
    const found = await stripe.customers.search({query: 'name:"Counted"', expand: ['total_count']});
    assert.equal(found.total_count, 1);
});
