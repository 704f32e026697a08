// A seller with a sandbox, and a web shop that customers come back to.
import assert from 'node:assert/strict';
import {once} from 'node:events';
import {createServer} from 'node:http';
import {removeFolders} from '../lib/process.mjs';
import {call, startSandbox} from '../lib/sandbox.mjs';

/// The shop's own pages: all alike, but for /onward?to=ADDRESS, which redirects there.
async function startWebsite() {
    const server = createServer((request, response) => {
        const {pathname, searchParams} = new URL(request.url, 'http://shop');
        if (pathname === '/onward') {
            response.writeHead(302, {location: searchParams.get('to')});
            response.end();
            return;
        }
        response.writeHead(200, {
            'content-type': 'text/html',
            'content-security-policy': "default-src 'none'",
        });
        response.end('<!doctype html><html lang="en"><title>Shop</title><h1>The shop</h1></html>');
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return {server, url: `http://127.0.0.1:${server.address().port}`};
}

export class Shop {
    static async open() {
        const shop = new Shop();
        shop.sandbox = await startSandbox();
        shop.website = await startWebsite();
        shop.url = shop.website.url;
        return shop;
    }
    async close() {
        this.website.server.closeAllConnections?.();
        this.website.server.close();
        await this.sandbox.program.stop();
        await removeFolders();
    }

    async post(path, params) {
        const answer = await call(this.sandbox, 'POST', path, params);
        assert.equal(answer.status, 200, `${path}: ${JSON.stringify(answer.body)}`);
        return answer.body;
    }
    async get(path, params) {
        return (await call(this.sandbox, 'GET', path, params)).body;
    }

    /// `card` names one of Stripe's test cards; null: none on file.
    async customer(card = 'pm_card_visa', more = {}) {
        const made = await this.post('/v1/customers', {
            name: 'Ada Lovelace',
            email: 'ada@example.com',
            ...more,
        });
        if (!card) return made;
        const method = await this.post(`/v1/payment_methods/${card}/attach`, {customer: made.id});
        return this.post(`/v1/customers/${made.id}`, {
            invoice_settings: {default_payment_method: method.id},
        });
    }
    /// `recurring` null: paid once.
    async price(name, unit_amount, recurring = {interval: 'month'}) {
        return this.post('/v1/prices', {
            currency: 'usd',
            unit_amount,
            recurring: recurring ?? undefined,
            product_data: {name},
        });
    }
    async subscription(customer, price, more = {}) {
        return this.post('/v1/subscriptions', {
            customer: customer.id,
            items: [{price: price.id}],
            ...more,
        });
    }
    /// An open invoice of a new subscription.
    async openInvoice(customer, unit_amount = 9900) {
        const subscription = await this.subscription(
            customer, await this.price('Pro', unit_amount), {
                payment_behavior: 'default_incomplete',
                expand: ['latest_invoice'],
            });
        return subscription.latest_invoice;
    }
    async portal(customer, more = {}) {
        return this.post('/v1/billing_portal/sessions', {
            customer: customer.id,
            return_url: `${this.url}/account`,
            ...more,
        });
    }
}
