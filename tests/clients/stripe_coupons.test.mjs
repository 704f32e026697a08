// Coupons, promotion codes and customers' discounts of the sandbox, driven by Stripe's own client
// for Node. What is expected is what its types and documentation say.
import assert from 'node:assert/strict';
import {after, before, test} from 'node:test';
import Stripe from 'stripe';
import {eventually, removeFolders} from '../lib/process.mjs';
import {call, secretKey, startSandbox} from '../lib/sandbox.mjs';

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

test('a coupon in two currencies', async () => {
    const coupon = await stripe.coupons.create({
        amount_off: 500,
        currency: 'usd',
        currency_options: {eur: {amount_off: 400}},
        expand: ['currency_options'],
    });
    assert.equal(coupon.currency_options.eur.amount_off, 400);
    const renamed = await stripe.coupons.update(coupon.id, {name: 'Five'});
    assert.equal(renamed.name, 'Five');
    await stripe.coupons.del(coupon.id);
    await assert.rejects(stripe.coupons.retrieve(coupon.id), {statusCode: 404, param: 'coupon'});
});

test('a promotion code is found by its word, and ends with its coupon', async () => {
    const coupon = await stripe.coupons.create({percent_off: 33.33});
    assert.equal(coupon.percent_off, 33.33);
    const code = await stripe.promotionCodes.create({
        promotion: {type: 'coupon', coupon: coupon.id},
        code: 'SPRING',
        expand: ['promotion.coupon'],
    });
    assert.equal(code.promotion.coupon.id, coupon.id);
    const found = await stripe.promotionCodes.list({code: 'spring', active: true});
    assert.equal(found.data[0].id, code.id);
    await stripe.coupons.del(coupon.id);
    assert.equal((await stripe.promotionCodes.retrieve(code.id)).active, false);
});

test('a discount is set without a version only, and deleted with one', async () => {
    const coupon = await stripe.coupons.create({percent_off: 20});
    await assert.rejects(stripe.customers.create({coupon: coupon.id}),
                         {code: 'parameter_unknown', param: 'coupon'});
    const made = await call(sandbox, 'POST', '/v1/customers', {coupon: coupon.id});
    assert.equal(made.body.discount.source.coupon, coupon.id);
    const deleted = await stripe.customers.deleteDiscount(made.body.id);
    assert.equal(deleted.deleted, true);
    assert.equal((await stripe.customers.retrieve(made.body.id)).discount, null);
});

test('a coupon lapses by itself', async () => {
    const redeem_by = Math.floor(Date.now() / 1000) + 1;
    const {id} = await stripe.coupons.create({percent_off: 1, redeem_by});
    await eventually('a coupon that is not valid',
                     async () => !(await stripe.coupons.retrieve(id)).valid);
});
