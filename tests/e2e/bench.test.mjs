// The benchmarks, small: that each does its work, checks what it says, and reports it. The figures
// mean nothing here.
import assert from 'node:assert/strict';
import {chmod, copyFile, readFile} from 'node:fs/promises';
import {after, test} from 'node:test';
import {binary, freshFolder, removeFolders, run} from '../lib/process.mjs';

after(removeFolders);

async function bench(...args) {
    const {code, output} = await run(binary, ['bench', ...args]);
    assert.equal(code, 0, output);
    return output;
}
const postgres = () => {
    assert.ok(process.env.TURNPIKE_TEST_POSTGRES, 'TURNPIKE_TEST_POSTGRES names a server');
    return process.env.TURNPIKE_TEST_POSTGRES;
};
/// The cells of the row that begins with `name`.
function row(output, name) {
    const line = output.split('\n').find((text) => text.startsWith(`| ${name}`));
    assert.ok(line, output);
    return line.split('|').slice(1, -1).map((cell) => cell.trim());
}
const milliseconds = (cell) => Number(/^(\d+\.\d\d) ms$/.exec(cell)[1]);

test('consume grants exactly what the limit leaves, beside PostgreSQL', async () => {
    const output = await bench('consume', '--seconds', '1', '--connections', '4',
                               '--postgres', postgres());
    const [, granted, left, denied] =
        /granted (\d+) of (\d+) units that were left; then (\d+) requests were denied/.exec(output);
    assert.equal(granted, left);
    assert.ok(Number(granted) > 0);
    // Ten of each connection, and those that were on their way.
    assert.ok(Number(denied) >= 40 && Number(denied) < 44, denied);
    const [, rate, ...times] = row(output, 'turnpike');
    assert.ok(Number(rate) > 0);
    assert.ok(milliseconds(times[0]) <= milliseconds(times[1]));
    assert.match(times[3], /^\d+\.\d\d us$/);
    assert.ok(Number(row(output, 'PostgreSQL')[1]) > 0);
    assert.match(output, /\nratio: \d+\.\d{3}\n$/);
});

test('a delay of each sync is one of each answer', async () => {
    const output = await bench('consume', '--seconds', '1', '--connections', '1',
                               '--sync-delay-ms', '20');
    assert.match(output, /; 20 ms added to each fdatasync of the server\n/);
    assert.ok(milliseconds(row(output, 'turnpike')[2]) >= 20, output);
    assert.match(output, /\nno reference: name a PostgreSQL server with --postgres URL\n$/);
});

test('ingest is delayed as well, and writes its report', async () => {
    const report = `${await freshFolder()}/report.md`;
    const output = await bench('ingest', '--seconds', '1', '--connections', '1', '--batch', '10',
                               '--customers', '5', '--sync-delay-ms', '20', '--report', report);
    assert.ok(milliseconds(row(output, 'turnpike')[2]) >= 20, output);
    assert.equal(await readFile(report, 'utf8'), output);
});

test('without the library beside the program there is no delay, and the bench says so', async () => {
    const alone = `${await freshFolder()}/turnpike`;
    await copyFile(binary, alone);
    await chmod(alone, 0o755);
    const {code, output} = await run(alone, ['bench', 'ingest', '--sync-delay-ms', '2']);
    assert.equal(code, 2, output);
    assert.match(output, /^turnpike: \S+libturnpike_slow_sync\.so: not there; [^\n]+\n$/);
});

test('restart finds every event again, after SIGTERM and after SIGKILL', async () => {
    const output = await bench('restart', '--events', '3000');
    assert.match(output, /; 3000 events of 1000 customers;/);
    for (const signal of ['SIGKILL', 'SIGTERM'])
        for (const cell of row(output, signal).slice(1)) assert.ok(milliseconds(cell) > 0, output);
    assert.match(output, /memory of a table of 3000 ids .* \d+\.\d{3} bytes for each/);
});

test('summary shows all events of 20 meters', async () => {
    const output = await bench('summary', '--events', '4000', '--seconds', '1');
    assert.match(output, /^GET \/v1\/usage of a customer with 20 meters and 4000 events/);
    const [line] = output.split('\n').filter((text) => /^\| \d/.test(text));
    assert.ok(Number(line.split('|')[1]) > 0, output);
});
