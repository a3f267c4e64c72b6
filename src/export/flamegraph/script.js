// SPDX-License-Identifier: MIT
// Draws the embedded tree: only frames that can be seen get elements. Names reach the page as text nodes, never as markup.
(() => {
'use strict';
const ROW = 18, PAD = 10, MARKER = 5, MOST_BOXES = 5000;
const root = document.currentScript.closest('svg'), alone = document.documentElement === root, host = alone ? window : root;
const pick = c => root.querySelector(c);
const set = (e, attributes) => { for (const k in attributes) e.setAttribute(k, attributes[k]); return e; };
const make = (tag, attributes) => set(document.createElementNS(root.namespaceURI, tag), attributes);
const show = (e, on) => e.setAttribute('visibility', on ? 'visible' : 'hidden');
const move = (e, x, y) => e.setAttribute('transform', `translate(${x},${y})`);
const clamp = (v, a, b) => Math.max(a, Math.min(b, v));
const [data, flames, legend, foot, title, sub, entry, input, back, reset, ask, foundText, status, bar, ring, tip, help] =
  '.data .flames .legend .foot .title .sub .entry input .back .reset .ask .found .status .bar .ring .tip .help'.split(' ').map(pick);
const fills = root.dataset.fills.split(' '), kinds = root.dataset.kinds.split(','), unit = +data.dataset.unit;

// The tree: preorder columns. Values are widths (time or samples); start is the left edge.
let n, depth, label, parent, end, own, self, hits, total, start, labels;
async function load() {
  const packed = Uint8Array.from(atob(data.textContent), c => c.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream('deflate'));
  const raw = new Uint8Array(await new Response(stream).arrayBuffer());
  let at = 0, d = 0;
  const number = () => {
    let v = 0, place = 1, b;
    do { b = raw[at++]; v += (b & 127) * place; place *= 128; } while (b > 127);
    return v;
  };
  const words = () => { const size = number(); at += size; return new TextDecoder().decode(raw.subarray(at - size, at)).split('\n'); };
  const column = (type, get) => { const c = new type(n); for (let i = 0; i < n; i++) c[i] = get(i); return c; };
  const timed = number(), last = [];
  n = number();
  labels = Array(number());
  const names = words(), files = words();
  for (let i = 0; i < labels.length; i++) {
    const name = names[number()], file = files[number()], line = number(), look = number();
    const place = file && ` (${file}${line ? ':' + line : ''})`;
    labels[i] = {name, place, kind: look >> 3, shade: look & 7};
  }
  depth = column(Int32Array, i => i ? d += 1 - number() : 0);
  parent = column(Int32Array, i => { last[depth[i]] = i; return i ? last[depth[i] - 1] : 0; });
  label = column(Int32Array, number);
  own = column(Float64Array, number);
  self = timed ? column(Float64Array, number) : own;
  total = self.slice(); hits = own.slice(); start = new Float64Array(n); end = new Int32Array(n);
  for (let i = n; --i;) {
    const p = parent[i];
    total[p] += total[i]; hits[p] += hits[i];
    end[i] ||= i + 1; end[p] ||= end[i];
  }
  end[0] = n;
  const next = start.slice();
  for (let i = 1; i < n; i++) { start[i] = next[i] = next[parent[i]]; next[parent[i]] += total[i]; }
}

const grouped = v => String(v).replace(/\B(?=(\d{3})+$)/g, ',');
const count = (v, what) => `${grouped(v)} ${what}${v === 1 ? '' : 's'}`;
const percent = (v, of) => { const p = of ? 100 * v / of : 0; return (p >= 99.95 ? 100 : !p ? 0 : p < .01 ? '<0.01' : p.toFixed(p < 1 ? 2 : 1)) + ' %'; };
const time = v => { const s = v * unit / 1e9; return s >= 100 ? grouped(Math.round(s)) + ' s' : s >= 1 ? s.toFixed(2) + ' s' : s >= 1e-3 ? (s * 1e3).toFixed(1) + ' ms' : (s * 1e6).toFixed() + ' µs'; };
const amount = (v, samples) => unit < 0 ? `${percent(v - samples, total[0] - hits[0])} → ${percent(samples, hits[0])}` : `${unit ? time(v) + ' · ' : ''}${count(samples, 'sample')} · ${percent(v, total[0])} of all`;
const labelOf = i => labels[label[i]], fullName = i => labelOf(i).name + labelOf(i).place;
const right = i => start[i] + total[i];
const childrenEnd = i => right(i) - self[i];

// [text, columns]: at most `room` columns of the monospace font; East Asian characters and pictographs take two.
const wide = /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\u{1f300}-\u{3ffff}]/u;
function cut(text, room) {
  let used = 0, kept = '', fits = 0;
  for (const c of text) {
    used += wide.test(c) ? 2 : 1;
    if (used > room) return [kept.slice(0, fits) + '…', room];
    kept += c;
    if (used < room) fits = kept.length;
  }
  return [kept, used];
}

// The view: its size, the rows and the range of values in it, what is zoomed (a frame, or siblings from `zoom` up to `stop`),
// the frame the keyboard is at, and the search with its matching labels and the number of matches before each frame.
let W, H, top, rows = 1, row0 = 0, deepest = 0, from = 0, to = 1, zoom = 0, stop = 0, cursor = -1, turned = false;
let columnWidth = 6.7, boxes = [], glide = 0, drawTime = 0, query = '', wanted = null, before, pushes = 0;
const edge = (p, k) => k < end[p] ? start[k] : childrenEnd(p);
const range = () => [start[zoom], stop ? edge(parent[zoom], stop) : right(zoom)];
const lastRow0 = () => Math.max(0, deepest + 1 - rows);

// Shortens a line to a width; returns how long it is. Measuring is dear, so the last answer is kept.
function fit(t, width, text = t.full ??= t.textContent) {
  const asked = width + text;
  if (t.asked === asked) return t.size;
  t.full = t.textContent = text;
  for (let keep = text.length; (t.size = t.getComputedTextLength()) > width && keep > 1;)
    t.textContent = text.slice(0, keep = Math.min(keep - 1, keep * width / t.size | 0)) + '…';
  t.asked = asked;
  return t.size;
}
function flow(group, y) {
  let x = PAD;
  for (const item of group.children) {
    const text = item.lastElementChild || item, mark = text === item ? 0 : 17, w = mark + fit(text, W - 2 * PAD - mark);
    if (x > PAD && x + w > W - PAD) { x = PAD; y += 17; }
    move(item, x, y);
    x += w + 18;
  }
  return y + 17;
}
function layout() {
  W = Math.max(160, alone ? innerWidth : root.parentNode.clientWidth);
  H = alone ? innerHeight : +root.dataset.height;
  set(root, {width: W, height: H, viewBox: `0 0 ${W} ${H}`});
  set(pick('.bg'), {width: W, height: H});
  const roomy = W >= 760, inner = W - 2 * PAD, entryWidth = roomy ? 240 : inner - 142, y = roomy ? 12 : 64;
  let x = roomy ? W - PAD - 382 : PAD;
  set(entry, {x, y, width: entryWidth});
  x += entryWidth + 6;
  for (const b of [back, reset, ask]) { move(b, x, y); x += +b.dataset.width + 6; }
  fit(title, roomy ? W - 430 : inner);
  fit(sub, roomy && query ? inner - 430 : inner);
  set(foundText, {x: roomy ? W - PAD : PAD, y: roomy ? 54 : 106, 'text-anchor': roomy ? 'end' : 'start'});
  top = flow(legend, roomy ? 76 : query ? 126 : 108) - 4;
  deepest = 0;
  collect(1, Infinity, (i, d) => { deepest = Math.max(deepest, d); });
  let footer = flow(foot, 0) + 26;
  const cramped = H - top - footer < Math.min(deepest + 1, 8) * ROW;
  show(foot, !cramped);
  if (cramped) footer = 22;
  rows = clamp(Math.floor((H - top - footer) / ROW), 2, Math.max(deepest + 1, 4));
  row0 = clamp(row0, 0, lastRow0());
  set(status, {x: PAD, y: top + rows * ROW + 16});
  flow(foot, top + rows * ROW + 40);
}

// Calls put(frame, row, x, width, last) for every box of the range down to a row. Siblings fall in size, so the first that
// is narrower than `least` pixels ends its row: it and what follows it are one box, the rest, up to frame `last`. A rest
// that was zoomed and still is too narrow falls into several, so that each click leads on.
function collect(least, limit, put) {
  const scale = (W - 2 * PAD) / (to - from);
  for (let i = 0; i < n;) {
    const d = depth[i], a = Math.max(start[i], from), b = Math.min(right(i), to), p = parent[i];
    if (i && (b < a || b === a && start[i] !== from)) { i = end[i]; continue; }
    if (i && (b - a) * scale < least) {
      const split = stop && p === parent[zoom], last = split ? stop : end[p];
      for (let k = i, x = a; k < last;) {
        k = split ? end[k] : last;
        const z = Math.min(edge(p, k), to), w = (z - x) * scale;
        if (w >= (k < last ? 40 : .5)) { put(i, d, (x - from) * scale, w, k); i = k; x = z; }
      }
      i = end[p];
      continue;
    }
    put(i, d, (a - from) * scale, (b - a) * scale);
    i = d >= limit ? end[i] : i + 1;
  }
}
function draw() {
  const begin = performance.now(), shapes = document.createDocumentFragment(), texts = [];
  for (let least = 1; least < W; least *= 1.7) {
    boxes = [];
    collect(least, row0 + rows - 1, (i, d, x, w, rest) => { if (d >= row0) boxes.push({i, d, x, w, rest}); });
    if (boxes.length <= MOST_BOXES) break;
  }
  for (const b of boxes) {
    const {name, place, kind, shade} = labelOf(b.i), last = b.rest;
    const rest = b.rest || kind > MARKER, marker = kind === MARKER && name[0] === '(';
    const hit = wanted && !b.rest && wanted[label[b.i]], holds = wanted && b.rest && before[last] > before[b.i];
    const tone = wanted && !hit && !holds ? ' faded' : b.d < depth[zoom] ? ' above' : '';
    const y = top + ROW * (turned ? rows - 1 - b.d + row0 : b.d - row0), room = (b.w - 8) / columnWidth | 0;
    b.shape = make('rect', {
      class: (hit ? 'hit' : rest ? 'rest' : marker ? 'mark' : 'k' + kind + shade) + (holds ? ' holds' : '') + tone,
      fill: hit ? '#b5179e' : rest ? 'url(#lampyr-small)' : marker ? 'url(#lampyr-mark)' : fills[kind * 5 + shade],
      x: (PAD + b.x).toFixed(2), y, height: ROW - 1, width: Math.max(.5, b.w - (b.w > 3 ? 1 : b.w > 1.5 ? .4 : 0)).toFixed(2), rx: b.w > 5 ? 2 : 0});
    b.shape.box = b;
    shapes.append(b.shape);
    if (room < 3) continue;
    const text = make('text', {'pointer-events': 'none', class: 't' + (hit ? ' on' : '') + tone, fill: hit ? '#fff' : '#1b1e23', x: (PAD + b.x + 4).toFixed(1), y: y + 12.5});
    const [words, used] = cut(b.rest ? count(last - b.i, 'small frame') : name, room);
    text.append(words);
    if (place && !b.rest && room - used > 6) {
      const faint = make('tspan', {'fill-opacity': .62});
      faint.append(cut(place, room - used)[0]);
      text.append(faint);
    }
    texts.push(text);
  }
  shapes.append(...texts);
  flames.replaceChildren(shapes);
  const hidden = lastRow0(), height = Math.max(24, rows * ROW * rows / (deepest + 1)), share = hidden && row0 / hidden;
  set(bar, {x: W - 8, height, y: top + (rows * ROW - height) * (turned ? 1 - share : share)});
  show(bar, hidden);
  back.classList.toggle('off', !pushes);
  reset.classList.toggle('off', !zoom);
  const at = boxes.find(b => b.i === cursor && !b.rest);
  show(ring, at);
  flames.removeAttribute('aria-activedescendant');
  if (at) {
    for (const k of ['x', 'y', 'width']) ring.setAttribute(k, at.shape.getAttribute(k));
    set(at.shape, {id: 'lampyr-at', role: 'treeitem', 'aria-level': at.d + 1, 'aria-label': describe(at).join(' · ')});
    flames.setAttribute('aria-activedescendant', 'lampyr-at');
  }
  drawTime = performance.now() - begin;
}
function describe({i, rest}) {
  if (!rest) {
    const [a, b] = range(), inside = Math.min(b, right(i)) - Math.max(a, start[i]);
    return [labelOf(i).name, labelOf(i).place.slice(2, -1), 'total ' + amount(total[i], hits[i]) + (zoom ? ` · ${percent(inside, b - a)} of zoom` : ''),
      'self ' + (self[i] ? amount(self[i], own[i]) : 'none'), kinds[labelOf(i).kind]].filter(Boolean);
  }
  const p = parent[i];
  let samples = 0;
  for (let k = i; k < rest; k = end[k]) samples += hits[k];
  return [count(rest - i, 'small frame'), 'called by ' + fullName(p), amount(edge(p, rest) - start[i], samples), 'a click widens them'];
}
const tell = text => fit(status, W - 2 * PAD, text);
function rest() {
  const [a, b] = range();
  tell(zoom ? `Zoomed: ${stop ? 'small frames' : fullName(zoom)} · ${percent(b - a, total[0])} of all · Esc shows everything` : 'Click a frame to zoom · / searches · ? shows all keys');
}
function hover(e) {
  const b = e.target.box;
  show(tip, b);
  if (!b) return rest();
  const origin = alone ? {left: 0, top: 0} : root.getBoundingClientRect(), x = e.clientX - origin.left, y = e.clientY - origin.top;
  const lines = describe(b), [card, body] = tip.children, room = clamp((W - 50) / columnWidth | 0, 12, 80);
  let w = 0, h = 6;
  body.replaceChildren();
  lines.forEach((line, k) => {
    for (let part = 0; line && part < 4; part++) {
      const piece = part < 3 ? [...line].slice(0, room).join('') : cut(line, room)[0];
      const text = make('text', {class: k && (k === 1 && lines.length > 4 || k === lines.length - 1) ? 'dim' : 'ink', x: 12, y: h += 15, 'font-weight': k ? 400 : 700});
      text.append(piece);
      body.append(text);
      w = Math.max(w, text.getComputedTextLength());
      line = line.slice(piece.length);
    }
  });
  set(card, {width: w + 24, height: h + 10});
  move(tip, clamp(x + 14, 2, Math.max(2, W - w - 28)), y + h + 30 > H ? Math.max(2, y - h - 18) : y + 18);
  tell(lines.join(' · '));
}

// Zooming glides when drawing is quick, and is a step in the browser's history.
function go(frame, last, push) {
  const a0 = from, b0 = to, id = ++glide, begin = performance.now();
  zoom = frame; stop = last || 0;
  if (push) save(true);
  cursor = -1;
  const [a, b] = range();
  from = a; to = b > a ? b : a + 1;
  const b1 = to, d = depth[zoom];
  layout();
  row0 = d >= rows - 2 ? clamp(d - 2, 0, lastRow0()) : 0;
  show(tip, false);
  rest();
  const still = drawTime > 14 || matchMedia('(prefers-reduced-motion: reduce)').matches;
  const step = now => {
    if (id !== glide) return;
    const t = still ? 1 : clamp((now - begin) / 160, 0, 1), e = 1 - (1 - t) ** 3;
    from = a0 + (a - a0) * e; to = b0 + (b1 - b0) * e;
    draw();
    if (t < 1) requestAnimationFrame(step); else report();
  };
  step(begin);
}
function save(push) {
  const hash = '#' + [zoom && `z=${zoom}${stop ? '-' + stop : ''}`, query && 's=' + encodeURIComponent(query)].filter(Boolean).join('&');
  try { history[push ? 'pushState' : 'replaceState']({lampyr: push ? ++pushes : pushes}, '', hash); } catch { pushes = 0; }
}
function restore() {
  let frame = 0, last = 0, text = '';
  for (const part of location.hash.slice(1).split('&')) {
    const [, id, until] = /^z=(\d{1,9})(?:-(\d{1,9}))?$/.exec(part) || [], p = parent[id];
    if (id > 0 && id < n) { frame = +id; last = +until > id && (+until === end[p] || parent[until] === p) ? +until : 0; }
    try { if (part.startsWith('s=')) text = decodeURIComponent(part.slice(2, 800)); } catch {}
  }
  pushes = history.state?.lampyr | 0;
  search(text);
  go(frame, last);
}

// A regular expression; literal text when it is none, or one that could run for ever. Capitals make it match case.
function search(text) {
  query = text.slice(0, 200);
  if (input.value !== query) input.value = query;
  wanted = null;
  let bad = false;
  if (query) {
    const flags = /[A-Z]/.test(query.replace(/\\./g, '')) ? 'u' : 'iu', literal = query.replace(/[\^$\\.*+?()[\]{}|\/]/g, '\\$&');
    let expression;
    try {
      if (/\([^)]*[+*{|].*\)\s*[+*{]/.test(query) || query.split(/[+*{]/).length > 4) throw 0;
      expression = new RegExp(query, flags);
    } catch { bad = true; expression = new RegExp(literal, flags); }
    wanted = Uint8Array.from(labels, l => expression.test(l.name + l.place));
    before = new Uint32Array(n + 1);
    for (let i = 0; i < n; i++) before[i + 1] = before[i] + wanted[label[i]];
  }
  input.classList.toggle('bad', bad);
}
function look(text) { search(text); save(); layout(); draw(); report(); }
function report() {
  const [a, b] = range();
  let all = 0, here = 0;
  if (wanted) for (let i = 0; i < n;) {
    if (!wanted[label[i]]) { i++; continue; }
    all += total[i];
    here += Math.max(0, Math.min(b, right(i)) - Math.max(a, start[i]));
    i = end[i];
  }
  const found = wanted && before[n], at = cursor >= 0 && wanted?.[label[cursor]] ? grouped(before[cursor] + 1) + ' of ' : '';
  fit(foundText, W >= 760 ? 420 : W - 2 * PAD, !wanted ? '' : !found ? 'nothing matches' :
    `${percent(all, total[0])} of all${zoom ? ` · ${percent(here, b - a)} of zoom` : ''} · ${at}${count(found, 'frame')} matched`);
}

// Brings a frame into view; zooms only when it could not be seen.
function focus(i) {
  const [a, b] = range();
  if (start[i] < a || right(i) > b || total[i] / (b - a) * W < 3) {
    let z = i;
    while (parent[z] && total[i] / total[parent[z]] * W > 24) z = parent[z];
    go(z, 0, true);
  }
  cursor = i;
  row0 = clamp(row0, depth[i] - rows + 1, depth[i]);
  draw();
  tell(describe({i}).join(' · '));
  report();
}
function jump(by) {
  if (!wanted || !before[n]) return;
  let i = cursor;
  do i = (i + by + n) % n; while (!wanted[label[i]]);
  focus(i);
}
function walk(aside, down) {
  if (cursor < 0) return focus(zoom);
  const row = boxes.filter(b => !b.rest && b.d === depth[cursor]), at = row.findIndex(b => b.i === cursor);
  const next = aside ? row[at + aside]?.i : down === turned ? parent[cursor] : end[cursor] > cursor + 1 ? cursor + 1 : -1;
  if (next >= 0) focus(next);
}
function scroll(by) {
  const old = row0;
  row0 = clamp(row0 + by, 0, lastRow0());
  if (row0 !== old) { show(tip, false); draw(); }
  return row0 !== old;
}
function copy() {
  const stack = [];
  for (let i = cursor < 0 ? zoom : cursor; i; i = parent[i]) stack.unshift(fullName(i));
  Promise.resolve().then(() => navigator.clipboard.writeText(stack.join('\n'))).then(() => tell(`Copied ${count(stack.length, 'frame')}`), () => tell('This page may not use the clipboard'));
}
const helping = () => help.getAttribute('visibility') === 'visible';
function toggleHelp() {
  show(help, !helping());
  move(help, Math.max(0, (W - 300) / 2), clamp(top, 4, Math.max(4, H - 270)));
}
const goBack = () => { if (pushes) history.back(); };
const goHome = () => { if (zoom) go(0, 0, true); };
const escape = () => helping() ? toggleHelp() : zoom ? goHome() : query ? look('') : (cursor = -1, draw(), rest());
const keys = {
  '/': () => input.select(), '?': toggleHelp, Enter: () => cursor >= 0 && go(cursor, 0, true), Escape: escape, Home: goHome, Backspace: goBack,
  n: () => jump(1), N: () => jump(-1), c: copy, o: () => { turned = !turned; draw(); },
  PageDown: () => scroll(rows - 2), PageUp: () => scroll(2 - rows),
  ArrowUp: () => walk(0, false), ArrowDown: () => walk(0, true), ArrowLeft: () => walk(-1), ArrowRight: () => walk(1)};
function press(e) {
  let act = keys[e.key];
  const chord = e.ctrlKey || e.metaKey || e.altKey;
  if (chord && e.key === 'f') act = keys['/'];
  else if (chord) return;
  else if (e.target === input) act = {Enter: () => jump(e.shiftKey ? -1 : 1), Escape: () => { look(''); flames.focus(); }}[e.key];
  else if (e.target.act && /^(Enter| )$/.test(e.key)) act = e.target.act;
  if (act) { act(); e.preventDefault(); }
}
function listen() {
  for (const [button, act] of [[back, goBack], [reset, goHome], [ask, toggleHelp], [help, toggleHelp]]) (button.act = act, button.addEventListener('click', act));
  flames.addEventListener('click', ({target: {box: b}}) => b && go(b.i, b.rest, b.i !== zoom || (b.rest | 0) !== stop));
  flames.addEventListener('pointermove', hover);
  flames.addEventListener('pointerleave', () => { show(tip, false); rest(); });
  root.addEventListener('wheel', e => { if (!e.ctrlKey && scroll(Math.round(e.deltaY / (e.deltaMode ? 1 : 40) * (turned ? -1 : 1)) || Math.sign(e.deltaY))) e.preventDefault(); }, {passive: false});
  bar.addEventListener('pointerdown', e => bar.setPointerCapture(e.pointerId));
  bar.addEventListener('pointermove', e => { if (e.buttons) scroll(Math.round(e.movementY * (turned ? -1 : 1) * (deepest + 1) / rows / ROW)); });
  input.addEventListener('input', () => look(input.value));
  host.addEventListener('keydown', press);
  addEventListener('resize', () => { layout(); draw(); });
  addEventListener('popstate', restore);
}
load().then(() => {
  const probe = make('text');
  probe.append('m'.repeat(100));
  flames.append(probe);
  columnWidth = probe.getComputedTextLength() / 100 || columnWidth;
  pick('.hint').remove();
  set(root, {role: 'group'});
  set(flames, {tabindex: 0, role: 'tree', 'aria-label': 'Flame graph: arrow keys move between frames. Enter zooms. Escape shows everything.'});
  show(pick('.tools'), true);
  listen();
  to = total[0] || 1;
  restore();
  root.dataset.ready = n;
}, e => { pick('.hint').textContent = 'Static picture: ' + e.message; });
})();
