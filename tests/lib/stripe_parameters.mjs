// The names of the parameters that Stripe's operations take, by the types of npm `stripe`: for the
// operations that the sandbox has. `node tests/lib/stripe_parameters.mjs` writes them to
// src/sandbox/stripe/wire/stripe_parameters.txt, of which every line is
//     POST /v1/customers address(city country ...) ... currency_options(*(tax_behavior))
// with the parameters inside an object or a list of them in brackets, and * for a name of the caller's. The
// operations that the sandbox does not have go to stripe_operations.txt, beside it.
import {readFileSync, readdirSync, writeFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import {fileURLToPath, pathToFileURL} from 'node:url';

const path = (name) => fileURLToPath(new URL(`../../${name}`, import.meta.url));
const require = createRequire(path('tests/clients/package.json'));
const ts = require('typescript');
const stripe = path('tests/clients/node_modules/stripe');

const folder = path('src/sandbox/stripe/wire');

/// No reader of the sandbox's goes deeper.
const depthMax = 5;

const plain = (pattern) => pattern.replaceAll(/\{[^}]*\}/g, '{}');

function files(folder, suffix) {
    return readdirSync(folder, {recursive: true}).filter((name) => name.endsWith(suffix)).sort()
        .map((name) => `${folder}/${name}`);
}

/// 'GET /v1/customers/{}' of every row of the sandbox's route tables.
function sandboxRoutes() {
    const row = /\{\s*"(GET|POST|DELETE)",\s*"(\/v[12]\/[^"]*)",/g;
    const sources = files(path('src/sandbox/stripe'), '.cc').map((name) => readFileSync(name, 'utf8'));
    return new Set(sources.flatMap((text) => [...text.matchAll(row)])
        .map(([, method, pattern]) => `${method} ${plain(pattern)}`));
}

/// {resource: {method: 'POST /v1/customers'}} of the library.
function sdkOperations() {
    const operations = {};
    const method = /(\w+): stripeMethod\(\{\s*method: '(\w+)',\s*fullPath: '([^']+)'/g;
    for (const name of files(`${stripe}/esm/resources`, '.js')) {
        const resource = name.slice(`${stripe}/esm/resources/`.length, -'.js'.length);
        for (const [, called, verb, pattern] of readFileSync(name, 'utf8').matchAll(method))
            (operations[resource] ??= {})[called] = `${verb} ${plain(pattern)}`;
    }
    return operations;
}

/// Union members, without what is no object; of an array its elements.
function objectsIn(checker, type) {
    if (type.isUnion()) return type.types.flatMap((part) => objectsIn(checker, part));
    if (checker.isArrayType(type)) return objectsIn(checker, checker.getTypeArguments(type)[0]);
    return type.flags & ts.TypeFlags.Object ? [type] : [];
}

function namesOf(checker, types, depth) {
    const inner = new Map();
    for (const type of types) {
        const index = checker.getIndexInfoOfType(type, ts.IndexKind.String);
        const members = checker.getPropertiesOfType(type).map((symbol) =>
            [symbol.name, checker.getTypeOfSymbol(symbol)]);
        if (index) members.push(['*', index.type]);
        for (const [name, value] of members)
            inner.set(name, [...(inner.get(name) ?? []), ...objectsIn(checker, value)]);
    }
    return [...inner].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, values]) => {
        const names = values.length > 0 && depth < depthMax ? namesOf(checker, values, depth + 1) : '';
        return names ? `${name}(${names})` : name;
    }).join(' ');
}

function missingOperations(routes, operations) {
    const all = Object.values(operations).flatMap((methods) => Object.values(methods));
    return [...new Set(all)].filter((operation) => !routes.has(operation)).sort()
        .map((operation) => `${operation}\n`).join('');
}

/// {path of a file: its text}
export function stripeTables() {
    const routes = sandboxRoutes();
    const operations = sdkOperations();
    return {
        [`${folder}/stripe_operations.txt`]: missingOperations(routes, operations),
        [`${folder}/stripe_parameters.txt`]: stripeParameters(routes, operations),
    };
}

function stripeParameters(routes, operations) {
    const sources = files(`${stripe}/types`, 'Resource.d.ts');
    const program = ts.createProgram([`${stripe}/types/index.d.ts`],
                                     {strict: true, skipLibCheck: true, types: []});
    const checker = program.getTypeChecker();
    const lines = new Map();
    for (const name of sources) {
        const resource = name.slice(`${stripe}/types/`.length, -'Resource.d.ts'.length);
        const visit = (node) => {
            if (!ts.isMethodDeclaration(node)) return ts.forEachChild(node, visit);
            const operation = operations[resource]?.[node.name.text];
            const params = node.parameters.find((one) => one.name.text === 'params');
            if (!routes.has(operation) || !params?.type) return undefined;
            const types = objectsIn(checker, checker.getTypeFromTypeNode(params.type));
            const names = namesOf(checker, types, 1);
            if ((lines.get(operation)?.length ?? 0) < names.length) lines.set(operation, names);
            return undefined;
        };
        ts.forEachChild(program.getSourceFile(name), visit);
    }
    return [...lines].sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([operation, names]) => `${operation} ${names}\n`).join('');
}

if (import.meta.url === pathToFileURL(process.argv[1]).href)
    for (const [file, text] of Object.entries(stripeTables())) writeFileSync(file, text);
