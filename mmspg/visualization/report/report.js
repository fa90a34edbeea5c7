// The page: filters, order, and a grid that draws only what is seen.
'use strict';

const $ = id => document.getElementById(id);
const CELL = { width: 212, height: 284, picture: 200 };
const PALETTES = { blind: ['#56b4e9', '#e69f00'], paper: ['#00d200', '#eb0000'] };
const SHADE = 0.75;
const { images, classes } = REPORT;
let shown = images;
let mark = () => {};

function decode(text) {
  return Uint8Array.from(atob(text), c => c.charCodeAt(0));
}

function fillTable(table, rows, head) {
  rows.forEach((row, i) => {
    const line = table.insertRow();
    row.forEach((text, j) => {
      const cell = document.createElement(i === 0 && head || j === 0 ? 'th' : 'td');
      cell.textContent = text;
      line.append(cell);
    });
  });
}

function open() {
  document.title = $('title').textContent = REPORT.title;
  fillTable($('summary'), REPORT.summary, false);
  fillTable($('figures'), REPORT.figures, true);
  $('protocol').textContent = REPORT.protocol;
  mark = drawCurve($('curve'), REPORT.curves);
  for (const name of classes) $('classes').append(new Option('', name));
  for (const image of images) {
    image.map = decode(image.map);
    image.text = [image.truth, image.predicted].map(i => classes[i].toLowerCase());
  }
  $('threshold').value = REPORT.threshold;
  $('threshold').addEventListener('input', soon(update));
  for (const id of ['show', 'class', 'sort']) $(id).addEventListener('input', soon(choose));
  for (const id of ['map', 'palette']) $(id).addEventListener('input', soon(draw));
  addEventListener('scroll', soon(draw));
  addEventListener('resize', soon(draw));
  update();
}

// Once a frame, however many events there are.
function soon(call) {
  let waiting = false;
  return () => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => { waiting = false; call(); });
  };
}

const reaches = iou => REPORT.strict ? iou > REPORT.iou : iou >= REPORT.iou;

let threshold = 0, figures = '', sweeps = 0;
let settled = Promise.resolve(); // when all boxes are those of the threshold

function measure(image) {
  if (image.at === threshold) return;
  image.at = threshold;
  image.box = boxOnImage(image, boxOf(image, threshold, REPORT.align));
  image.iou = bestIoU(image.box, image.boxes);
}

// A new threshold: at once the boxes in sight, then all others.
function update() {
  threshold = Number($('threshold').value);
  $('value').textContent = threshold.toFixed(2);
  mark(threshold);
  draw();
  settled = sweep(++sweeps);
}

// Measure all images, a few milliseconds at a time; a newer sweep ends it.
async function sweep(number) {
  const right = { known: 0, top1: 0, top5: 0 };
  let pause = performance.now() + 8;
  for (let i = 0; i < images.length; i++) {
    const image = images[i];
    measure(image);
    if (reaches(image.iou)) {
      right.known++;
      if (image.rank < 1) right.top1++;
      if (image.rank < 5) right.top5++;
    }
    if (performance.now() < pause) continue;
    tell(`Measuring: ${Math.floor(100 * i / images.length)} % of the images.`);
    await new Promise(done => setTimeout(done));
    if (number !== sweeps) return;
    pause = performance.now() + 8;
  }
  const percent = n => (100 * n / images.length).toFixed(1) + ' %';
  figures = `At threshold ${threshold.toFixed(2)}: GT-known ${percent(right.known)}, ` +
    `Top-1 ${percent(right.top1)}, Top-5 ${percent(right.top5)}.`;
  select();
}

function tell(text) {
  $('status').textContent = `${text} Shown: ${shown.length} of ${images.length} images.`;
}

const FILTERS = {
  all: () => true,
  right: image => image.rank < 1 && reaches(image.iou),
  class: image => image.rank > 0,
  box: image => image.rank < 1 && !reaches(image.iou),
  anybox: image => !reaches(image.iou),
};

// Which images, in which order: once all have been measured.
async function choose() {
  let waited;
  while (waited !== settled) await (waited = settled);
  select();
}

function select() {
  const part = $('class').value.trim().toLowerCase(), keep = FILTERS[$('show').value];
  shown = images.filter(image => keep(image) &&
    (!part || image.text.some(name => name.includes(part))));
  const sign = { low: 1, high: -1 }[$('sort').value];
  if (sign) shown.sort((a, b) => sign * (a.iou - b.iou));
  tell(figures);
  draw();
}

const cells = [];

