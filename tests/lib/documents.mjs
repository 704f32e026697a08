import {readFile} from 'node:fs/promises';
import {fileURLToPath} from 'node:url';

export const top = fileURLToPath(new URL('../../', import.meta.url));

/// The first block of code in `language` of a page: "clients/cpp/README.md", "cpp".
export async function firstExample(page, language) {
    const text = await readFile(top + page, 'utf8');
    const found = new RegExp('```' + language + '\n([^]*?)```').exec(text);
    if (!found) throw new Error(`${page} has no example in ${language}`);
    return found[1];
}
