/** Groups of devices by their names alone: what several share before a number or a separator. */

const PREFIX = /^(\p{L}[^\s\d._:/-]*)(?=[\s\d._:/-])/u;

/** What a device's id would share with its kin ("greenhouse-2", "greenhouse north": "greenhouse"), or null. */
export function prefixOf(id) {
  return PREFIX.exec(id)?.[1] ?? null;
}

/** For each id its group: the prefix that at least two of them share, else null. */
export function groupsOf(ids) {
  const counts = new Map();
  for (const id of ids) {
    const prefix = prefixOf(id);
    if (prefix) counts.set(prefix, (counts.get(prefix) ?? 0) + 1);
  }
  return new Map(
    ids.map((id) => {
      const prefix = prefixOf(id);
      return [id, counts.get(prefix) > 1 ? prefix : null];
    }),
  );
}
