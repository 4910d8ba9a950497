"use strict";

// The page: a view of each stream, and the panel that tells of the byte pointed at.

const data = JSON.parse(document.getElementById("data").textContent);
const panel = document.querySelector("aside");
const [said, heard, table] = ["what", "at", "where"].map(id => document.getElementById(id));
const narrowest = 8; // bytes in view, at least
let current = null; // the view with the byte that was picked

class View {
  constructor(stream, section) {
    this.stream = stream;
    this.from = stream.start;
    this.to = stream.size;
    this.at = stream.start;
    add(section, "h3", {}, stream.heading);
    if (stream.size === stream.start) return;
    this.buttons(add(section, "p", { class: "buttons" }));
    this.svg = add(section, "svg", {
      tabindex: 0, role: "slider", "aria-label": `offset, ${stream.title}`,
      "aria-valuemin": stream.start, "aria-valuemax": stream.size - 1, "aria-valuenow": stream.start,
    });
    this.note(section);
    this.listen();
    new ResizeObserver(() => this.draw()).observe(section);
    this.draw();
  }

  buttons(p) {
    const button = (name, label, act) => {
      add(p, "button", { "aria-label": label, title: label }, name).onclick = act;
    };
    button("+", "closer", () => this.zoom(1 / 3));
    button("−", "farther", () => this.zoom(3));
    button("all", "the whole stream", () => this.show(this.stream.start, this.stream.size));
    button("◂", "to the left", () => this.pan(-0.5));
    button("▸", "to the right", () => this.pan(0.5));
    if (!this.stream.judged) return;
    button("✕ next cut", "next cut inside a message", () => {
      const cut = mark => mark === "cut";
      const x = this.stream.next(this.at, true, cut) ?? this.stream.next(this.stream.start - 1, true, cut);
      if (x !== undefined) this.look(x);
    });
  }

  // note says what is not in the page.
  note(section) {
    const { known, size, start, shown } = this.stream, notes = [];
    const missing = (what, end) => {
      if (end < size) notes.push(`The ${what} after offset ${number(end)} are not in this page.`);
    };
    missing("boundaries", known);
    missing("bytes", start + shown.length);
    if (notes.length) add(section, "p", { class: "note" }, notes.join(" "));
  }

  draw() {
    const width = Math.max(240, this.svg.parentElement.clientWidth);
    this.drawing = new Drawing(this.svg, this.stream, this.from, this.to, width);
    this.drawing.draw();
    this.rest();
  }

  // rest shows the byte that was picked, if it is here.
  rest() {
    this.drawing.point(this === current ? this.at : -1);
  }

  // show has the offsets from..to in view, as far as the stream has them.
  show(from, to) {
    const { start, size } = this.stream;
    const n = Math.min(size - start, Math.max(narrowest, Math.round(to - from)));
    this.from = Math.round(Math.max(start, Math.min(from, size - n)));
    this.to = this.from + n;
    this.draw();
  }

  zoom(factor, around = this.at) {
    const part = Math.max(0, Math.min(1, (around - this.from) / (this.to - this.from)));
    const n = Math.max(narrowest, (this.to - this.from) * factor);
    this.show(around - part * n, around - part * n + n);
  }

  pan(share) {
    const by = Math.round((this.to - this.from) * share);
    this.show(this.from + by, this.to + by);
  }

  // look selects a byte and shows it with what is around it.
  look(at) {
    const half = Math.max(narrowest, Math.min(30, (this.to - this.from) / 2));
    if (at < this.from || at >= this.to || this.drawing.perByte < least) this.show(at - half, at + half);
    this.select(at);
  }

  // select makes a byte the one that the page tells of, and that its address names.
  select(at) {
    const { start, size, conn, dir } = this.stream;
    this.at = Math.max(start, Math.min(size - 1, at));
    const before = current;
    current = this;
    if (before) before.rest();
    if (this.at < this.from) this.show(this.at, this.at + this.to - this.from);
    if (this.at >= this.to) this.show(this.at + 1 - (this.to - this.from), this.at + 1);
    this.rest();
    this.svg.setAttribute("aria-valuenow", this.at);
    this.svg.setAttribute("aria-valuetext", `byte at ${number(this.at)}`);
    tell(this.stream, this.at);
    history.replaceState(null, "", `#c${conn}.${dir}.${this.at}`);
  }

  listen() {
    let drag = null;
    const at = e => this.drawing.byte(e.clientX - this.svg.getBoundingClientRect().left);
    this.svg.onpointerdown = e => {
      drag = { x: e.clientX, at: at(e) };
      this.svg.setPointerCapture(e.pointerId);
    };
    this.svg.onpointermove = e => {
      if (!drag || e.pointerType !== "mouse") {
        this.drawing.point(at(e));
        return tell(this.stream, at(e));
      }
      const [from, to] = [drag.at, at(e)].sort((a, b) => a - b);
      this.rest();
      this.drawing.band("zoom", from, to + 1);
    };
    this.svg.onpointerup = e => {
      if (drag && e.pointerType === "mouse" && Math.abs(e.clientX - drag.x) > 8) {
        const [from, to] = [drag.at, at(e)].sort((a, b) => a - b);
        this.show(from, to + 1);
      } else if (drag) this.select(at(e));
      drag = null;
    };
    this.svg.onpointercancel = () => { drag = null; };
    this.svg.onpointerleave = () => {
      this.rest();
      if (current) tell(current.stream, current.at);
    };
    this.svg.addEventListener("wheel", e => {
      if (!e.ctrlKey && !e.metaKey) return; // the wheel alone moves the page
      e.preventDefault();
      this.zoom(e.deltaY > 0 ? 1.5 : 1 / 1.5, at(e));
    }, { passive: false });
    this.svg.onkeydown = e => this.key(e);
  }

