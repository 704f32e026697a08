// The gateway behind a real Caddy, with the configuration that we hand out (deploy/gateway/Caddyfile).
import {writeFile} from 'node:fs/promises';
import {Program, freshFolder} from '../lib/process.mjs';
import {handedOut, proveGateway} from '../lib/gateway.mjs';

proveGateway(async (ports) => {
    const folder = await freshFolder();
    await writeFile(`${folder}/Caddyfile`, await handedOut('Caddyfile', ports));
    return new Program('caddy', ['run', '--config', `${folder}/Caddyfile`, '--adapter', 'caddyfile'],
                       {XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder, HOME: folder});
});
