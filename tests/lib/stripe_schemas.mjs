// What passes between a client and Stripe's API, held against the types of npm `stripe`: schemas made
// of tests/clients/schemas/root.ts, once per version of what is installed, in build/.
import {createHash} from 'node:crypto';
import {mkdirSync, readFileSync, renameSync, writeFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import {fileURLToPath} from 'node:url';

const path = (name) => fileURLToPath(new URL(`../../${name}`, import.meta.url));
const require = createRequire(path('tests/clients/package.json'));
const Ajv = require('ajv').default;

function makeSchemas() {
    const {createGenerator} = require('ts-json-schema-generator');
    return JSON.stringify(createGenerator({
        path: path('tests/clients/schemas/root.ts'),
        tsconfig: path('tests/clients/schemas/tsconfig.json'),
        jsDoc: 'none',
    }).createSchema('*'));
}

/// The schemas as JSON text; the first one to ask makes them, which takes ten seconds of processor.
function readSchemas() {
    const hash = createHash('sha256');
    for (const name of ['package-lock.json', 'schemas/root.ts', 'schemas/tsconfig.json'])
        hash.update(readFileSync(path(`tests/clients/${name}`)));
    const file = path(`build/stripe-schemas/${hash.digest('hex').slice(0, 16)}.json`);
    try {
        return readFileSync(file);
    } catch (error) {
        if (error.code !== 'ENOENT') throw error;
    }
    const schemas = makeSchemas();
    mkdirSync(path('build/stripe-schemas'), {recursive: true});
    const unfinished = `${file}.${process.pid}`;
    writeFileSync(unfinished, schemas);
    renameSync(unfinished, file);
    return schemas;
}

/// Members that Stripe sends and its types omit, by the object that has them, and the recording in
/// tests/golden/stripe that shows each.
export const untyped = {
    charge: {destination: 'shapes.json', dispute: 'shapes.json', order: 'shapes.json'},
    error: {
        advice_code: 'error_declined_2025-10-29.clover.json',
        doc_url: 'error_declined_2025-10-29.clover.json',
        network_decline_code: 'error_declined_2025-10-29.clover.json',
        request_log_url: 'error_declined_2025-10-29.clover.json',
    },
    list: {total_count: 'subscription_2025-10-29.clover.json'},
    subscription: {
        plan: 'subscription_2025-10-29.clover.json',
        quantity: 'subscription_2025-10-29.clover.json',
    },
};

const isObject = (value) => value !== null && typeof value === 'object' && !Array.isArray(value);

/// The value without the members of `untyped`, at any depth.
function typed(value, name = value?.object) {
    if (Array.isArray(value)) return value.map((entry) => typed(entry));
    if (!isObject(value)) return value;
    return Object.fromEntries(Object.entries(value).filter(([member]) => !untyped[name]?.[member])
        .map(([member, inner]) => [member, typed(inner, member === 'error' ? 'error' : inner?.object)]));
}

function problem({keyword, params, message}) {
    if (keyword === 'required') return `lacks ${params.missingProperty}`;
    if (keyword === 'additionalProperties') return `has ${params.additionalProperty}`;
    if (keyword === 'enum') return `must be one of ${params.allowedValues.join(', ')}`;
    if (keyword === 'const') return `must be ${params.allowedValue}`;
    return message;
}

/// What is at a JSON pointer, and the way there.
function follow(value, pointer) {
    const steps = pointer.split('/').slice(1).map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
    return steps.reduce((way, step) => [...way, {step, value: way.at(-1).value[step]}], [{step: '', value}]);
}

/// "subscription/items: lacks url": the innermost object that has a name, and the way on from it.
function complaint(root, error, top) {
    const way = follow(root, error.instancePath);
    const named = way.findLastIndex(({value}) => isObject(value) && typeof value.object === 'string' &&
                                                 value.object !== 'list');
    const name = named < 0 ? top : way[named].value.object;
    const steps = way.slice(Math.max(named, 0) + 1).map(({step}) => (/^\d+$/.test(step) ? '*' : step));
    return `${[name, ...steps].join('/')}: ${problem(error)}`;
}

export class StripeSchemas {
    constructor() {
        const document = JSON.parse(readSchemas());
        this.definitions = document.definitions;
        // Optimizing its code costs Ajv more than these few answers gain by it.
        const options = {strict: false, allErrors: true, validateFormats: false,
                         code: {optimize: false}};
        this.answers = new Ajv(options).addSchema(document, 'stripe');
        // What arrives as a form is text until its type is known.
        this.requests = new Ajv({...options, coerceTypes: true}).addSchema(document, 'stripe');
    }

    check(ajv, definition, member, value, top) {
        const at = member ? `/properties/${member.replaceAll('~', '~0').replaceAll('/', '~1')}` : '';
        const validate = ajv.getSchema(`stripe#/definitions/${definition}${encodeURI(at)}`);
        return validate(value) ? [] : this.explain(value, validate.errors, top);
    }

    /// Of a member that fits none of several types: an object that says what it is is held against that
    /// one, any other against those of its kind.
    explain(root, errors, top) {
        const below = (path) => ({instancePath}) => instancePath === path || instancePath.startsWith(`${path}/`);
        const choices = errors.filter(({keyword}) => keyword === 'anyOf').map(({instancePath}) => instancePath);
        const outermost = [...new Set(choices)].filter((path) =>
            !choices.some((other) => other !== path && below(other)({instancePath: path})));
        const found = errors.filter((error) => !outermost.some((path) => below(path)(error)))
            .map((error) => complaint(root, error, top));
        for (const path of outermost) {
            const value = follow(root, path).at(-1).value;
            const own = isObject(value) && value !== root && this.known(value) ? this.complaints(value) : [];
            const inside = errors.filter(below(path)).filter((error) =>
                error.instancePath !== path || !['anyOf', 'type', 'const', 'enum'].includes(error.keyword));
            if (own.length > 0) found.push(...own);
            else if (inside.length > 0) found.push(...this.explain(root, inside, top));
            else found.push(complaint(root, errors.find(({instancePath}) => instancePath === path), top));
        }
        return found;
    }

    known({object, deleted}) {
        return this.definitions[deleted ? 'DeletedObjects' : 'Objects'].properties[object] !== undefined;
    }

    complaints(value) {
        const object = value.object ?? (value.next_page_url === undefined ? undefined : 'v2.list');
        const {deleted} = value;
        if (!this.known({object, deleted})) return [`${object}: is no object of the types`];
        const definition = deleted ? 'DeletedObjects' : 'Objects';
        const found = this.check(this.answers, definition, object, value, object);
        if (['list', 'search_result', 'v2.list'].includes(object))
            found.push(...value.data.flatMap((entry) => this.complaints(entry)));
        if (object === 'event') found.push(...this.complaints(value.data.object));
        return found;
    }

    /// What is wrong with an answer's parsed body by Stripe's types, each as one line without ids, so
    /// that the same mistake reads the same everywhere; [] when nothing is.
    answer(body) {
        const value = typed(body);
        return [...new Set(value.error ? this.check(this.answers, 'ErrorBody', '', value.error, 'error')
                                       : this.complaints(value))];
    }

    /// What is wrong with the answers of all these exchanges: {complaint: one request that met it}. Of
    /// Stripe's own pages (/v1/payment_pages) there are no types, and a stream answers nothing.
    differences(exchanges) {
        const found = {};
        const without = /^\/v1\/payment_pages|^\/v2\/billing\/meter_event_stream/;
        for (const {method, url, answer} of exchanges.filter(({url}) => !without.test(url)))
            for (const complaint of this.answer(JSON.parse(answer))) found[complaint] ??= `${method} ${url}`;
        return found;
    }

    /// The rows of `Requests` in root.ts, e.g. 'GET /v1/customers/{id}'.
    get requestKinds() { return Object.keys(this.definitions.Requests.properties); }

    /// Which of them this is; undefined when it is none.
    requestKind(exchange) { return requestKind(this.requestKinds, exchange); }

    /// As answer(), of an exchange's request: its form, or its query.
    request(exchange) {
        const {method, url, body} = exchange;
        const kind = this.requestKind(exchange);
        if (!kind) return [`${method} ${url}: is no request of the types`];
        const text = method === 'POST' ? body : new URL(url, 'http://stripe').search;
        return this.check(this.requests, 'Requests', kind, decodeForm(text), kind);
    }
}

/// Which of `kinds` ('GET /v1/customers/{id}') an exchange is; undefined when it is none.
export function requestKind(kinds, {method, url}) {
    const segments = `${method} ${new URL(url, 'http://provider').pathname}`.split('/');
    return kinds.find((kind) => {
        const parts = kind.split('/');
        return parts.length === segments.length &&
               parts.every((part, i) => part === segments[i] || part === '{id}');
    });
}

/// a[b][0]=c as {a: {b: ['c']}}; every value is text.
export function decodeForm(text) {
    const root = {};
    for (const [key, value] of new URLSearchParams(text)) {
        const steps = key.split('[').map((step) => step.replace(/\]$/, ''));
        let at = root;
        for (const step of steps.slice(0, -1)) at = at[step] ??= {};
        at[steps.at(-1) || Object.keys(at).length] = value;
    }
    return lists(root);
}

/// Objects whose members are named 0, 1, 2, ... as arrays.
function lists(value) {
    if (!isObject(value)) return value;
    const members = Object.entries(value).map(([name, member]) => [name, lists(member)]);
    const numbered = members.length > 0 && members.every(([name], i) => name === String(i));
    return numbered ? members.map(([, member]) => member) : Object.fromEntries(members);
}