  key(e) {
    const { start, size } = this.stream, any = mark => mark !== "lost", page = this.to - this.from;
    const to = at => this.select(at ?? this.at);
    const keys = {
      ArrowLeft: () => to(e.shiftKey ? this.stream.next(this.at, false, any) : this.at - 1),
      ArrowRight: () => to(e.shiftKey ? this.stream.next(this.at, true, any) : this.at + 1),
      PageUp: () => to(this.at - page), PageDown: () => to(this.at + page),
      Home: () => to(start), End: () => to(size - 1),
      "+": () => this.zoom(1 / 2), "=": () => this.zoom(1 / 2), "-": () => this.zoom(2),
      0: () => this.show(start, size),
    };
    if (!keys[e.key] || e.ctrlKey || e.metaKey || e.altKey) return;
    e.preventDefault();
    keys[e.key]();
  }
}

// tell writes what the byte at x is, and where it is, into the panel.
function tell(stream, x) {
  panel.hidden = false;
  const places = stream.rows.map(row => place(stream, row, x)).filter(Boolean);
  const what = `byte at ${number(x)}, ${stream.title}: ${value(stream, x)}`;
  said.textContent = what;
  heard.textContent = [what, ...places.map(p => p.where)].join("; ");
  table.replaceChildren();
  for (const { name, span, inside } of places) {
    const tr = add(table, "tr");
    add(tr, "th", { scope: "row" }, name);
    add(tr, "td", {}, span);
    add(tr, "td", {}, inside);
  }
}

// value is the byte itself: as it crossed the wire, and as it reads without its mask.
function value(stream, x) {
  const wire = stream.wire[x - stream.start], shown = stream.shown[x - stream.start];
  if (wire === undefined && shown === undefined) return "its value was not kept";
  const i = stream.frames ? stream.frames.spanAt(x) : -1, header = i >= 0 && stream.header(i);
  const pos = header ? x - stream.frames.starts[i] - header.size : -1;
  if (header && pos < 0) return `${hex(wire)}, of a frame's header`;
  if (!header || !header.masked) return hex(wire ?? shown) + reads(stream, stream.shown, x);
  const key = header.key[pos % 4];
  return `${hex(wire)} on the wire, ${hex(wire ^ key)} without its mask (${hex(wire)} xor ${hex(key)})` +
    (header.rsv1 ? ", compressed" : reads(stream, stream.shown, x));
}

// reads is the character that a byte is, or is a part of.
function reads(stream, bytes, x) {
  if (bytes[x - stream.start] === undefined) return "";
  const { text, n, at } = stream.character(bytes, x);
  if (text === "·") return ", no character to be seen";
  return n > 1 ? `, byte ${at + 1} of ${n} of “${text}”` : `, “${text}”`;
}

// place is where the byte at x is in a row.
function place(stream, row, x) {
  if (!row.count) return null;
  const i = row.spanAt(x);
  if (i < 0) {
    const unknown = x >= stream.known && x < row.end;
    const where = unknown ? "not in this page" : `in no ${row.noun}`;
    return { name: row.noun, span: where, inside: "", where: unknown ? `${row.noun}: ${where}` : where };
  }
  const off = row.starts[i], n = row.ends[i] - off, kind = row.runs[i].kind ? `${row.runs[i].kind} ` : "";
  const name = `${kind}${row.noun} ${number(i + 1)} of ${number(row.count)}`;
  const span = `${number(n)} ${n === 1 ? "byte" : "bytes"} at ${number(off)}`;
  let inside = `byte ${number(x - off + 1)} of ${number(n)}`;
  const header = row === stream.frames && stream.header(i);
  if (header) {
    const pos = x - off - header.size;
    inside += pos < 0 ? `, header byte ${x - off + 1} of ${header.size}`
      : `, payload byte ${number(pos + 1)} of ${number(n - header.size)}`;
  }
  return { name, span, inside, where: `${name} (${span}): ${inside}` };
}

const views = [];
const main = document.querySelector("main");
for (const figure of data.figures) {
  const section = add(main, "section", { id: `c${figure.conn}` });
  add(section, "h2", {}, figure.title);
  for (const note of figure.notes) add(section, "p", {}, note);
  for (const map of figure.maps) views.push(new View(new Stream(map, figure.conn), section));
}
if (data.more) add(main, "p", { class: "note" }, `${number(data.more)} more connections are not in this page.`);

// follow goes to the byte that the page's address names.
function follow() {
  const [, conn, dir, at] = /^#c(\d+)\.(c2s|s2c)\.(\d+)$/.exec(location.hash) || [];
  const view = views.find(v => v.svg && v.stream.conn === Number(conn) && v.stream.dir === dir);
  if (!view) return;
  view.look(Number(at));
  view.svg.focus();
}
window.addEventListener("hashchange", follow);
follow();
