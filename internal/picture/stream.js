"use strict";

// A stream: its rows of spans, its first bytes, and what a byte or a boundary is in it.

// after is the number of the sorted numbers that are not greater than x.
function after(sorted, x) {
  let lo = 0, hi = sorted.length;
  while (lo < hi) {
    const mid = (lo + hi) >> 1;
    if (sorted[mid] > x) hi = mid;
    else lo = mid + 1;
  }
  return lo;
}

const number = n => String(n).replace(/\B(?=(\d{3})+$)/g, ",");
const hex = byte => byte.toString(16).padStart(2, "0");

class Row {
  constructor(data, start) {
    Object.assign(this, data);
    this.starts = [];
    this.ends = [];
    this.kinds = [];
    let at = start;
    for (const { n, times, kind } of data.runs) {
      for (let i = 0; i < times; i++) {
        if (n >= 0) {
          this.starts.push(at);
          this.ends.push(at + n);
          if (kind) this.kinds.push(kind);
        }
        at += Math.abs(n);
      }
    }
    this.bounds = [];
    for (let i = 0; i < this.ends.length; i++) {
      for (const x of [this.starts[i], this.ends[i]]) {
        if (x !== this.bounds[this.bounds.length - 1]) this.bounds.push(x);
      }
    }
  }

  // has says whether a span begins or ends at x.
  has(x) { return this.bounds[after(this.bounds, x) - 1] === x; }

  // spanAt is the index of the span that the byte at x is in, or -1.
  spanAt(x) {
    const i = after(this.ends, x);
    return i < this.ends.length && this.starts[i] <= x ? i : -1;
  }

  // inside says whether x lies inside a span, and not on one of its boundaries.
  inside(x) {
    const i = this.spanAt(x);
    return i >= 0 && this.starts[i] < x;
  }

  between(from, to) { return this.bounds.slice(after(this.bounds, from - 1), after(this.bounds, to)); }
}

class Stream {
  constructor(data, conn) {
    Object.assign(this, data);
    this.conn = conn;
    const bytes = base64 => Uint8Array.from(atob(base64 || ""), c => c.charCodeAt(0));
    this.wire = bytes(data.wire);
    this.payload = bytes(data.payload);
    this.rows = data.rows.map(row => new Row(row, data.start));
    this.reference = this.rows[data.reference];
    this.frames = this.rows.find(row => row.noun === "frame");
  }

  // shown are the bytes as people read them.
  get shown() { return this.payload.length ? this.payload : this.wire; }

  // verdict is what a boundary of a row is to the messages: the name of its mark.
  verdict(row, x) {
    if (!this.reference) return "alone";
    if (this.reference.has(x) || x === this.start) return "agree";
    if (!this.reference.inside(x)) return "alone";
    return row === this.frames ? "part" : "cut";
  }

  // lost are the boundaries of messages that a row lacks, as far as it reaches.
  lost(row, from, to) {
    const end = Math.min(to, row.end, this.known);
    return this.reference ? this.reference.between(from, end).filter(x => !row.has(x)) : [];
  }

  // next is the nearest boundary of any row behind x, or in front of it, for which want is true; or undefined.
  next(x, forward, want) {
    let best;
    for (const row of this.rows) {
      const step = forward ? 1 : -1, first = forward ? after(row.bounds, x) : after(row.bounds, x - 1) - 1;
      for (let i = first; i >= 0 && i < row.bounds.length; i += step) {
        const at = row.bounds[i];
        if (best !== undefined && (at - best) * step >= 0) break;
        if (want(row, at)) best = at;
      }
    }
    return best;
  }

  // header is what the header of the frame number i says, or null if its bytes are not here or do not fit it.
  header(i) {
    const off = this.frames.starts[i] - this.start, n = this.frames.ends[i] - this.frames.starts[i];
    const b = this.wire.subarray(off, off + Math.min(n, 14));
    if (b.length < 2) return null;
    const masked = b[1] >= 128, short = b[1] & 127, extended = short === 127 ? 8 : short === 126 ? 2 : 0;
    const size = 2 + extended + (masked ? 4 : 0);
    if (b.length < size) return null;
    let length = extended ? 0 : short;
    for (const byte of b.subarray(2, 2 + extended)) length = length * 256 + byte;
    if (size + length !== n) return null;
    return { size, masked, fin: b[0] >= 128, rsv1: (b[0] & 64) > 0, key: b.subarray(size - 4, size) };
  }

  // character is the one that the byte at x belongs to: what stands for it, how many bytes it has, and which of them
  // this is, from 0. Bytes that are none, or only a part of one, stand alone.
  character(bytes, x) {
    const at = x - this.start;
    for (let back = 0; back < 4 && back <= at; back++) {
      const lead = bytes[at - back];
      if ((lead & 0xc0) === 0x80) continue;
      const n = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
      const text = decode(bytes.subarray(at - back, at - back + n));
      if (back < n && text !== null) return { text, n, at: back };
      break;
    }
    return { text: "·", n: 1, at: 0 };
  }
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

// decode is the one character that bytes are, a dot if it cannot be seen or joins another; null if they are none.
function decode(bytes) {
  try {
    const text = utf8.decode(bytes);
    return /^[\p{L}\p{N}\p{P}\p{S}\p{Zs}]$/u.test(text) ? text : "·";
  } catch {
    return null;
  }
}