function newCell() {
  const cell = document.createElement('div');
  cell.className = 'cell';
  cell.canvas = document.createElement('canvas');
  cell.canvas.width = cell.canvas.height = CELL.picture;
  cell.lines = [0, 1, 2, 3].map(() => document.createElement('div'));
  cell.append(cell.canvas, ...cell.lines);
  $('grid').append(cell);
  return cell;
}

// The cells in sight and a row beyond; those out of sight are used again.
function draw() {
  const grid = $('grid');
  const columns = Math.max(1, Math.floor(grid.clientWidth / CELL.width));
  grid.style.height = Math.ceil(shown.length / columns) * CELL.height + 'px';
  const above = -grid.getBoundingClientRect().top;
  const first = Math.max(0, Math.floor(above / CELL.height)) * columns;
  const last = Math.min(shown.length,
    (Math.ceil((above + innerHeight) / CELL.height) + 1) * columns);
  const [predicted, truth] = PALETTES[$('palette').value];
  $('predicted').style.borderColor = predicted;
  $('true').style.borderColor = truth;
  let used = 0;
  for (let i = first; i < last; i++) {
    const cell = cells[used] || (cells[used] = newCell());
    used++;
    cell.hidden = false;
    cell.style.transform = `translate(${i % columns * CELL.width}px,` +
      `${Math.floor(i / columns) * CELL.height}px)`;
    fillCell(cell, shown[i], predicted, truth);
  }
  while (used < cells.length) cells[used++].hidden = true;
}

function fillCell(cell, image, predicted, truth) {
  cell.image = image;
  measure(image);
  const [name, predictedName, trueName, figures] = cell.lines;
  name.textContent = name.title = image.id;
  const wrong = image.rank > 0;
  predictedName.className = wrong ? 'wrong' : '';
  predictedName.textContent = predictedName.title =
    `${wrong ? '✗' : '✓'} ${classes[image.predicted]}`;
  trueName.textContent = trueName.title = wrong ? `true: ${classes[image.truth]}` : '';
  figures.className = reaches(image.iou) ? '' : 'wrong';
  figures.textContent = `${reaches(image.iou) ? '✓' : '✗'} IoU ${image.iou.toFixed(2)}` +
    `, score ${image.score.toFixed(2)}`;
  if (!image.picture) {
    image.picture = new Image();
    image.picture.onload = soon(draw);
    image.picture.src = image.file;
  }
  paint(cell.canvas.getContext('2d'), image, predicted, truth);
}

function paint(context, image, predicted, truth) {
  const [width, height] = image.size;
  const scale = CELL.picture / Math.max(width, height);
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.clearRect(0, 0, CELL.picture, CELL.picture);
  context.translate((CELL.picture - width * scale) / 2, (CELL.picture - height * scale) / 2);
  context.fillStyle = '#ccc';
  context.fillRect(0, 0, width * scale, height * scale);
  if (image.picture.naturalWidth)
    context.drawImage(image.picture, 0, 0, width * scale, height * scale);
  if ($('map').checked) {
    const [x0, y0, x1, y1] = image.region;
    const sx = scale * width / image.grid[0], sy = scale * height / image.grid[1];
    context.save();
    context.beginPath();
    context.rect(0, 0, width * scale, height * scale);
    context.clip();
    context.drawImage(heatOf(image), x0 * sx, y0 * sy, (x1 - x0) * sx, (y1 - y0) * sy);
    context.rect(x0 * sx, y0 * sy, (x1 - x0) * sx, (y1 - y0) * sy);
    context.fillStyle = `rgb(0 0 0 / ${SHADE})`;
    context.fill('evenodd'); // what a crop left out
    context.restore();
  }
  for (const box of image.boxes) stroke(context, box, scale, truth, [6, 3]);
  stroke(context, image.box, scale, predicted, []);
}

function stroke(context, [x0, y0, x1, y1], scale, colour, dashes) {
  for (const [width, paint, dash] of [[4, '#000', []], [2, colour, dashes]]) {
    context.lineWidth = width;
    context.strokeStyle = paint;
    context.setLineDash(dash);
    context.strokeRect(x0 * scale, y0 * scale, (x1 + 1 - x0) * scale, (y1 + 1 - y0) * scale);
  }
}

// The map as a picture of its own size: a shade that is clear where the map
// is high, so that it is read by its lightness alone.
function heatOf(image) {
  if (!image.heat) {
    const [h, w] = image.cells;
    image.heat = document.createElement('canvas');
    image.heat.width = w;
    image.heat.height = h;
    const pixels = new ImageData(w, h);
    image.map.forEach((value, i) => { pixels.data[4 * i + 3] = (255 - value) * SHADE; });
    image.heat.getContext('2d').putImageData(pixels, 0, 0);
  }
  return image.heat;
}

open();
