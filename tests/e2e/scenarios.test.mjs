// The lifecycles of tests/scenarios, each told to a real server beside a real sandbox, on each
// engine. All share one server: every telling has customers and a clock of its own.
import {readdirSync} from 'node:fs';
import {after, before, describe, test} from 'node:test';
import {fileURLToPath} from 'node:url';
import {Scenario} from '../lib/scenario.mjs';
import {Server, engines} from '../lib/server.mjs';

const folder = fileURLToPath(new URL('../scenarios/', import.meta.url));
const files = readdirSync(folder).filter((name) => name.endsWith('.txt')).sort();

for (const engine of engines())
    describe(engine.name, {concurrency: 4}, () => {
        let server;
        before(async () => {
            server = await Server.besideSandbox({database: await engine.database(),
                                                 catalog: `${folder}catalog.toml`});
        });
        after(() => server.end());

        for (const file of files)
            test(file.replace('.txt', ''), () => Scenario.run(server, folder + file));
    });
