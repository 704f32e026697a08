// That tests/lib/stripe_schemas.mjs lets through what Stripe sends, and notices what it does not.
import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import {describe, test} from 'node:test';
import {StripeSchemas, decodeForm, untyped} from '../lib/stripe_schemas.mjs';

const schemas = new StripeSchemas();

/// What Stripe answered.
function recording(name) {
    const recorded = JSON.parse(readFileSync(new URL(`../golden/stripe/${name}`, import.meta.url)));
    return recorded.body ?? recorded;
}

describe("Stripe's own answers", () => {
    const newer = ['invoice: lacks customer_account', 'line_item: lacks subtotal',
                   'subscription: lacks customer_account'];
    const unsent = 'line_item: lacks subscription';  // typed, but in no recording
    const cases = [
        ['customer_created.json', []],
        ['payment_method_attached.json', []],
        ['price_recurring.json', []],
        ['payment_method_declined.json', []],
        ['customer_missing.json', []],
        // The types are of 2026-02-25, between these two versions.
        ['subscription_2025-10-29.clover.json', [...newer, unsent].sort()],
        ['subscription_2026-03-25.dahlia.json', ['line_item: has quantity_decimal', unsent]],
    ];
    for (const [name, complaints] of cases)
        test(name, () => assert.deepEqual(schemas.answer(recording(name)).sort(), complaints));

    test('each untyped member is in the recording that it names', () => {
        const objects = (value) => (value === null || typeof value !== 'object')
            ? [] : [value, ...Object.values(value).flatMap(objects)];
        for (const [name, members] of Object.entries(untyped))
            for (const [member, file] of Object.entries(members)) {
                const recorded = recording(file);
                const shown = name === 'error' ? member in recorded.error
                    : file === 'shapes.json' ? recorded[name][''].always.includes(member)
                    : objects(recorded).some((o) => o.object === name && member in o);
                assert.ok(shown, `${name}.${member} in ${file}`);
            }
    });
});

describe('a mistake is noticed', () => {
    const customer = () => recording('customer_created.json');
    const subscription = () => recording('subscription_2026-03-25.dahlia.json');
    const added = (make, change) => {
        const before = schemas.answer(make());
        const value = make();
        change(value);
        return schemas.answer(value).filter((complaint) => !before.includes(complaint));
    };
    const cases = [
        ['a member too many', customer, (c) => { c.colour = 'blue'; }, ['customer: has colour']],
        ['a member too few', customer, (c) => { delete c.email; }, ['customer: lacks email']],
        ['a wrong kind', customer, (c) => { c.created = '1'; }, ['customer/created: must be number']],
        ['a wrong word', customer, (c) => { c.tax_exempt = 'maybe'; },
         ['customer/tax_exempt: must be one of exempt, none, reverse']],
        ['no object at all', customer, (c) => { c.object = 'client'; },
         ['client: is no object of the types']],
        ['in an expanded object', subscription, (s) => { delete s.latest_invoice.total; },
         ['invoice: lacks total']],
        ['in an object of a list', subscription, (s) => { delete s.items.data[0].price.active; },
         ['price: lacks active']],
        ['in an error', () => recording('customer_missing.json'), (e) => { delete e.error.type; },
         ['error: lacks type']],
    ];
    for (const [name, make, change, expected] of cases)
        test(name, () => assert.deepEqual(added(make, change), expected));

    test('in a page of a list, and in what an event is about', () => {
        const wrong = {...customer(), colour: 'blue'};
        const list = {object: 'list', url: '/v1/customers', has_more: false, data: [wrong]};
        assert.deepEqual(schemas.answer(list), ['customer: has colour']);
        const event = {id: 'evt_1', object: 'event', api_version: null, created: 1, livemode: false,
                       pending_webhooks: 0, request: null, type: 'customer.created',
                       data: {object: wrong}};
        assert.deepEqual(schemas.answer(event), ['customer: has colour']);
        assert.deepEqual(schemas.answer({...event, data: {object: customer()}, type: 'customer.made'})
            .map((complaint) => complaint.slice(0, 28)), ['event/type: must be one of a']);
    });
});

describe('requests', () => {
    test('a form is read as Stripe reads it', () => {
        assert.deepEqual(decodeForm('a=1&b[c]=2&b[d][0]=3&b[d][1][e]=4&expand[]=x&expand[]=y'),
                         {a: '1', b: {c: '2', d: ['3', {e: '4'}]}, expand: ['x', 'y']});
    });

    const post = (url, body) => schemas.request({method: 'POST', url, body});
    const kind = 'POST /v1/subscriptions';
    const cases = [
        ['good', 'customer=cus_1&items[0][price]=price_1&trial_end=now&metadata[k]=v', []],
        ['an unknown parameter', 'customer=cus_1&coupon=c', [`${kind}: has coupon`]],
        ['an unknown one inside', 'items[0][colour]=blue', [`${kind}/items/*: has colour`]],
        ['a number that is none', 'days_until_due=soon', [`${kind}/days_until_due: must be number`]],
        ['a flag that is none', 'off_session=perhaps', [`${kind}/off_session: must be boolean`]],
        ['a wrong word', 'collection_method=by_hand',
         [`${kind}/collection_method: must be one of charge_automatically, send_invoice`]],
    ];
    for (const [name, body, complaints] of cases)
        test(name, () => assert.deepEqual(post('/v1/subscriptions', body), complaints));

    test('a path with an id, and one that is none', () => {
        assert.deepEqual(post('/v1/subscriptions/sub_1', 'cancel_at_period_end=true'), []);
        assert.deepEqual(post('/v1/subs', ''), ['POST /v1/subs: is no request of the types']);
        assert.deepEqual(schemas.request({method: 'GET', url: '/v1/subscriptions?status=odd', body: ''})
            .map((complaint) => complaint.slice(0, 46)), ['GET /v1/subscriptions/status: must be one of a']);
    });
});
