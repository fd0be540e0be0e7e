/** What `GET /api/system` says, in words. Times and spans in ms, sizes in bytes, rates per second. */
import { formatAge, formatCount as count, formatMoment, formatSpan } from "telltale/core/format.js";
import { formatBytes } from "telltale/core/storage.js";
import { locale, plural, t } from "telltale/core/words.js";

const percent = new Intl.NumberFormat(locale, { style: "percent", maximumFractionDigits: 1 });
const degrees = new Intl.NumberFormat(locale, { style: "unit", unit: "celsius", maximumFractionDigits: 1 });
/** More digits of a rate would only twitch. */
const rough = new Intl.NumberFormat(locale, { maximumSignificantDigits: 3 });
const tenths = new Intl.NumberFormat(locale, { maximumFractionDigits: 2 });
/** A processor this warm (°C) is throttled soon: a Raspberry Pi begins at 80. */
const HOT = 80;
/** Below this share of free memory the machine is in trouble. */
const SCARCE = 0.05;
/** A browser that has not taken what it was given for this long is slow; less is a moment's network. */
const PATIENCE = 1_000;

const REASONS = {
  bad_message: () => t("Messages that could not be read"),
  bad_value: () => t("Values that cannot be stored"),
  bad_time: () => t("Times that cannot be: the device's clock is wrong"),
  too_large: () => t("Messages that were too large"),
  unknown_device: () => t("Devices that are not admitted"),
  forbidden: () => t("Devices that spoke for others"),
  rate_limited: () => t("Devices that sent too fast"),
  try_later: () => t("Sent back, because the disk could not keep up"),
};

/** What a reason to refuse means. */
export const reasonText = (reason) => REASONS[reason]?.() ?? reason;

/** 12.3 a second; what is rarer is told by the minute or the hour. */
export function formatRate(rate) {
  if (rate <= 0) return t("none now");
  if (rate >= 1) return t("{n} a second", { n: rough.format(rate) });
  if (rate * 60 >= 1) return t("{n} a minute", { n: rough.format(rate * 60) });
  return t("{n} an hour", { n: rough.format(rate * 3_600) });
}

/** How all of it is: [{state: "good" | "warn" | "bad", text}], the worst first; what is good is one line. */
export function verdict(system) {
  const { clock, commits, readings, memory, processor, watchers } = system;
  const found = [];
  const bad = (text) => found.push({ state: "bad", text });
  const warn = (text) => found.push({ state: "warn", text });
  if (!commits.disk_ok) bad(t("The disk does not take what arrives. Devices keep their data and send it again."));
  if (!clock.trusted) bad(t("The clock of this machine is wrong. Arrival times go on from the newest reading."));
  if (memory.total && memory.available !== null && memory.available / memory.total < SCARCE)
    warn(t("The memory of this machine is nearly used up."));
  if (processor.temperature !== null && processor.temperature >= HOT)
    warn(t("The processor is {degrees} hot and will be slowed down.", { degrees: degrees.format(processor.temperature) }));
  const late = watchers.filter(isSlow).length;
  if (late) warn(plural(late, "{n} browser does not keep up.", "{n} browsers do not keep up."));
  if (clock.wrong) warn(plural(clock.wrong, "The clock of {n} device is wrong.", "The clocks of {n} devices are wrong."));
  if (readings.refused.try_later && system.rates.refused.try_later)
    warn(t("Readings are being sent back, because the disk cannot keep up."));
  return found.length ? found : [{ state: "good", text: t("All is well.") }];
}

/** The versions, as [name, text, what it means]. */
export function versions({ versions: all }) {
  return [
    ["Telltale", all.telltale, t("this server")],
    ["Python", all.python, t("what it runs on")],
    ["SQLite", all.sqlite, t("what keeps the readings")],
    ["Tornado", all.tornado, t("what speaks to browsers and devices")],
    [t("System"), all.system, `${all.kernel}, ${all.machine}`],
  ];
}

/** What the machine and the process say of themselves, as [name, text, what it means, share or null]. */
export function machine({ memory, processor, rates, uptime, time, clock }) {
  const unknown = t("not known");
  const [load] = processor.load ?? [null];
  const share = memory.total && memory.available !== null ? 1 - memory.available / memory.total : null;
  const zone = clock.zone || "UTC";
  return [
    [t("Running for"), formatSpan(uptime), t("since {moment}", { moment: formatMoment(time - uptime, time) })],
    [
      t("Clock"),
      clock.trusted ? t("right") : t("wrong, {span} behind", { span: formatSpan(clock.behind) }),
      t("{moment} in its zone, {zone}", { moment: formatMoment(time, time), zone }),
    ],
    [
      t("Memory of the server"),
      memory.process === null ? unknown : formatBytes(memory.process),
      t("what this process holds in RAM"),
    ],
    [
      t("Memory of the machine"),
      share === null ? unknown : t("{share} in use", { share: percent.format(share) }),
      share === null ? "" : t("{free} of {all} left", { free: formatBytes(memory.available), all: formatBytes(memory.total) }),
    ],
    [t("Processor"), percent.format(rates.cpu), t("of one core, by this server, in the last minute")],
    [
      t("Load"),
      load === null ? unknown : tenths.format(load),
      processor.cores ? plural(processor.cores, "on {n} core, by all programs", "on {n} cores, by all programs") : "",
    ],
    ...(processor.temperature === null
      ? []
      : [[t("Temperature"), degrees.format(processor.temperature), t("of the processor; it slows down from 80 °C on")]]),
  ];
}

