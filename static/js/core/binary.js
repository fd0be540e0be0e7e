/**
 * History as float64 columns (`Accept: application/octet-stream`): a little-endian 4-byte length, a JSON header
 * `{"series": [{"series", "resolution", "columns", "n", "text"?}, …]}` padded to 8 bytes, then the columns in that order.
 */

/** The answer as the JSON form has it, `{series: {NAME: {resolution, t, …}}}`, with Float64Arrays that share the buffer. */
export function unpacked(buffer) {
  const length = new DataView(buffer).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)));
  let at = 4 + length;
  const found = {};
  for (const { series, resolution, columns, n, text = false } of header.series) {
    const one = { resolution, text };
    for (const name of columns) {
      one[name] = column(buffer, at, n);
      at += 8 * n;
    }
    found[series] = one;
  }
  return { series: found };
}

const LITTLE = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

function column(buffer, at, n) {
  if (LITTLE) return new Float64Array(buffer, at, n);
  const view = new DataView(buffer);
  return Float64Array.from({ length: n }, (_, i) => view.getFloat64(at + 8 * i, true));
}
