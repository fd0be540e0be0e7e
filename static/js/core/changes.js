/**
 * The newest changes of a text series between `from` and `to`: `[t, text]`, newest first, repeats left out. What held
 * at the beginning comes last, with null for its time: since when it did is not known here. The first reading there is
 * counts as that if it lies within `edge` ms of the beginning, else as a change.
 */
export function changes(times, texts, { from = -Infinity, to = Infinity, edge = 0, most = 4 } = {}) {
  const found = [];
  for (let i = texts.length - 1; i >= 0 && found.length < most; i -= 1) {
    if (times[i] > to || (i > 0 && texts[i - 1] === texts[i] && times[i] >= from)) continue;
    const known = times[i] >= from && (i > 0 || times[i] > from + edge);
    found.push([known ? times[i] : null, texts[i]]);
    if (!known) break;
  }
  return found;
}
