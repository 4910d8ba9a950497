"use strict";

// A drawing of a part of a stream, in an <svg> as wide as the page has room for.

const margin = 14, rowHeight = 20, rowPitch = 44, least = 9, forHex = 17, binWidth = 7;

// add appends an element to another. Text is text, whatever is in it.
function add(parent, name, attributes = {}, text = "") {
  const svg = /^(svg|g|path|text|tspan|rect)$/.test(name);
  const element = svg ? document.createElementNS("http://www.w3.org/2000/svg", name) : document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.textContent = text;
  parent.append(element);
  return element;
}

class Drawing {
  constructor(svg, stream, from, to, width) {
    Object.assign(this, { svg, stream, from, to, width });
    this.perByte = (width - 2 * margin) / (to - from);
    this.known = Math.min(to, stream.known);
  }

  x(offset) { return Math.round((margin + (offset - this.from) * this.perByte) * 10) / 10; }

  // byte is the one at a place of the picture.
  byte(x) {
    const at = this.from + Math.floor((x - margin) / this.perByte);
    return Math.max(this.from, Math.min(this.to - 1, at));
  }

  draw() {
    this.svg.replaceChildren();
    this.y = 14;
    this.ruler();
    if (this.perByte >= least) this.content();
    this.tops = new Map();
    for (const row of this.stream.rows) this.row(row);
    this.svg.setAttribute("height", this.y + 8);
    this.svg.setAttribute("width", this.width);
    this.overlay = add(this.svg, "g", { class: "overlay" });
  }

  // point shows where a byte is: a band over all rows, and a frame around its span in each.
  point(at) {
    this.overlay.replaceChildren();
    if (at < this.from || at >= this.to) return;
    for (const [row, y] of this.tops) {
      const i = row.spanAt(at);
      if (i < 0 || at >= this.known) continue;
      const x = this.x(Math.max(row.starts[i], this.from)), right = this.x(Math.min(row.ends[i], this.known));
      add(this.overlay, "rect", { class: "around", x, y, width: Math.max(1, right - x), height: rowHeight, rx: 2 });
    }
    this.band("here", at, at + 1);
  }

  band(name, from, to) {
    const width = Math.max(2, this.x(to) - this.x(from));
    add(this.overlay, "rect", { class: name, x: this.x(from), y: 0, width, height: this.y, rx: 2 });
  }

  path(parent, name, d) { if (d) add(parent, "path", { class: name, d }); }

  text(parent, name, x, y, text) { add(parent, "text", { class: name, x, y }, text); }

  ruler() {
    let step = 1;
    for (let i = 0; step * this.perByte < 7 * number(this.to).length + 14; i++) step *= i % 3 === 1 ? 2.5 : 2;
    const ticks = [];
    for (let x = Math.ceil(this.from / step) * step; x <= this.to; x += step) ticks.push(x);
    if (ticks[0] !== this.from && (ticks[0] - this.from) * this.perByte > 7 * number(this.from).length + 8) {
      ticks.unshift(this.from);
    }
    for (const x of ticks) {
      if (this.x(x) + 3.5 * number(x).length < this.width) this.text(this.svg, "tick", this.x(x), this.y, number(x));
    }
    this.path(this.svg, "rule", ticks.map(x => `M${this.x(x)} ${this.y + 4}v4`).join(""));
    this.y += 10;
  }

  content() {
    const { stream } = this, bytes = stream.shown;
    const middle = (x, n) => this.x(x) + this.perByte * n / 2;
    const last = (b) => Math.min(this.to, stream.start + b.length);
    this.y += 16;
    for (let x = this.from; x < last(bytes);) {
      const { text, n, at } = stream.character(bytes, x);
      const name = text === "·" ? "byte dot" : "byte";
      if (x - at >= this.from && text.trim()) this.text(this.svg, name, middle(x - at, n), this.y, text);
      x += n - at;
    }
    if (this.perByte >= forHex) {
      this.y += 15;
      for (let x = this.from; x < last(stream.wire); x++) {
        this.text(this.svg, "hex", middle(x, 1), this.y, hex(stream.wire[x - stream.start]));
      }
    }
    this.y += 4;
  }

