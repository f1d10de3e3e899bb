const SIZE = 45;

// Looks like a QR code and says nothing: the finders, and a pattern between.
function finder(x, y) {
  for (const [left, top] of [[0, 0], [SIZE - 7, 0], [0, SIZE - 7]]) {
    const [dx, dy] = [x - left, y - top];
    if (dx >= -1 && dx <= 7 && dy >= -1 && dy <= 7) {
      const ring = Math.max(Math.abs(dx - 3), Math.abs(dy - 3));
      return ring === 3 || ring <= 1 ? '1' : '0';
    }
  }
  return null;
}

/** A matrix as the core would hand it over. */
export const qr = {
  size: SIZE,
  modules: Array.from({ length: SIZE * SIZE }, (_, i) => {
    const [x, y] = [i % SIZE, Math.floor(i / SIZE)];
    return finder(x, y) ?? ((x * x * 7 + y * y * 13 + x * y * 5) % 11 < 5 ? '1' : '0');
  }).join(''),
};
