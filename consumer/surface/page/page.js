// The live page: shows each snapshot of /events, and says so when none comes.
// Owns how figures look and how long they may be believed. Computes no figure but a component's share and per call.
"use strict";

const STALE_MS = 3000; // without a newer snapshot
const SILENT_MS = 12000; // the worker says something every 5 s: after this the connection is a new one
const RETRY_MS = 2000;
const DRIFT = 0.001; // how much faster one clock may go than the other
const FIRST_WINDOW = "1h";
const LONG_WINDOWS = /^(8h|24h|7d|30d|.*-to-date)$/; // their segments are those of the day
const TREND_OF = "5m";
const TREND_POINTS = 900; // snapshots: 15 minutes
const NONE = "–";
const SVG = "http://www.w3.org/2000/svg";

const byId = (id) => document.getElementById(id);

let shown = null; // the newest snapshot
let trend = []; // cost per call, null where there was no call

// ---- Figures as text. Money is a decimal string and is never a float. ----

/** A decimal string as [integer, its decimals]. */
function parsed(text) {
  const [whole, decimals = ""] = text.split(".");
  return [BigInt(whole + decimals), decimals.length];
}

/** numerator ÷ denominator to the nearest integer, ties upwards; the denominator is positive. */
function divided(numerator, denominator) {
  const doubled = 2n * denominator;
  const sum = 2n * numerator + denominator;
  const quotient = sum / doubled;
  return sum < 0n && quotient * doubled !== sum ? quotient - 1n : quotient;
}

function grouped(digits) {
  return digits.replace(/\B(?=(\d{3})+$)/g, ",");
}

/** A decimal string with so many decimals, half-up, with thousands separated. */
function rounded(text, places) {
  const [number, decimals] = parsed(text);
  const scaled = number * 10n ** BigInt(places);
  const value = divided(scaled, 10n ** BigInt(decimals));
  const digits = String(value < 0n ? -value : value).padStart(places + 1, "0");
  const whole = grouped(digits.slice(0, digits.length - places));
  return (value < 0n ? "−" : "") + whole + (places ? "." + digits.slice(-places) : "");
}

/** What one call costs: 4 decimals, large amounts 2. */
function perCall(text) {
  if (text === null) return NONE;
  return rounded(text, text.replace("-", "").split(".")[0].length > 3 ? 2 : 4);
}

/** The same with its sign: a difference. */
function signed(text) {
  const shown = perCall(text);
  return text === null || shown.startsWith("−") ? shown : `+${shown}`;
}

const amount = (text) => (text === null ? NONE : rounded(text, 2));
const units = (text) => rounded(text, 0);
const count = (number) => grouped(String(number));
const exact = (text) => (text === null || shown.figures === null ? "" : `${text} ${shown.figures.currency}`);

/** part ÷ whole of two decimal strings in thousandths; null without a whole. */
function thousandths(part, whole) {
  const [a, aPlaces] = parsed(part);
  const [b, bPlaces] = parsed(whole);
  if (b <= 0n) return null;
  return Number(divided(a * 1000n * 10n ** BigInt(bPlaces), b * 10n ** BigInt(aPlaces)));
}

/** A decimal string ÷ a number of calls, to nine decimals. */
function among(text, calls) {
  if (!calls) return null;
  const [number, decimals] = parsed(text);
  const nano = divided(number * 10n ** 9n, 10n ** BigInt(decimals) * BigInt(calls));
  const digits = String(nano < 0n ? -nano : nano).padStart(10, "0");
  return `${nano < 0n ? "-" : ""}${digits.slice(0, -9)}.${digits.slice(-9)}`;
}

const percent = (number) => (number === null ? NONE : `${(number / 10).toFixed(1)} %`);

/** How long ago, in the two largest units at most. */
function since(instant, now) {
  if (instant === null) return NONE;
  const seconds = Math.max(Math.floor((Date.parse(now) - Date.parse(instant)) / 1000), 0);
  if (seconds < 120) return `${seconds} s ago`;
  if (seconds < 7200) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 172800) return `${Math.floor(seconds / 3600)} h ago`;
  return `${Math.floor(seconds / 86400)} d ago`;
}

// ---- Instants as the clocks of the rate table's zone show them: days and months begin there. ----

const ZONE_UNKNOWN = "UTC"; // before there are figures, or where the browser does not know their zone
let wall = wallOf(ZONE_UNKNOWN);

