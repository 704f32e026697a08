// What passes between a client and Razorpay's API, held against the types of npm `razorpay`
// (tests/clients/schemas/razorpay.ts). Making the schemas takes a second.
import {createRequire} from 'node:module';
import {fileURLToPath} from 'node:url';

import {decodeForm, requestKind} from './stripe_schemas.mjs';

const path = (name) => fileURLToPath(new URL(`../../${name}`, import.meta.url));
const require = createRequire(path('tests/clients/package.json'));
const Ajv = require('ajv').default;

const ofItems = 'the type is that of an item of its own; lines of invoices have none in the samples';
const ofRequests = 'the type extends that of the request, which no sample of an answer shows';

/// Where the samples in Razorpay's documentation and its library's types disagree: the samples are
/// followed. So is null for what is not known, and an empty list for no notes, wherever they stand.
export const looselyTyped = {
    'invoice/line_items/*: lacks active': ofItems,
    'invoice/line_items/*: lacks created_at': ofItems,
    'invoice/line_items/*: lacks tax_group_id': ofItems,
    'invoice/line_items/*: lacks tax_id': ofItems,
    'invoice/line_items/*: lacks updated_at': ofItems,
    'invoice: has subscription_id': 'of a subscription\'s invoice',
    'order: lacks description': ofRequests,
    'order: lacks token': ofRequests,
    'payment/card/sub_type: must be equal to one of the allowed values': 'the types misspell "consumer"',
    'payment/card: lacks cvv': ofRequests,
    'payment/card: lacks expiry_month': ofRequests,
    'payment/card: lacks expiry_year': ofRequests,
    'payment/card: lacks flows': ofRequests,
    'payment/card: lacks number': ofRequests,
    'payment: lacks offers': 'of payments with offers',
    'payment: lacks token_id': 'of payments with saved cards',
    'subscription/remaining_count: must be string': 'a number in the samples',
    'subscription/status: must be equal to one of the allowed values': 'the types lack "paused"',
    'subscription: has pause_initiated_by': 'of a paused subscription',
    'subscription: has paused_at': 'of a paused subscription',
    'webhook/active: must be string': 'true or false in the samples',
    'webhook/service: must be boolean': 'the name of a service in the samples',
};

const at = (value, pointer) =>
    pointer.split('/').slice(1).reduce((inner, step) => inner[step], value);

const isObject = (value) => value !== null && typeof value === 'object' && !Array.isArray(value);

export class RazorpaySchemas {
    constructor() {
        const {createGenerator} = require('ts-json-schema-generator');
        const document = createGenerator({
            path: path('tests/clients/schemas/razorpay.ts'),
            tsconfig: path('tests/clients/schemas/tsconfig.json'),
            jsDoc: 'none',
        }).createSchema('*');
        this.definitions = document.definitions;
        const options = {strict: false, allErrors: true, validateFormats: false, code: {optimize: false}};
        this.bodies = new Ajv(options).addSchema(document, 'razorpay');
        // In a query every value is text.
        this.queries = new Ajv({...options, coerceTypes: true}).addSchema(document, 'razorpay');
    }

    check(ajv, definition, member, value) {
        const name = encodeURI(member.replaceAll('~', '~0').replaceAll('/', '~1'));
        const validate = ajv.getSchema(`razorpay#/definitions/${definition}/properties/${name}`);
        if (validate(value)) return [];
        const samples = ({keyword, instancePath}) => {
            const found = at(value, instancePath);
            return keyword === 'anyOf' || found === null ||
                (instancePath.endsWith('/notes') && Array.isArray(found) && found.length === 0);
        };
        return validate.errors.filter((error) => !samples(error)).map((error) => {
            const way = error.instancePath.replaceAll(/\/\d+/g, '/*');
            const {missingProperty, additionalProperty} = error.params;
            if (missingProperty) return `${member}${way}: lacks ${missingProperty}`;
            if (additionalProperty) return `${member}${way}: has ${additionalProperty}`;
            return `${member}${way}: ${error.message}`;
        });
    }

    /// Of an answer: an entity, or a collection of them. Errors and what has no `entity` are not
    /// among the library's types.
    answer(value) {
        if (!isObject(value) || value.entity === undefined) return [];
        if (value.entity === 'collection') return value.items.flatMap((item) => this.answer(item));
        if (this.definitions.Entities.properties[value.entity] === undefined)
            return [`${value.entity}: is no entity of the types`];
        return this.check(this.bodies, 'Entities', value.entity, value);
    }

    /// The rows of `Requests`, e.g. 'GET /v1/plans/{id}'.
    get requestKinds() { return Object.keys(this.definitions.Requests.properties); }

    /// What is wrong with an exchange's request: its body, or its query.
    request({method, url, body}) {
        const kind = requestKind(this.requestKinds, {method, url});
        if (!kind) return [`${method} ${url}: is no request of the types`];
        if (method === 'GET')
            return this.check(this.queries, 'Requests', kind, decodeForm(new URL(url, 'http://razorpay').search));
        return this.check(this.bodies, 'Requests', kind, body === '' ? {} : JSON.parse(body));
    }
}
