"use strict";

// A stream as it was laid out: its rows of spans and marks, its first bytes, and where a byte is in it.

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

// unrolled calls f for each of what runs are made of.
function unrolled(runs, f) {
  for (const run of runs) {
    for (let i = 0; i <= (run.more ?? 0); i++) f(run);
  }
}

class Row {
  constructor(data, start) {
    Object.assign(this, data);
    this.starts = [];
    this.ends = [];
    this.runs = []; // what else there is to say of each span
    let at = start;
    unrolled(data.spans, run => {
      if (run.n >= 0) {
        this.starts.push(at);
        this.ends.push(at + run.n);
        this.runs.push(run);
      }
      at += Math.abs(run.n);
    });
    this.at = []; // where the marks are, and what they mean
    this.marks = [];
    at = start;
    unrolled(data.marks, ({ n, kind }) => {
      this.at.push(at += n);
      this.marks.push(kind);
    });
  }

  // spanAt is the index of the span that the byte at x is in, or -1.
  spanAt(x) {
    const i = after(this.ends, x);
    return i < this.ends.length && this.starts[i] <= x ? i : -1;
  }
}

class Stream {
  constructor(data, conn) {
    Object.assign(this, data);
    this.conn = conn;
    const bytes = base64 => Uint8Array.from(atob(base64 || ""), c => c.charCodeAt(0));
    this.wire = bytes(data.wire);
    this.payload = bytes(data.payload);
    this.rows = data.rows.map(row => new Row(row, data.start));
    this.frames = this.rows.find(row => row.noun === "frame");
  }

  // shown are the bytes as people read them.
  get shown() { return this.payload.length ? this.payload : this.wire; }

  // next is the nearest boundary of any row after x, or before it, that has such a mark; or undefined.
  next(x, forward, want) {
    let best;
    for (const { at, marks } of this.rows) {
      const step = forward ? 1 : -1;
      for (let i = forward ? after(at, x) : after(at, x - 1) - 1; i >= 0 && i < at.length; i += step) {
        if (best !== undefined && (at[i] - best) * step >= 0) break;
        if (want(marks[i])) best = at[i];
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
