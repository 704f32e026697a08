// What WCAG 2.2 AA asks of a plain page and a program can see. Each rule returns complaints.

/// Runs in the page: names, structure, sizes and colours as they are now.
function complaintsInPage({theme}) {
    const complaints = [];
    const complain = (what, element) =>
        complaints.push(element ? `${what}: ${element.outerHTML.slice(0, 120)}` : what);
    const all = (selector) => [...document.querySelectorAll(selector)];
    const isShown = (element) => element.checkVisibility({visibilityProperty: true});

    function structure() {
        if (!document.documentElement.lang) complain('no language');
        if (!document.title.trim()) complain('no title');
        if (!document.querySelector('main')) complain('no main landmark');
        const headings = all('h1,h2,h3,h4').map((heading) => Number(heading.tagName[1]));
        if (headings.filter((level) => level === 1).length !== 1) complain('not one h1');
        headings.forEach((level, i) => {
            if (i > 0 && level > headings[i - 1] + 1) complain(`h${level} after h${headings[i - 1]}`);
        });
        const ids = all('[id]').map((element) => element.id);
        for (const id of ids.filter((id, i) => ids.indexOf(id) !== i)) complain(`two of #${id}`);
        for (const cell of all('th')) if (!cell.scope) complain('header without scope', cell);
        for (const image of all('img')) if (!image.hasAttribute('alt')) complain('no alt', image);
        const sandbox = all('[role=note]').some((note) => /sandbox/i.test(note.innerText));
        if (!sandbox) complain('nothing says that this is a sandbox');
    }

    function controls() {
        for (const field of all('input:not([type=hidden]),select,textarea'))
            if (!field.labels?.length && !field.ariaLabel) complain('no label', field);
        for (const button of all('button,a[href]')) {
            if (!(button.innerText.trim() || button.ariaLabel)) complain('no name', button);
            const {width, height} = button.getBoundingClientRect();
            const inText = button.tagName === 'A';
            if (isShown(button) && !inText && (width < 24 || height < 24)) complain('small', button);
        }
    }

    // Colours: WCAG's relative luminance and contrast ratio, over what lies behind the element.
    const {colorScheme} = getComputedStyle(document.documentElement);
    const canvas = theme === 'dark' && /dark/.test(colorScheme) ? [18, 18, 18] : [255, 255, 255];
    const parse = (text) => text.match(/[\d.]+/g).map(Number);
    const over = ([r, g, b, a = 1], back) => [r, g, b].map((c, i) => c * a + back[i] * (1 - a));
    function behind(element) {
        if (!element) return canvas;
        const colour = parse(getComputedStyle(element).backgroundColor);
        return colour[3] === 0 ? behind(element.parentElement)
                               : over(colour, behind(element.parentElement));
    }
    function luminance(rgb) {
        const [r, g, b] = rgb.map((c) => c / 255)
            .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    }
    function contrast(one, other) {
        const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b);
        return (high + 0.05) / (low + 0.05);
    }
    function needs(ratio, colour, back, what, element) {
        const found = contrast(over(parse(colour), back), back);
        if (found < ratio) complain(`${theme}: ${what} has a contrast of ${found.toFixed(2)}`, element);
    }
    function colours() {
        const ownText = (element) => [...element.childNodes].some(
            (node) => node.nodeType === Node.TEXT_NODE && node.textContent.trim());
        for (const element of all('body *')) {
            if (!isShown(element)) continue;
            const style = getComputedStyle(element);
            const isField = element.matches('input:not([type=hidden]),select,textarea');
            if (!isField && !ownText(element)) continue;
            const size = parseFloat(style.fontSize);
            const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
            needs(large ? 3 : 4.5, style.color, behind(element), 'text', element);
            if (isField) needs(3, style.borderTopColor, behind(element.parentElement), 'edge', element);
        }
    }

    structure();
    controls();
    colours();
    return complaints;
}

/// Runs in the page: from here on keeps, in window.visited, whatever gets the focus without showing it.
function watchFocusInPage() {
    document.activeElement?.blur();
    const visited = {count: 0, unseen: []};
    const look = ({target}) => {
        const {outlineStyle, outlineWidth} = getComputedStyle(target);
        visited.count += 1;
        if (outlineStyle === 'none' || parseFloat(outlineWidth) < 2)
            visited.unseen.push(target.outerHTML.slice(0, 120));
    };
    document.addEventListener('focusin', look);
    window.visited = () => {
        document.removeEventListener('focusin', look);
        document.activeElement?.blur();
        return visited;
    };
}

/// Walks through the page with Tab: everything that can be used is reached, and is seen to be.
async function keyboardComplaints(page) {
    // Of radio buttons Tab stops at the chosen one; the arrows go on from there.
    const expected = await page.locator(
        'a[href]:visible,button:visible,summary:visible,select:visible,textarea:visible,' +
        'input:not([type=hidden]):not([type=radio]:not(:checked)):visible').count();
    await page.evaluate(watchFocusInPage);
    for (let i = 0; i < expected; ++i) await page.keyboard.press('Tab');
    const {count, unseen} = await page.evaluate(() => window.visited());
    return [
        ...unseen.map((html) => `no visible focus: ${html}`),
        ...(count === expected ? [] : [`Tab reaches ${count} of ${expected}`]),
    ];
}

async function narrowComplaints(page) {
    const usual = page.viewportSize();
    await page.setViewportSize({width: 320, height: 640});
    const width = await page.evaluate(() => document.documentElement.scrollWidth);
    await page.setViewportSize(usual);
    return width > 320 ? [`at 320 pixels it is ${width} wide`] : [];
}

/// Runs in the page: what kinds of elements it is made of.
function anatomyInPage() {
    const kinds = [...document.querySelectorAll('*')].map(
        (element) => `${element.tagName}.${element.className}.${element.type ?? ''}`);
    return [...new Set(kinds)].sort().join(' ');
}
const examined = new Set();

/// The walk with Tab and the narrow window are slow: a page made of the same kinds of elements as one
/// before is spared them.
export async function accessibilityComplaints(page) {
    const complaints = [];
    for (const theme of ['dark', 'light']) {
        await page.emulateMedia({colorScheme: theme});
        complaints.push(...await page.evaluate(complaintsInPage, {theme}));
    }
    const anatomy = await page.evaluate(anatomyInPage);
    if (!examined.has(anatomy)) {
        examined.add(anatomy);
        complaints.push(...await keyboardComplaints(page), ...await narrowComplaints(page));
    }
    return [...new Set(complaints)];
}
