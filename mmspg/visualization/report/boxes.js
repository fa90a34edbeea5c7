// From a stored score map to the box of its largest part, as Python's
// boxes_at_thresholds(place_score_map(...)) with the rule largest_area does.
'use strict';

// Where the pixels of one side of the image fall among the cells of the map:
// runs of pixels between the same two cells, and each pixel's weight.
function axisOf(begin, end, side, cells, align) {
  const first = Math.max(0, Math.ceil(begin - 0.5 - 1e-6));
  const last = Math.max(first,
    Math.min(side, Math.floor(end - 0.5 + 1e-6) + 1));
  const below = new Int32Array(last - first);
  const weight = new Float64Array(last - first);
  for (let i = 0; i < below.length; i++) {
    const pixel = first + i + 0.5 - begin;
    const at = Math.min(cells - 1, Math.max(0, align
      ? (pixel - 0.5) * (cells - 1) / Math.max(end - begin - 1, 1e-6)
      : pixel * cells / (end - begin) - 0.5));
    below[i] = Math.min(Math.floor(at), Math.max(cells - 2, 0));
    weight[i] = at - below[i];
  }
  const starts = [];
  for (let i = 0; i < below.length; i++)
    if (i === 0 || below[i] !== below[i - 1]) starts.push(i);
  starts.push(below.length);
  return { first, below, weight, starts };
}

const axes = new Map(); // images of one size share them

function cachedAxis(...geometry) {
  const key = geometry.join();
  if (!axes.has(key)) axes.set(key, axisOf(...geometry));
  return axes.get(key);
}

// The image's axes, and the least and greatest value on its pixels.
function prepare(image, align) {
  const [h, w] = image.cells;
  const [x0, y0, x1, y1] = image.region;
  image.x = cachedAxis(x0, x1, image.grid[0], w, align);
  image.y = cachedAxis(y0, y1, image.grid[1], h, align);
  const row = new Float64Array(w + 1);
  let low = Infinity, high = -Infinity;
  for (let r = 0; r < image.y.below.length; r++) {
    fillRow(image, r, row);
    const { below, weight, starts } = image.x;
    for (let s = 0; s + 1 < starts.length; s++)
      for (const i of [starts[s], starts[s + 1] - 1]) {
        const a = row[below[i]];
        const value = a + (row[below[i] + 1] - a) * weight[i];
        if (value < low) low = value;
        if (value > high) high = value;
      }
  }
  image.peaks = new Float64Array(h + 1); // of each row of cells
  for (let r = 0; r < h; r++)
    image.peaks[r] = Math.max(...image.map.subarray(r * w, r * w + w));
  image.peaks[h] = image.peaks[h - 1];
  image.low = low;
  image.high = high;
}

// The map's cells along pixel row r; one more, so that one column works.
function fillRow(image, r, row) {
  const [h, w] = image.cells, { map, y } = image;
  const top = y.below[r] * w;
  const bottom = Math.min(y.below[r] + 1, h - 1) * w, t = y.weight[r];
  for (let c = 0; c < w; c++)
    row[c] = map[top + c] + (map[bottom + c] - map[top + c]) * t;
  row[w] = row[w - 1];
}

// Runs of foreground, row by row; parent is the union-find's.
let room = 4096;
let begin = new Int32Array(room), finish = new Int32Array(room);
let parent = new Int32Array(room), area = new Int32Array(room);
let left = new Int32Array(room), right = new Int32Array(room);
let top_ = new Int32Array(room), bottom_ = new Int32Array(room);

function grow() {
  const larger = old => {
    const array = new Int32Array(2 * room);
    array.set(old);
    return array;
  };
  [begin, finish, parent, area, left, right, top_, bottom_] =
    [begin, finish, parent, area, left, right, top_, bottom_].map(larger);
  room *= 2;
}

function root(i) {
  while (parent[i] !== i) i = parent[i] = parent[parent[i]];
  return i;
}

// The first run in raster order stands for its component.
function join(a, b) {
  a = root(a);
  b = root(b);
  if (a === b) return;
  if (b < a) [a, b] = [b, a];
  parent[b] = a;
  area[a] += area[b];
  left[a] = Math.min(left[a], left[b]);
  right[a] = Math.max(right[a], right[b]);
  top_[a] = Math.min(top_[a], top_[b]);
  bottom_[a] = Math.max(bottom_[a], bottom_[b]);
}

const line = new Float64Array(4096);

// The box x0 y0 x1 y1, in inclusive pixels of the image's grid, of the
// largest 8-connected part where the map exceeds the threshold; the first
// in raster order among equals; [0, 0, 0, 0] where nothing does.
function boxOf(image, threshold, align) {
  if (image.low === undefined) prepare(image, align);
  const { low, high, peaks, x, y } = image;
  if (!(high > low)) return [0, 0, 0, 0];
  const cut = low + threshold * (high - low);
  const { below, weight, starts } = x;
  let count = 0, before = 0, here = 0; // runs; first of last and of this row
  for (let r = 0; r < y.below.length; r++) {
    before = here;
    here = count;
    const cell = y.below[r];
    if (peaks[cell] <= cut && peaks[cell + 1] <= cut) continue;
    fillRow(image, r, line);
    let open = -1;
    const close = end => {
      if (open < 0) return;
      if (count === room) grow();
      begin[count] = left[count] = x.first + open;
      finish[count] = right[count] = x.first + end - 1;
      area[count] = end - open;
      top_[count] = bottom_[count] = y.first + r;
      parent[count] = count++;
      open = -1;
    };
    for (let s = 0; s + 1 < starts.length; s++) {
      const from = starts[s], to = starts[s + 1];
      const a = line[below[from]], b = line[below[from] + 1];
      if (a > cut && b > cut) {
        if (open < 0) open = from;
      } else if (a <= cut && b <= cut) {
        close(from);
      } else { // linear, so at most one change
        for (let i = from; i < to; i++)
          if (a + (b - a) * weight[i] > cut) {
            if (open < 0) open = i;
          } else close(i);
      }
    }
    close(below.length);
    // Each run with those of the row above that touch it, corners too.
    for (let i = here, j = before; i < count && j < here;) {
      if (begin[i] <= finish[j] + 1 && begin[j] <= finish[i] + 1) join(i, j);
      if (finish[i] < finish[j]) i++;
      else j++;
    }
  }
  let best = -1;
  for (let i = 0; i < count; i++)
    if (parent[i] === i && (best < 0 || area[i] > area[best])) best = i;
  return best < 0 ? [0, 0, 0, 0]
    : [left[best], top_[best], right[best], bottom_[best]];
}

// To inclusive pixels of the image, if its grid is coarser.
function boxOnImage(image, box) {
  const sx = image.size[0] / image.grid[0], sy = image.size[1] / image.grid[1];
  return [Math.round(box[0] * sx), Math.round(box[1] * sy),
    Math.round((box[2] + 1) * sx) - 1, Math.round((box[3] + 1) * sy) - 1];
}

function bestIoU(box, truths) {
  const size = b => (b[2] - b[0] + 1) * (b[3] - b[1] + 1);
  let best = 0;
  for (const truth of truths) {
    const width = Math.min(box[2], truth[2]) - Math.max(box[0], truth[0]) + 1;
    const height = Math.min(box[3], truth[3]) - Math.max(box[1], truth[1]) + 1;
    const both = Math.max(width, 0) * Math.max(height, 0);
    best = Math.max(best, both / (size(box) + size(truth) - both));
  }
  return best;
}
