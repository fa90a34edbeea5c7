// The page: filters, order, and a grid that draws only what is seen.
'use strict';

const $ = id => document.getElementById(id);
const CELL = { width: 212, height: 284, picture: 200 };
const PALETTES = { blind: ['#56b4e9', '#e69f00'], paper: ['#00d200', '#eb0000'] };
const SHADE = 0.75;
const { images, classes } = REPORT;
const known = images.filter(image => image.truths.length);
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

// x0 y0 x1 y1 of the box at each position of the slider.
function decodeBoxes(text) {
  const bytes = decode(text), boxes = new Uint16Array(bytes.length / 2);
  for (let i = 0; i < boxes.length; i++) boxes[i] = bytes[2 * i] | bytes[2 * i + 1] << 8;
  return boxes;
}

// The best IoU with a true box, both in inclusive pixels.
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

function open() {
  document.title = $('title').textContent = REPORT.title;
  fillTable($('summary'), REPORT.summary, false);
  fillTable($('figures'), REPORT.figures, true);
  $('protocol').textContent = REPORT.protocol;
  if (REPORT.curves.series.length) mark = drawCurve($('curve'), REPORT.curves);
  else $('curves').remove();
  if (REPORT.precision.series.length) drawCurve($('precision'), REPORT.precision)(0.5);
  else $('coverage').remove();
  $('reliability').textContent = REPORT.reliability;
  $('perclass').hidden = !REPORT.perClass.length;
  $('perclass').addEventListener('toggle',
    () => fillTable($('classtable'), REPORT.perClass, true), { once: true });
  for (const node of document.querySelectorAll('.truth')) node.hidden = !known.length;
  for (const name of classes) $('classes').append(new Option('', name));
  for (const image of images) {
    image.map = decode(image.map);
    image.boxes = decodeBoxes(image.boxes);
    image.text = [image.truth ?? image.predicted, image.predicted]
      .map(i => classes[i].toLowerCase());
  }
  $('threshold').max = REPORT.thresholds.length - 1;
  $('threshold').value = REPORT.thresholds.indexOf(REPORT.threshold);
  $('threshold').addEventListener('input', soon(update));
  for (const id of ['show', 'class', 'sort']) $(id).addEventListener('input', soon(select));
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

let position = -1, figures = '';

function measure(image) {
  image.box = image.boxes.subarray(4 * position, 4 * position + 4);
  image.iou = image.truths.length ? bestIoU(image.box, image.truths) : NaN;
}

// A new threshold: all boxes, all figures.
function update() {
  position = Number($('threshold').value);
  const threshold = REPORT.thresholds[position];
  $('value').textContent = Number(threshold.toFixed(4));
  mark(threshold);
  images.forEach(measure);
  const percent = keep =>
    (100 * known.filter(i => reaches(i.iou) && keep(i)).length / known.length).toFixed(1) + ' %';
  figures = `At threshold ${Number(threshold.toFixed(4))}` + (!known.length ? '.'
    : `: GT-known ${percent(() => true)}, Top-1 ${percent(image => image.rank < 1)}, ` +
      `Top-5 ${percent(image => image.rank < 5)}.`);
  select();
}

function tell(text) {
  $('status').textContent = `${text} Shown: ${shown.length} of ${images.length} images.`;
}

// Neither an image without a true class nor one without a true box is wrong.
const wrongBox = image => image.truths.length > 0 && !reaches(image.iou);
const FILTERS = {
  all: () => true,
  right: image => image.rank === 0 && reaches(image.iou),
  class: image => image.rank > 0,
  box: image => image.rank === 0 && wrongBox(image),
  anybox: wrongBox,
};

// Which images, in which order.
function select() {
  const part = $('class').value.trim().toLowerCase(), keep = FILTERS[$('show').value];
  shown = images.filter(image => keep(image) &&
    (!part || image.text.some(name => name.includes(part))));
  const sign = { low: 1, high: -1 }[$('sort').value];
  if (sign) shown.sort((a, b) => sign * ((a.iou || 0) - (b.iou || 0)));
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
  const [name, predictedName, trueName, figures] = cell.lines;
  name.textContent = name.title = image.id;
  const wrong = image.rank > 0, boxed = image.truths.length > 0;
  predictedName.className = wrong ? 'wrong' : '';
  predictedName.textContent = predictedName.title =
    `${image.rank === null ? '' : wrong ? '✗ ' : '✓ '}${classes[image.predicted]}`;
  trueName.textContent = trueName.title = wrong ? `true: ${classes[image.truth]}` : '';
  figures.className = wrongBox(image) ? 'wrong' : '';
  figures.textContent = (boxed ? `${wrongBox(image) ? '✗' : '✓'} IoU ${image.iou.toFixed(2)}, ` : '') +
    `score ${image.score.toFixed(2)}`;
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
    context.save();
    context.beginPath();
    context.rect(0, 0, width * scale, height * scale);
    context.clip();
    context.drawImage(heatOf(image), x0 * scale, y0 * scale, (x1 - x0) * scale, (y1 - y0) * scale);
    context.rect(x0 * scale, y0 * scale, (x1 - x0) * scale, (y1 - y0) * scale);
    context.fillStyle = `rgb(0 0 0 / ${SHADE})`;
    context.fill('evenodd'); // what a crop left out
    context.restore();
  }
  for (const box of image.truths) stroke(context, box, scale, truth, [6, 3]);
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
