// One chromium for a test file, and visitors who notice what a page must not do.
import assert from 'node:assert/strict';
import {after, before} from 'node:test';
import {chromium} from 'playwright-core';
import {accessibilityComplaints} from './accessibility.mjs';
import {Shop} from './shop.mjs';

/// Milliseconds: a machine that builds meanwhile takes its time.
const patience = 120_000;

/// What `work` answers; after `ms` without an answer an error that says what hung. The driver sets no
/// limit of its own to opening and closing pages, and a chromium that is ill answers never.
async function within(ms, what, work) {
    let timer;
    const late = new Promise((_, refuse) => {
        timer = setTimeout(() => refuse(new Error(`${what}: nothing after ${ms / 1000} s`)), ms);
    });
    try {
        return await Promise.race([work, late]);
    } finally {
        clearTimeout(timer);
    }
}

/// A chromium of its own process group, ended by SIGKILL: nothing in it is worth a farewell, and one
/// that hangs while it closes would hold up the tests for good.
class Chromium {
    static async start() {
        const started = new Chromium();
        started.server = await chromium.launchServer({
            executablePath: '/usr/bin/chromium',
            // chromium's own sandbox refuses to work for root, who runs tests in containers.
            chromiumSandbox: process.getuid() !== 0,
            timeout: patience,
        });
        started.connection = await chromium.connect(started.server.wsEndpoint(), {timeout: patience});
        return started;
    }

    /// A browser profile of its own with one page.
    async profile() {
        const context = await this.connection.newContext();
        return {context, page: await context.newPage()};
    }

    async end() {
        await within(patience, 'chromium is killed', this.server.kill());
    }
}

/// {shop, chromium} for the tests of a file; `prepare(shop)` fills the shop before the first.
export function setTheStage(prepare = async () => {}) {
    const stage = {};
    before(async () => {
        stage.shop = await Shop.open();
        await prepare(stage.shop);
        stage.chromium = await Chromium.start();
    });
    after(async () => {
        await stage.chromium?.end();
        await stage.shop?.close();
    });
    return stage;
}

/// A person with a browser profile of their own. Whatever the pages complain about or ask other
/// origins for is kept, and makes leave() fail.
export class Visitor {
    #problems = [];

    /// `elsewhere`: origins beside the sandbox's and the shop's that the visit may lead to.
    static async arrive({shop, chromium}, elsewhere = []) {
        const visitor = new Visitor();
        Object.assign(visitor, await within(patience, 'a page is opened', chromium.profile()));
        visitor.page.setDefaultTimeout(patience);
        visitor.#watch([shop.sandbox.url, shop.url, ...elsewhere]);
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
        const complaints = accessibilityComplaints(this.page);
        assert.deepEqual(await within(patience, 'the page is looked at', complaints), [],
                         this.page.url());
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
        await within(patience, 'the pages are closed', this.context.close());
        assert.deepEqual(this.#problems, []);
    }
}
