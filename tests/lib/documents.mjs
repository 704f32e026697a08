import {readFile} from 'node:fs/promises';
import {fileURLToPath} from 'node:url';

export const top = fileURLToPath(new URL('../../', import.meta.url));

/// The blocks of code in `language` of a page: "clients/cpp/README.md", "cpp".
export async function examples(page, language) {
    const text = await readFile(top + page, 'utf8');
    const found = [...text.matchAll(new RegExp('```' + language + '\n([^]*?)```', 'g'))];
    if (found.length === 0) throw new Error(`${page} has no example in ${language}`);
    return found.map(([, code]) => code);
}
