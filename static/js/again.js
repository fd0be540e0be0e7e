/** What a page loads later: a server that is away just then is asked again until it is back. */

/** ms until the next try, and at most. */
const SOON = 1_000;
const LATEST = 15_000;

/** What `load()` resolves to; it is given the number of the try, from 1, and tried again when it fails. */
export async function again(load) {
  for (let n = 1, wait = SOON; ; n += 1, wait = Math.min(2 * wait, LATEST)) {
    try {
      return await load(n);
    } catch {
      await new Promise((resolve) => setTimeout(resolve, wait));
    }
  }
}
