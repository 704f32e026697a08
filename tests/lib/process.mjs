// Starts the programs that a test needs and stops each of them by its process id.
import {spawn} from 'node:child_process';
import {createServer} from 'node:net';
import {mkdtemp, rm, writeFile} from 'node:fs/promises';
import {once} from 'node:events';
import {setTimeout as timeout} from 'node:timers/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';

export const binary = process.env.TURNPIKE_BINARY ?? 'build/release/turnpike';

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/// A port that nobody listened on a moment ago.
export async function freePort() {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const {port} = server.address();
    server.close();
    await once(server, 'close');
    return port;
}

const folders = new Set();
export async function freshFolder() {
    const folder = await mkdtemp(join(tmpdir(), 'turnpike-test-'));
    folders.add(folder);
    return folder;
}
/// A file in a fresh folder: its path.
export async function freshFile(name, text) {
    const path = join(await freshFolder(), name);
    await writeFile(path, text);
    return path;
}
export async function removeFolders() {
    for (const folder of folders) await rm(folder, {recursive: true, force: true});
    folders.clear();
}

const running = new Set();
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'])
    process.once(signal, () => {
        for (const child of running) child.kill('SIGKILL');
        process.exit(1);
    });
process.once('exit', () => {
    for (const child of running) child.kill('SIGKILL');
});

/// A started program with the end of what it wrote.
export class Program {
    constructor(command, args, env) {
        this.name = `${command} ${args.join(' ')}`;
        this.output = '';
        this.child = spawn(command, args, {
            env: {...process.env, ...env},
            stdio: ['ignore', 'pipe', 'pipe'],
        });
        running.add(this.child);
        const keep = (chunk) => {
            this.output = (this.output + chunk).slice(-20000);
        };
        this.child.stdout.on('data', keep);
        this.child.stderr.on('data', keep);
        this.read = once(this.child, 'close');  // all that it wrote is in `output`
        this.read.catch(() => {});
        this.ended = new Promise((resolve) => {
            this.child.on('error', (error) => {
                keep(String(error));
                resolve({code: null, signal: null});
            });
            this.child.on('exit', (code, signal) => resolve({code, signal}));
        }).then((result) => {
            running.delete(this.child);
            this.result = result;
            return result;
        });
    }

    /// Waits until `url` answers anything at all.
    async answering(url, seconds = 60) {
        const deadline = Date.now() + seconds * 1000;
        while (Date.now() < deadline) {
            if (this.result) break;
            try {
                await (await fetch(url)).arrayBuffer();
                return;
            } catch {
                await sleep(50);
            }
        }
        throw new Error(`${this.name} does not answer at ${url}\n${this.output}`);
    }

    /// Asks it to stop; it must end by itself, and well.
    async stop() {
        if (this.result) throw new Error(`${this.name} had ended already\n${this.output}`);
        this.child.kill('SIGTERM');
        let late = false;
        const patience = setTimeout(() => {
            late = true;
            this.child.kill('SIGKILL');
        }, 30000);
        const result = await this.ended;
        clearTimeout(patience);
        if (late) throw new Error(`${this.name} did not stop within 30 s\n${this.output}`);
        if (result.code !== 0)
            throw new Error(`${this.name} ended with ${JSON.stringify(result)}\n${this.output}`);
    }

    /// Ends it without a chance to tidy up, as a power cut would.
    async kill() {
        this.child.kill('SIGKILL');
        await this.ended;
    }
}

/// Runs a command to its end and answers with its exit code and output.
export async function run(command, args, env = {}) {
    const program = new Program(command, args, env);
    const {code} = await program.ended;
    // An end may be heard of before the last words. A child that lives on keeps the pipes open.
    const patience = new AbortController();
    await Promise.race([program.read, timeout(2000, undefined, {signal: patience.signal})]).catch(() => {});
    patience.abort();
    return {code, output: program.output};
}

/// Asks again until `probe` answers something true; fails with what it answered last.
export async function eventually(what, probe, seconds = 30) {
    const deadline = Date.now() + seconds * 1000;
    let last;
    do {
        last = await probe();
        if (last) return last;
        await sleep(100);
    } while (Date.now() < deadline);
    throw new Error(`waited ${seconds} s for ${what}`);
}
