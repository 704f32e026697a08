// Power cuts of the sandbox. It is killed at random moments of its work and started again on the
// same folder: what it had answered is there, what it had not answered can be asked again under the
// same key without a second object, and every event arrives.
import assert from 'node:assert/strict';
import {createRequire} from 'node:module';
import {after, before, describe, test} from 'node:test';
import {binary, eventually, freePort, freshFolder, Program, removeFolders, sleep}
    from '../lib/process.mjs';
import {startListener} from '../lib/listener.mjs';
import {random, seed} from '../lib/random.mjs';

const require = createRequire(new URL('../clients/package.json', import.meta.url));
const Stripe = require('stripe');
const Razorpay = require('razorpay');

const rounds = Number(process.env.TURNPIKE_CRASH_ROUNDS ?? 4);
const clients = 4;

/// Both twins on the same ports and data after every start.
class Sandbox {
    static async start() {
        const sandbox = new Sandbox();
        sandbox.port = await freePort();
        sandbox.razorpayPort = await freePort();
        sandbox.data = await freshFolder();
        await sandbox.run();
        return sandbox;
    }
    async run() {
        this.program = new Program(binary, [
            ...['sandbox', '--listen', `127.0.0.1:${this.port}`],
            ...['--razorpay-listen', `127.0.0.1:${this.razorpayPort}`, '--data', this.data],
        ]);
        await this.program.answering(`http://127.0.0.1:${this.razorpayPort}/healthz`);
        await this.program.answering(`http://127.0.0.1:${this.port}/healthz`);
    }
    /// Pulls the plug within `within` ms of work that goes on until its connection breaks.
    async interrupted(work, within) {
        const lost = Promise.all(Array.from({length: clients}, (_, i) => work(i)));
        await sleep(within);
        await this.program.kill();
        await lost;
        await this.run();
    }
}

/// Whether nobody answered: as Stripe's library says it, as fetch does, and as Razorpay's, whose
/// normalizeError stumbles over the missing answer.
const isLost = (error) => error.type === 'StripeConnectionError' || error.cause?.code !== undefined ||
    (error instanceof TypeError && error.stack.includes('normalizeError'));

/// Asks until the connection breaks. Each request is noted before it leaves.
async function ask(journal, next) {
    for (;;) {
        const request = next();
        journal.push(request);
        try {
            request.answer = await request.send();
        } catch (error) {
            if (!isLost(error)) throw error;
            return;
        }
    }
}

describe(`TURNPIKE_CRASH_SEED=${seed}`, () => {
    const next = random(seed);
    let sandbox, listener;
    before(async () => {
        sandbox = await Sandbox.start();
        listener = await startListener();
    });
    after(async () => {
        await sandbox.program.stop();
        await listener.close();
        await removeFolders();
    });

    test('Stripe’s twin keeps what it has answered, and makes nothing twice', async () => {
        const stripe = new Stripe('sk_test_turnpikeCrash', {
            host: '127.0.0.1', port: sandbox.port, protocol: 'http', maxNetworkRetries: 0,
        });
        await stripe.webhookEndpoints.create({url: listener.url, enabled_events: ['*']});
        const product = await stripe.products.create({name: 'Plan'});
        const price = await stripe.prices.create({
            product: product.id, currency: 'usd', unit_amount: 1500, recurring: {interval: 'month'},
        });
        const journal = [];
        const request = (kind, params) => {
            const tag = `${kind}-${journal.length}`;
            const send = () => stripe[kind].create({...params, metadata: {tag}},
                                                   {idempotencyKey: `key-${tag}`});
            return {kind, tag, send};
        };
        const customer = () => request('customers', {
            email: 'ada@example.com', payment_method: 'pm_card_visa',
            invoice_settings: {default_payment_method: 'pm_card_visa'},
        });
        /// A subscription for a customer that has none, or one customer more.
        const subscribed = new Set();
        const any = () => {
            const free = journal.find(({kind, answer}) =>
                kind === 'customers' && answer && !subscribed.has(answer.id));
            if (!free) return customer();
            subscribed.add(free.answer.id);
            return request('subscriptions',
                           {customer: free.answer.id, items: [{price: price.id}]});
        };

        for (let round = 0; round < rounds; ++round) {
            await sandbox.interrupted(() => ask(journal, any), 100 + next() * 700);
            for (const unanswered of journal.filter(({answer}) => !answer))
                unanswered.answer = await unanswered.send();
        }
        for (const kind of ['customers', 'subscriptions']) {
            const made = await stripe[kind].list({limit: 100}).autoPagingToArray({limit: 10000});
            const asked = journal.filter((request) => request.kind === kind);
            assert.ok(asked.length >= rounds, `${asked.length} ${kind} were asked for`);
            assert.deepEqual(made.map(({id, metadata}) => [metadata.tag, id]).sort(),
                             asked.map(({tag, answer}) => [tag, answer.id]).sort());
        }
        // One charge for each subscription, whatever was repeated.
        const charges = await stripe.charges.list({limit: 100}).autoPagingToArray({limit: 10000});
        assert.equal(charges.length, journal.filter(({kind}) => kind === 'subscriptions').length);

        const events = await stripe.events.list({limit: 100}).autoPagingToArray({limit: 10000});
        const heard = () => new Set(listener.deliveries.map(({body}) => JSON.parse(body).id));
        const listens = events.filter(({type}) => !/^(product|price|plan)\./.test(type));
        await eventually(`${listens.length} events to arrive`, () => {
            const ids = heard();
            return listens.every(({id}) => ids.has(id));
        }, 120);
        const undelivered = async () =>
            (await stripe.events.list({delivery_success: false, limit: 1})).data.length;
        await eventually('every delivery to be written down', async () => !(await undelivered()));
    });

    test('Razorpay’s twin keeps what it has answered, and tells of it', async () => {
        const razorpay = new Razorpay({key_id: 'rzp_test_crash', key_secret: 'crashSecret'});
        razorpay.api.rq.defaults.baseURL = `http://127.0.0.1:${sandbox.razorpayPort}`;
        const told = await startListener();
        await razorpay.webhooks.create({
            url: told.url, secret: 'a secret', events: ['subscription.activated'],
        });
        const plan = await razorpay.plans.create({
            period: 'monthly', interval: 1, item: {name: 'Gold', amount: 49900, currency: 'INR'},
        });
        /// A subscription, and what its customer does on the page.
        const authorised = async () => {
            const made = await razorpay.subscriptions.create({plan_id: plan.id, total_count: 12});
            const page = await fetch(made.short_url, {
                method: 'POST', body: new URLSearchParams({action: 'authorise'}),
                redirect: 'manual',
            });
            assert.equal(page.status, 303);
            return made;
        };
        const journal = [];
        for (let round = 0; round < Math.ceil(rounds / 2); ++round)
            await sandbox.interrupted(() => ask(journal, () => ({send: authorised})),
                                      100 + next() * 500);
        const acknowledged = journal.filter(({answer}) => answer).map(({answer}) => answer.id);
        assert.ok(acknowledged.length >= rounds / 2, `${acknowledged.length} were acknowledged`);
        for (const id of acknowledged)
            assert.equal((await razorpay.subscriptions.fetch(id)).status, 'active');
        await eventually(`${acknowledged.length} webhooks to arrive`, () => {
            const heard = new Set(told.deliveries.map(({body}) =>
                JSON.parse(body).payload.subscription.entity.id));
            return acknowledged.every((id) => heard.has(id));
        }, 120);
        await told.close();
    });
});
