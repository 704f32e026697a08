// How heavy and how quick the pages are: printed, never judged, for the machine may be busy.
import {test} from 'node:test';
import {setTheStage, Visitor} from './browser.mjs';

const stage = setTheStage();

/// Runs in the page: bytes of its document, milliseconds to its first byte and until it is loaded.
function timingInPage() {
    const {decodedBodySize, requestStart, responseStart, loadEventEnd} =
        performance.getEntriesByType('navigation')[0];
    return {
        bytes: decodedBodySize,
        firstByte: responseStart - requestStart,
        loaded: loadEventEnd,
    };
}

test('the weight and the time of each page', async (context) => {
    const {shop} = stage;
    const customer = await shop.customer();
    const invoice = await shop.openInvoice(customer);
    const visitor = await Visitor.arrive(stage);
    for (const [name, url] of Object.entries({
        'invoice': invoice.hosted_invoice_url,
        'portal': (await shop.portal(customer)).url,
        'inspector': `${shop.sandbox.url}/inspect/find?id=${customer.id}`,
    })) {
        await visitor.page.goto(url);
        const {bytes, firstByte, loaded} = await visitor.page.evaluate(timingInPage);
        context.diagnostic(`${name}: ${bytes} bytes, first byte after ${firstByte.toFixed(1)} ms, ` +
            `loaded after ${loaded.toFixed(1)} ms`);
    }
    await visitor.leave();
});