  row(row) {
    const g = add(this.svg, "g", { class: /message/.test(row.noun) ? "message" : "row" });
    const label = add(g, "text", { x: margin, y: this.y + 13 }, row.label);
    if (row.compared) add(label, "tspan", { class: row.rating, dx: 10 }, row.compared);
    const y = this.y + 20;
    this.y += rowPitch;
    this.tops.set(row, y);
    this.boxes(g, row, y);
    this.marks(g, row, y);
    this.captions(g, row, y);
    const end = Math.min(row.end, this.to), known = Math.max(this.from, this.known);
    if (end > known) this.path(g, "unknown", `M${this.x(known)} ${y + rowHeight / 2}H${this.x(end)}`);
  }

  // visible are the row's spans in view.
  * visible(row) {
    for (let i = after(row.ends, this.from); i < row.ends.length && row.starts[i] < this.known; i++) {
      const from = Math.max(row.starts[i], this.from), to = Math.min(row.ends[i], this.known);
      if (to > from) yield { i, from, to, whole: from === row.starts[i] && to === row.ends[i] };
    }
  }

  boxes(g, row, y) {
    let d = "", end = -1;
    for (const { from, to } of this.visible(row)) {
      const narrow = this.x(to) - this.x(from) < 3, left = this.x(from), right = this.x(to);
      if (narrow && right - end < 1 && to < this.known) continue; // within a pixel of what is drawn
      d += `M${narrow && end >= 0 ? Math.max(end, left - 3) : left} ${y}H${right}v${rowHeight}H${left}z`;
      end = right;
    }
    this.path(g, "box", d);
  }

  marks(g, row, y) {
    const bins = new Map();
    for (let i = after(row.at, this.from - 1); row.at[i] <= this.known; i++) {
      const at = row.at[i], kind = row.marks[i], bin = Math.floor((this.x(at) - margin) / binWidth);
      if (!bins.has(bin)) bins.set(bin, { agree: 0, alone: 0, cut: 0, part: 0, lost: 0 });
      bins.get(bin)[kind]++;
      bins.get(bin)[kind === "lost" ? "lostX" : "x"] = at;
    }
    const paths = {};
    for (const [i, b] of bins) {
      const name = together(bins, i), x = this.x(name === "lost" ? b.lostX : b.x);
      const left = margin + i * binWidth, right = Math.min(left + binWidth, this.width - margin);
      const fill = `M${Math.min(left, right - 3)} ${y}H${right}v${rowHeight}H${left}z`;
      const bar = `M${x} ${y - 3}v26`, cross = bar + "m-4 -17l8 8m0 -8l-8 8", foot = `M${x} ${y}v${rowHeight}m-4 0h8`;
      const shape = { dense: fill, mixed: fill, sparse: fill, cut: cross, part: foot }[name] || bar;
      paths[name] = (paths[name] || "") + shape;
    }
    for (const name of ["dense", "mixed", "sparse", "agree", "alone", "lost", "part", "cut"]) {
      this.path(g, name, paths[name]);
    }
  }

  captions(g, row, y) {
    for (const { i, from, to, whole } of this.visible(row)) {
      const room = this.x(to) - this.x(from) - 12;
      if (room < 6) continue;
      const { n, captions = [number(n)] } = row.runs[i];
      const texts = whole ? captions : [`${row.noun} ${number(i + 1)}`];
      const text = texts.find(text => 6.4 * text.length <= room);
      if (text) this.text(g, "size", (this.x(from) + this.x(to)) / 2, y + 14, text);
    }
  }
}

// mark is how the boundaries in one bin are drawn.
function mark(b) {
  const count = b.agree + b.alone + b.cut + b.part;
  if (count > 1) return b.cut ? "mixed" : "dense";
  if (count === 1 && !(b.agree && b.lost)) return b.cut ? "cut" : b.part ? "part" : b.alone ? "alone" : "agree";
  return b.lost > 1 ? "sparse" : "lost";
}

// severals are the marks for more than one of a kind.
const severals = { cut: "mixed", part: "dense", agree: "dense", alone: "dense", lost: "sparse" };

// together is the mark of bin i: one boundary among several of its kind is drawn like them.
function together(bins, i) {
  const own = mark(bins.get(i)), several = severals[own];
  const beside = [i - 1, i + 1].some(j => bins.has(j) && mark(bins.get(j)) === several);
  return beside ? several : own;
}
