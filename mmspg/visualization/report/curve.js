// The curve of accuracy over threshold, as SVG.
'use strict';

const SVG = 'http://www.w3.org/2000/svg';
const STYLES = [['#0072b2', ''], ['#d55e00', '7 4'], ['#333', '2 3']];

function shape(parent, name, attributes, text) {
  const node = document.createElementNS(SVG, name);
  for (const key in attributes) node.setAttribute(key, attributes[key]);
  if (text !== undefined) node.textContent = text;
  parent.append(node);
  return node;
}

function drawCurve(svg, curves) {
  const X = t => 34 + 290 * t, Y = v => 205 - 1.95 * v;
  for (const v of [0, 25, 50, 75, 100]) {
    shape(svg, 'line', { x1: X(0), x2: X(1), y1: Y(v), y2: Y(v), stroke: '#ddd' });
    shape(svg, 'text', { x: X(0) - 5, y: Y(v) + 4, 'text-anchor': 'end' }, v);
  }
  for (const t of [0, 0.25, 0.5, 0.75, 1])
    shape(svg, 'text', { x: X(t), y: 223, 'text-anchor': 'middle' }, t);
  const place = []; // labels, kept apart
  curves.series.forEach(({ name, values }, i) => {
    const [colour, dashes] = STYLES[i % STYLES.length];
    const points = values.map((v, j) => `${X(curves.thresholds[j])},${Y(v)}`);
    shape(svg, 'polyline', { points: points.join(' '), fill: 'none',
      stroke: colour, 'stroke-width': 2, 'stroke-dasharray': dashes });
    const y = 20 + 20 * place.push(name);
    shape(svg, 'line', { x1: 334, x2: 356, y1: y - 4, y2: y - 4, stroke: colour,
      'stroke-width': 2, 'stroke-dasharray': dashes });
    shape(svg, 'text', { x: 360, y }, name);
  });
  const mark = shape(svg, 'line', { y1: Y(100), y2: Y(0), stroke: '#111' });
  return threshold => {
    mark.setAttribute('x1', X(threshold));
    mark.setAttribute('x2', X(threshold));
  };
}
