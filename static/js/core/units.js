/**
 * Units of the same quantity, for display only: a stored value is never converted. Each unit is `value * factor +
 * offset` in the first unit of its family. Factors are exact by definition where one exists (NIST SP 811, appendix B).
 */

const FAMILIES = [
  { "°C": [1, 0], "°F": [5 / 9, -160 / 9], K: [1, -273.15] },
  {
    hPa: [1],
    mbar: [1],
    kPa: [10],
    Pa: [0.01],
    bar: [1000],
    inHg: [33.86389],
    mmHg: [1.333224],
    psi: [68.94757293],
    atm: [1013.25],
  },
  { "m/s": [1], "km/h": [1 / 3.6], mph: [0.44704], kn: [1852 / 3600], "ft/s": [0.3048] },
  { m: [1], km: [1000], cm: [0.01], mm: [0.001], ft: [0.3048], in: [0.0254], yd: [0.9144], mi: [1609.344] },
  { "mm/h": [1], "in/h": [25.4] },
  { L: [1], mL: [0.001], "m³": [1000], gal: [3.785411784], "ft³": [28.316846592] },
  { "L/min": [1], "L/h": [1 / 60], "m³/h": [1000 / 60], "gal/min": [3.785411784] },
  { kg: [1], g: [0.001], t: [1000], lb: [0.45359237], oz: [0.028349523125] },
  { W: [1], kW: [1000], MW: [1e6], hp: [745.6998715822702], "BTU/h": [0.29307107] },
  { kWh: [1], Wh: [0.001], MWh: [1000], MJ: [1 / 3.6], kJ: [1 / 3600], J: [1 / 3_600_000] },
  { V: [1], mV: [0.001], kV: [1000] },
  { A: [1], mA: [0.001] },
  { s: [1], ms: [0.001], min: [60], h: [3600], d: [86_400] },
  { B: [1], kB: [1e3], MB: [1e6], GB: [1e9], KiB: [1024], MiB: [1024 ** 2], GiB: [1024 ** 3] },
];

/** How else senders write them. */
const ALIASES = {
  C: "°C",
  Cel: "°C",
  degC: "°C",
  celsius: "°C",
  "℃": "°C",
  F: "°F",
  degF: "°F",
  fahrenheit: "°F",
  "℉": "°F",
  kelvin: "K",
  mb: "mbar",
  kt: "kn",
  kts: "kn",
  knots: "kn",
  kmh: "km/h",
  kph: "km/h",
  "km/hr": "km/h",
  mps: "m/s",
  l: "L",
  "l/min": "L/min",
  "l/h": "L/h",
  m3: "m³",
  "m3/h": "m³/h",
  "m^3": "m³",
  "%RH": "%",
};

const families = new Map(FAMILIES.flatMap((family) => Object.keys(family).map((unit) => [unit, family])));

/** A unit as it is written here; one that is not known stays as it is. */
export function canonical(unit) {
  return families.has(unit) || !Object.hasOwn(ALIASES, unit) ? unit : ALIASES[unit];
}

/** A unit for people, however its sender writes it; null where there is none. */
export const written = (unit) => (unit ? canonical(unit) : null);

/** The units that a value in `unit` can be shown in, itself first; none for a unit that is not known. */
export function choices(unit) {
  const own = canonical(unit);
  const family = families.get(own);
  return family ? [own, ...Object.keys(family).filter((one) => one !== own)] : [];
}

/** The function from values in `unit` to values in `wanted`, or null where there is none, or nothing to do. */
export function converter(unit, wanted) {
  const from = canonical(unit);
  const to = canonical(wanted);
  const family = families.get(from);
  if (from === to || !family || !Object.hasOwn(family, to)) return null;
  const [factor, offset = 0] = family[from];
  const [other, shift = 0] = family[to];
  return (value) => (value * factor + offset - shift) / other;
}