/** What came and what became of it, as [name, text, what it means]. */
export function ingest({ readings, rates, commits, devices, series, sockets }) {
  return [
    [t("Received"), formatRate(rates.received), plural(readings.received, "{n} reading in this run", "{n} readings in this run")],
    [t("Stored"), formatRate(rates.journalled), plural(readings.journalled, "{n} reading in this run", "{n} readings in this run")],
    [t("Waiting for the disk"), count(readings.pending), t("readings whose devices have not been told that they are safe")],
    [
      t("Commits"),
      t("{n} in this run", { n: count(commits.done) }),
      commits.failed
        ? plural(commits.failed, "{n} was not taken by the disk", "{n} were not taken by the disk")
        : t("all taken by the disk"),
    ],
    [t("Longest delay"), span(commits.late_max), t("that a commit began after it was due")],
    [
      t("Devices"),
      t("{n} online", { n: count(devices.online) }),
      [
        t("{n} offline", { n: count(devices.offline) }),
        ...(devices.pending ? [plural(devices.pending, "{n} waits to be accepted", "{n} wait to be accepted")] : []),
      ].join(", "),
    ],
    [t("Series"), count(series), t("device and metric, each with its own history")],
    [t("Device sockets"), count(sockets.device), t("devices that are connected by WebSocket now")],
  ];
}

/** What was refused in this run: [reason, what it means, how many, how many lately], the most first. */
export function refusals({ readings, rates }) {
  return Object.entries(readings.refused)
    .filter(([, n]) => n)
    .sort(([, a], [, b]) => b - a)
    .map(([reason, n]) => [reason, reasonText(reason), count(n), formatRate(rates.refused[reason] ?? 0)]);
}

/** Whether a browser does not keep up. */
export const isSlow = ({ state, stalled }) => state === "behind" || (state === "slow" && stalled > PATIENCE);

const CHANNELS = { live: () => t("live page"), stream: () => t("stream"), poll: () => t("long poll") };

/** One browser or program that watches: {slow, who, how, since, lag, skipped}. */
export function watcher(one, now) {
  const slow = isSlow(one);
  return {
    slow,
    who: one.who || t("unknown"),
    address: one.address,
    how: `${CHANNELS[one.channel]?.() ?? one.channel}, ${plural(one.patterns, "{n} pattern", "{n} patterns")}`,
    since: one.since === null ? "" : formatMoment(one.since, now),
    lag: slow ? lagOf(one) : t("up to date"),
    skipped: count(one.skipped),
  };
}

function lagOf({ behind, stalled }) {
  const readings = plural(behind, "{n} reading behind", "{n} readings behind");
  return stalled >= 1_000 ? t("{readings}, taking nothing for {span}", { readings, span: formatSpan(stalled) }) : readings;
}

/** How live delivery fares, as [name, text, what it means]. */
export function delivery({ delivery: all, rates, sockets }) {
  return [
    [t("Watching"), count(sockets.live + sockets.stream + sockets.poll), t("browsers and programs that are connected now")],
    [t("Frames"), formatRate(rates.pushed), t("{n} in this run", { n: count(all.frames) })],
    [
      t("Skipped"),
      count(all.skipped),
      t("readings that slow ones were told they missed; they fetch them from history"),
    ],
    [
      t("Came back"),
      count(all.resumed),
      t("without a gap; {n} had to load history again", { n: count(all.resume_refused) }),
    ],
  ];
}

/** One device that is asked: {state: "good" | "bad" | "quiet", text, answers, failures}. */
export function poller({ problem, answers, failures }) {
  const counts = { answers: count(answers), failures: count(failures) };
  if (problem === null) return { state: "good", text: t("answers"), ...counts };
  if (problem === "") return { state: "quiet", text: t("not asked yet"), ...counts };
  return { state: "bad", text: problem, ...counts };
}

/** When this was asked: "2 s ago". */
export const asOf = (time, now) => formatAge(Math.max(0, now - time));

function span(ms) {
  return ms < 1_000 ? `${count(ms)} ms` : formatSpan(ms);
}

/**
 * Figures over time as an SVG path in a box `width` by `height`: {path, area, top}; the newest is at the right edge, and
 * `slots` figures fill the box. `top` is the figure at its upper edge, a round one unless it is given.
 */
export function outline(figures, slots, width, height, top = nice(Math.max(...figures, 0))) {
  const step = width / Math.max(1, slots - 1);
  const first = width - step * (figures.length - 1);
  const points = figures.map((figure, i) => [first + i * step, height - (figure / top) * height]);
  const text = points.map(([x, y], i) => `${i ? "L" : "M"}${round(x)} ${round(y)}`).join("");
  if (!points.length) return { path: "", area: "", top };
  return { path: text, area: `${text}L${round(width)} ${height}L${round(points[0][0])} ${height}Z`, top };
}

const round = (value) => Math.round(value * 10) / 10;

/** The next of 1, 2, 5, 10, … at or above a figure. */
function nice(figure) {
  if (figure <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(figure));
  return [1, 2, 5, 10].map((one) => one * power).find((one) => one >= figure) ?? figure;
}