function wallOf(zone) {
  const whole = { year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit" };
  try {
    return { asked: zone, zone, format: new Intl.DateTimeFormat("en-US", { ...whole, timeZone: zone, hourCycle: "h23" }) };
  } catch {
    return { ...wallOf(ZONE_UNKNOWN), asked: zone };
  }
}

function shownAt(instant) {
  const at = Object.fromEntries(wall.format.formatToParts(new Date(instant)).map(({ type, value }) => [type, value]));
  return { day: `${at.year}-${at.month}-${at.day}`, time: `${at.hour}:${at.minute}:${at.second}` };
}

const clock = (instant) => shownAt(instant).time;

/** The day and the time; a time of whole minutes without seconds. */
function dayAndTime(instant) {
  const { day, time } = shownAt(instant);
  return `${day} ${time.replace(/:00$/, "")}`;
}

// ---- Writing into the page: in place, so that what is pointed at stays, and only ever as text. ----

function put(node, text, title = "") {
  if (node.textContent !== text) node.textContent = text;
  if (node.title !== title) node.title = title;
}

function putAll(selector, text) {
  for (const node of document.querySelectorAll(selector)) put(node, text);
}

function putBig(id, text, title) {
  const node = byId(id);
  put(node, text, title);
  node.classList.toggle("long", text.length > 9);
}

/** Exactly so many children, made where they are missing. */
function sized(parent, number, make) {
  while (parent.childElementCount > number) parent.lastElementChild.remove();
  while (parent.childElementCount < number) parent.append(make());
  return parent.children;
}

const made = (name, ...children) => {
  const node = document.createElement(name);
  node.append(...children);
  return node;
};

/** Rows of cells: [text, title], or {thousandths} for a bar, `open` where it may be over 100 %; the first heads its row. */
function fill(body, rows) {
  const lines = sized(body, rows.length, () => made("tr"));
  rows.forEach((cells, line) => {
    const row = lines[line];
    while (row.childElementCount > cells.length) row.lastElementChild.remove();
    cells.forEach((cell, column) => {
      if (!row.children[column]) row.append(cellFor(cell, column));
      if (Array.isArray(cell)) put(row.children[column], ...cell);
      else putBar(row.children[column].firstElementChild, cell);
    });
  });
}

function cellFor(cell, column) {
  if (!Array.isArray(cell)) {
    const share = made("div", made("i", made("i"), made("i")), made("span"));
    share.className = cell.open ? "share open" : "share";
    return made("td", share);
  }
  const node = made(column ? "td" : "th");
  if (!column) node.scope = "row";
  return node;
}

const OPEN_SCALE = 1250; // thousandths that an open bar has room for; what is more fills it
const within = (number, most) => Math.min(Math.max(number, 0), most);

function putBar(share, { thousandths: found, open = false }) {
  const scale = open ? OPEN_SCALE : 1000;
  const isOver = open && found > 1000;
  const [upTo, over] = share.firstElementChild.children;
  putWidth(upTo, within(found, 1000) / scale);
  putWidth(over, open ? within(found - 1000, scale - 1000) / scale : 0);
  share.classList.toggle("over", isOver);
  put(share.lastElementChild, (isOver ? "▲ " : "") + percent(found), isOver ? "more than all of it" : "");
}

function putWidth(bar, part) {
  const width = `${part * 100}%`;
  if (bar.style.width !== width) bar.style.width = width;
}

// ---- The parts of the page. ----

const chosen = () => decodeURIComponent(location.hash.slice(1)) || FIRST_WINDOW;

function show() {
  const { status, figures } = shown;
  const whole = figures ? figures.windows.filter((row) => !Object.keys(row.segment).length) : [];
  const named = whole.map((row) => row.window);
  const window = named.includes(chosen()) ? chosen() : named.includes(FIRST_WINDOW) ? FIRST_WINDOW : named[0];
  const row = whole.find((one) => one.window === window) || null;
  const asOf = figures ? figures.as_of : status.as_of;
  const zone = figures ? figures.time_zone : ZONE_UNKNOWN;
  if (wall.asked !== zone) wall = wallOf(zone);
  put(byId("as-of"), clock(asOf), asOf);
  put(byId("zone"), wall.zone);
  if (figures) showButtons(named, window);
  showBanners(shown);
  putAll(".currency", figures ? figures.currency : "");
  putAll(".window", window || NONE);
  showHero(row, figures);
  showUsual(figures, window);
  showComponents(row);
  showDirections(figures, window);
  showSegments(figures, window);
  showPools(figures);
  showBudgets(figures);
  showState(status);
  drawTrend();
}

function showButtons(named, window) {
  const buttons = sized(byId("windows"), named.length, () => {
    const button = made("button");
    button.type = "button";
    button.addEventListener("click", () => { location.hash = button.textContent; });
    return button;
  });
  named.forEach((name, place) => {
    put(buttons[place], name);
    buttons[place].setAttribute("aria-pressed", String(name === window));
  });
}

function showHero(row, figures) {
  const cost = row ? row.cost_per_call : { standard: null, absorbed: null };
  const p95 = row ? row.p95 : null;
  putBig("standard", perCall(cost.standard), exact(cost.standard));
  putBig("absorbed", perCall(cost.absorbed), exact(cost.absorbed));
  putBig("p95", perCall(p95), exact(p95));
  putBig("calls", row ? count(row.calls) : NONE, "");
  showDoubt(row && row.calls > 0 && !row.whole ? figures.known_from : null);
  put(byId("span"), row ? `${row.window}: since ${dayAndTime(row.from)} ${wall.zone}` : "no figures", row ? row.from : "");
  put(byId("calls-note"), row ? `costed; ${count(row.unrated)} unrated` : "");
}

/** Where calls are known only from an instant on, they bear what accrued in the window before it as well. */
function showDoubt(knownFrom) {
  byId("absorbed-tile").classList.toggle("doubtful", knownFrom !== null);
  put(byId("absorbed-note"), knownFrom === null ? "idle capacity included" : `doubtful: calls since ${dayAndTime(knownFrom)} only`,
    knownFrom === null ? "" : `No call before ${knownFrom} is known. Those since bear what accrued in the window before.`);
}

/** What a call usually costs at this hour: of all beside the large figure, of directions with what of it moved. */
function showUsual(figures, window) {
  const usual = figures ? figures.usual : [];
  const whole = usual.find((one) => !one.segment.direction && one.window === window);
  put(byId("usual"), whole ? `usual at this hour ${perCall(whole.cost_per_call)} ± ${perCall(whole.sigma)}${against(whole)}` : "",
    whole ? hours(whole) : "");
  const directions = usual.filter((one) => one.segment.direction);
  byId("moved-table").hidden = !directions.length;
  put(byId("moved-of"), directions.length ? directions[0].window : "");
  fill(byId("moved"), directions.map((one) => [
    [one.segment.direction], [perCall(one.cost_per_call), `${exact(one.cost_per_call)}: ${hours(one)}`],
    ...["change", "price", "handle_time", "mix"].map((name) => [signed(one[name]), exact(one[name])]),
  ]));
}

const hours = (usual) => `${count(usual.hours)} hours like this one, with ${count(usual.calls)} calls`;

function against(usual) {
  const change = usual.change === null ? null : thousandths(usual.change, usual.cost_per_call);
  return change === null ? "" : `, now ${change < 0 ? "−" : "+"}${percent(Math.abs(change))}`;
}

function showComponents(row) {
  const found = row ? Object.entries(row.standard_components) : [];
  fill(byId("components"), found.map(([name, cost]) => {
    const each = among(cost, row.calls);
    return [[name], [amount(cost), exact(cost)], [perCall(each), exact(each)],
      { thousandths: thousandths(cost, row.standard_cost) }];
  }));
  const total = row && row.calls ? row.standard_cost : null;
  const each = row ? row.cost_per_call.standard : null;
  fill(byId("total"), [[["standard cost"], [amount(total), exact(total)], [perCall(each), exact(each)], [""]]]);
}

function showDirections(figures, window) {
  const rows = figures ? figures.windows.filter((row) => row.window === window && row.segment.direction) : [];
  fill(byId("directions"), rows.map((row) => [
    [row.segment.direction], [count(row.calls)], ...costOf(row), [perCall(row.p95), exact(row.p95)],
  ]));
}

function costOf(row) {
  const cost = row.calls ? row.standard_cost : null;
  const each = row.cost_per_call.standard;
  return [[amount(cost), exact(cost)], [perCall(each), exact(each)]];
}

function showSegments(figures, window) {
  const of = LONG_WINDOWS.test(window) ? "day-to-date" : "1h";
  put(byId("segments-of"), of);
  put(byId("dimensions"), figures ? figures.dimensions.join(" · ") : "Segment");
  const rows = figures ? figures.segments.filter((row) => row.window === of) : [];
  fill(byId("segments"), rows.map((row) => [
    [figures.dimensions.map((name) => row.segment[name]).join(" · ")], [count(row.calls)], ...costOf(row),
  ]));
}

function showPools(figures) {
  const pools = figures ? figures.pools : [];
  const isWhole = !pools.length || pools[0].whole || figures.known_from === null;
  put(byId("pools-of"), pools.length ? pools[0].window + (isWhole ? "" : `, calls since ${dayAndTime(figures.known_from)} only`) : NONE);
  fill(byId("pools"), pools.map((pool) => [
    [pool.pool],
    ...["accrued", "absorbed", "idle"].map((name) => [amount(pool[name]), exact(pool[name])]),
    { thousandths: pool.utilisation === null ? null : thousandths(pool.utilisation, "1"), open: true },
  ]));
}

/** What was planned. The amount is that of the whole period, `spent` and `projected` are fully absorbed. */
function showBudgets(figures) {
  const budgets = figures ? figures.budgets : [];
  byId("budgets-table").hidden = !budgets.length;
  put(byId("more-budgets"), budgets.length && figures.more_budgets ? ` (and ${count(figures.more_budgets)} more)` : "");
  fill(byId("budgets"), budgets.map((one) => {
    const isOver = thousandths(one.projected, one.amount) > 1000;
    const by = one.history_weeks ? `by the shape of ${one.history_weeks} weeks` : "as if every hour were alike";
    return [
      [`${one.budget} / ${one.per}`], [units(one.amount), exact(one.amount)],
      [`${units(one.projected)}${isOver ? " OVER" : ""}`, `${exact(one.projected)}, ${by}`],
      [units(one.spent), exact(one.spent)], { thousandths: thousandths(one.spent, one.amount), open: true },
    ];
  }));
}

function showBanners({ status, reason, figures }) {
  const said = [];
  const table = status.rate_table;
  if (figures === null) said.push(`No figures: ${reason || "unknown reason"}`);
  if (status.not_ready !== null) said.push(`Not to be relied on yet: ${status.not_ready}`);
  for (const trouble of status.troubles) said.push(`Trouble: ${trouble}`);
  if (table.problems.length) {
    const more = table.more_problems ? ` (and ${table.more_problems} more)` : "";
    said.push(`A newer rate table is refused, the one before it stays in use: ${table.problems.join("; ")}${more}`);
  }
  const banners = sized(byId("banners"), said.length, () => {
    const banner = made("p");
    banner.className = "banner";
    return banner;
  });
  said.forEach((text, place) => put(banners[place], text));
}

const sum = (byReason) => Object.values(byReason).reduce((all, number) => all + number, 0);
const reasons = (byReason) => Object.entries(byReason).map(([reason, number]) => `${reason}: ${count(number)}`).join(", ");

function partitions(shares, now) {
  if (!shares) return [];
  const found = [["Partitions", `${count(shares.own)} here, ${count(shares.others)} elsewhere`]];
  if (shares.others) {
    found.push(["Elsewhere, as of", shares.oldest ? since(shares.oldest, now) : "not told yet", shares.oldest || ""]);
  }
  return found;
}

function showState(status) {
  const { counts, rate_table: table, as_of: now } = status;
  const versions = table.versions.join(", ") + (table.more_versions ? ` and ${table.more_versions} before` : "");
  const items = [
    ["Last event", since(status.last_event, now), status.last_event || ""],
    ["Watermark", since(status.watermark, now), status.watermark || ""],
    ["Events behind", count(status.events_behind)],
    ["Checkpoint", since(status.checkpoint, now), status.checkpoint || ""],
    ["Rate table", `${versions || NONE} (${table.sha256.slice(0, 8)})`, `sha256 ${table.sha256}, loaded ${table.loaded}`],
    ["Costed", count(counts.costed)],
    ["Unrated", count(sum(counts.unrated)), reasons(counts.unrated), sum(counts.unrated)],
    ["Rejected", count(sum(counts.rejected)), reasons(counts.rejected), sum(counts.rejected)],
    ["Duplicate", count(counts.duplicates)],
    ["Amended", count(counts.amended)],
    ["Late", count(counts.late), `late cost ${status.late_cost}`, counts.late],
    ["Pending", count(counts.pending)],
    ...(counts.unconverted_prices ? [["Prices left out", count(counts.unconverted_prices),
      "reported prices without an exchange rate for their currency", counts.unconverted_prices]] : []),
    ["Dead letters", count(status.dead_letters), "", status.dead_letters],
    ["Version", status.version],
    ...partitions(status.shares, now),
  ];
  const entries = sized(byId("state"), items.length, () => made("div", made("dt"), made("dd")));
  items.forEach(([name, text, title = "", isSeen = 0], place) => {
    const [term, description] = entries[place].children;
    put(term, name);
    put(description, text, title);
    description.classList.toggle("seen", isSeen > 0);
  });
}

// ---- The trend, drawn of what this page has seen. ----

function remember({ figures }) {
  const row = figures && figures.windows.find((one) => one.window === TREND_OF && !Object.keys(one.segment).length);
  const cost = row ? row.cost_per_call.standard : null;
  trend.push(cost === null ? null : Number(cost));
  trend = trend.slice(-TREND_POINTS);
}

function drawTrend() {
  const known = trend.filter((cost) => cost !== null);
  const least = Math.min(...known);
  const height = Math.max(...known) - least;
  const runs = [[]];
  trend.forEach((cost, place) => {
    if (cost === null) { runs.push([]); return; }
    const x = trend.length > 1 ? (place / (trend.length - 1)) * 300 : 0;
    runs.at(-1).push(`${x.toFixed(1)},${(height ? 37 - ((cost - least) / height) * 34 : 20).toFixed(1)}`);
  });
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 300 40");
  svg.setAttribute("preserveAspectRatio", "none");
  svg.setAttribute("aria-hidden", "true");
  for (const run of runs.filter((points) => points.length > 1)) {
    const line = document.createElementNS(SVG, "polyline");
    line.setAttribute("points", run.join(" "));
    svg.append(line);
  }
  byId("trend").replaceChildren(svg);
  const minutes = Math.floor(trend.length / 60);
  const span = minutes ? `last ${minutes} min` : "since this page was opened";
  put(byId("trend-note"), known.length ? `${perCall(least.toFixed(9))} to ${perCall((least + height).toFixed(9))}, ${span}` : "no calls");
}

// ---- How long figures may be believed. ----

let rightAt = performance.now(); // when the figures that are shown were those of the moment, on this page's clock
let cameAt = Date.now(); // a machine that slept knows it by its wall clock only
let lastAsOf = -Infinity;
let offset = Infinity; // this page's clock minus the worker's, by the least delayed snapshot

/** A snapshot that was long on its way is as old as its delay. */
function believe(asOf) {
  const now = performance.now();
  if (asOf < lastAsOf) offset = Infinity; // the worker's clock was put back, or it is another worker's
  offset = Math.min(offset + (asOf - lastAsOf) * DRIFT, now - asOf);
  lastAsOf = asOf;
  rightAt = asOf + offset;
  cameAt = Date.now();
}

function check() {
  const age = Math.max(performance.now() - rightAt, Date.now() - cameAt);
  const isStale = age > STALE_MS;
  document.body.classList.toggle("stale", isStale);
  byId("stale").hidden = !isStale;
  const told = isStale ? "STALE: the figures on this page are old" : "";
  put(byId("stale-told"), told);
  if (isStale) {
    put(byId("stale-for"), `STALE ${grouped(String(Math.floor(age / 1000)))} s`);
    put(byId("stale-why"), isAlive() ? "the worker answers, but has no new figures" : "no connection to the worker");
  }
  const title = isStale ? "STALE – callcost" : "callcost";
  if (document.title !== title) document.title = title;
  if (performance.now() - heardAt > SILENT_MS) listen();
}

// ---- The stream. ----

let events = null;
let heardAt = 0;
let isOpen = false;

const isAlive = () => isOpen && performance.now() - heardAt < 2 * STALE_MS;

function listen() {
  if (events) events.close();
  isOpen = false;
  heardAt = performance.now();
  const source = events = new EventSource("events");
  source.addEventListener("open", () => { isOpen = true; heardAt = performance.now(); });
  source.addEventListener("alive", () => { heardAt = performance.now(); });
  source.addEventListener("snapshot", (event) => { heardAt = performance.now(); take(JSON.parse(event.data)); });
  source.addEventListener("error", () => {
    isOpen = false;
    // A refused stream is not tried again by the browser, only one that broke.
    if (source.readyState === EventSource.CLOSED) setTimeout(() => { if (source === events) listen(); }, RETRY_MS);
  });
}

function take(snapshot) {
  if (shown && shown.status.version !== snapshot.status.version) { location.reload(); return; } // so is this page
  shown = snapshot;
  remember(snapshot);
  show();
  believe(Date.parse(snapshot.figures ? snapshot.figures.as_of : snapshot.status.as_of));
  check();
}

addEventListener("hashchange", () => { if (shown) show(); });
addEventListener("pageshow", check);
document.addEventListener("visibilitychange", check);
setInterval(check, 250);
listen();
