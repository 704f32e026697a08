// One chromium for a test file, and visitors who notice what a page must not do.
import assert from 'node:assert/strict';
import {after, before} from 'node:test';
import {chromium} from 'playwright-core';
import {accessibilityComplaints} from './accessibility.mjs';
import {Shop} from './shop.mjs';

/// {shop, browser} for the tests of a file; `prepare(shop)` fills the shop before the first.
export function setTheStage(prepare = async () => {}) {
    const stage = {};
    before(async () => {
        stage.shop = await Shop.open();
        await prepare(stage.shop);
        stage.browser = await chromium.launch({
            executablePath: '/usr/bin/chromium',
            // chromium's own sandbox refuses to work for root, who runs tests in containers.
            chromiumSandbox: process.getuid() !== 0,
        });
    });
    after(async () => {
        await stage.browser?.close();
        await stage.shop?.close();
    });
    return stage;
}

/// Milliseconds: a machine that builds meanwhile takes its time.
const patience = 120_000;

/// A person with a browser profile of their own. Whatever the pages complain about or ask other
/// origins for is kept, and makes leave() fail.
export class Visitor {
    #problems = [];

    static async arrive({shop, browser}) {
        const visitor = new Visitor();
        visitor.context = await browser.newContext();
        visitor.page = await visitor.context.newPage();
        visitor.page.setDefaultTimeout(patience);
        visitor.#watch([shop.sandbox.url, shop.url]);
        return visitor;
    }

    #watch(origins) {
        this.page.on('console', (message) => {
            if (['error', 'warning'].includes(message.type()))
                this.#problems.push(`console: ${message.text()}`);
        });
        this.page.on('pageerror', (error) => this.#problems.push(`script: ${error.message}`));
        this.page.on('request', (request) => {
            if (!origins.includes(new URL(request.url()).origin))
                this.#problems.push(`asked elsewhere: ${request.url()}`);
            if (request.resourceType() !== 'document')
                this.#problems.push(`loads a ${request.resourceType()}: ${request.url()}`);
        });
        this.page.on('requestfailed', (request) =>
            this.#problems.push(`failed: ${request.url()}: ${request.failure()?.errorText}`));
    }

    /// Opens an address and looks at the page as everybody must be able to use it.
    async open(url) {
        const response = await this.page.goto(url);
        assert.equal(response.status(), 200, url);
        await this.check();
    }

    /// What the page in view lacks for those who use a keyboard, a reader or a small screen.
    async check() {
        assert.deepEqual(await accessibilityComplaints(this.page), [], this.page.url());
    }

    button(name) {
        return this.page.getByRole('button', {name, exact: true});
    }
    link(name) {
        return this.page.getByRole('link', {name});
    }
    field(name) {
        return this.page.getByLabel(name);
    }
    /// What the page says came of the last action.
    status() {
        return this.page.getByRole('status').innerText();
    }
    title() {
        return this.page.getByRole('heading', {level: 1}).innerText();
    }
    /// Every piece of text below `selector`, one per element.
    texts(selector) {
        return this.page.locator(selector).allInnerTexts();
    }

    async leave() {
        await this.context.close();
        assert.deepEqual(this.#problems, []);
    }
}
