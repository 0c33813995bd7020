// A zip of files that are compressed already: stored, names in UTF-8. Made here, so that no server has to keep pictures.

const TABLE = Uint32Array.from({ length: 256 }, (_, n) => {
  for (let k = 0; k < 8; k++) n = n & 1 ? 0xedb88320 ^ (n >>> 1) : n >>> 1;
  return n >>> 0;
});

function crc32(bytes) {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = TABLE[(crc ^ byte) & 255] ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}

function record(size, fields) {
  const view = new DataView(new ArrayBuffer(size));
  for (const [at, bytes, value] of fields) bytes === 4 ? view.setUint32(at, value, true) : view.setUint16(at, value, true);
  return new Uint8Array(view.buffer);
}

export async function zip(files) {
  const parts = [], directory = [], taken = new Set();
  let offset = 0;
  for (const file of files) {
    let name = file.name;
    for (let n = 2; taken.has(name); n++) name = file.name.replace(/(\.[^.]*)?$/, `-${n}$1`);
    taken.add(name);
    const bytes = new Uint8Array(await file.arrayBuffer());
    const label = new TextEncoder().encode(name), crc = crc32(bytes);
    const common = [[0, 2, 20], [2, 2, 0x800], [4, 2, 0], [6, 2, 0], [8, 2, 0x21], [10, 4, crc], [14, 4, bytes.length], [18, 4, bytes.length], [22, 2, label.length]];
    const shifted = (by) => common.map(([at, size, value]) => [at + by, size, value]);
    parts.push(record(30, [[0, 4, 0x04034b50], ...shifted(4)]), label, bytes);
    directory.push(record(46, [[0, 4, 0x02014b50], [4, 2, 20], ...shifted(6), [42, 4, offset]]), label);
    offset += 30 + label.length + bytes.length;
  }
  const size = directory.reduce((sum, part) => sum + part.length, 0);
  const count = files.length;
  const end = record(22, [[0, 4, 0x06054b50], [8, 2, count], [10, 2, count], [12, 4, size], [16, 4, offset]]);
  return new Blob([...parts, ...directory, end], { type: "application/zip" });
}
