'use strict';
// What the page is made of: numbers as people read them, elements, files to save.

/** Digits in groups of three. */
function grouped(digits) {
  return digits.replace(/\B(?=(\d{3})+(?!\d))/g, ',');
}

/** Four significant digits; powers of ten outside 0.001 to ten million. */
function rounded(value) {
  const size = Math.abs(value);
  if (value === 0) return '0';
  if (size < 1e-3 || 1e7 <= size) return value.toExponential(3).replace('e+', 'e');
  if (Number.isInteger(value) || 1e4 <= size) return grouped(value.toFixed(0));
  return value.toPrecision(4);
}

/** A cell as people read it. */
function shown(value, kind) {
  if (value === null) return '–';
  if (kind === 'real') return rounded(value);
  if (kind === 'count') return grouped(String(value));
  if (kind === 'flag') return value ? 'yes' : 'no';
  return value;
}

/** An element with attributes and children; texts stay texts. */
function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

/** Rows as CSV. */
function csvOf(rows) {
  const field = (value) => {
    const text = value === null ? '' : String(value);
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return rows.map((row) => row.map(field).join(',') + '\n').join('');
}

/** Rows of a CSV. */
function rowsOf(csv) {
  const rows = [[]];
  for (const [, quoted, plain, end] of csv.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/g)) {
    rows.at(-1).push(quoted === undefined ? plain : quoted.replaceAll('""', '"'));
    if (end !== ',') rows.push([]);
  }
  return rows.filter((row) => 1 < row.length || (row.length === 1 && row[0] !== ''));
}

/** Let the reader save a text. */
function save(name, text) {
  const address = URL.createObjectURL(new Blob([text], {type: 'text/csv'}));
  element('a', {href: address, download: name}).click();
  setTimeout(() => URL.revokeObjectURL(address), 10000);
}

const data = JSON.parse(document.getElementById('data').textContent);

// What is closed on the screen is open on paper.
const opened = [];
addEventListener('beforeprint', () => {
  for (const details of document.querySelectorAll('#configuration details:not([open])')) {
    details.open = true;
    opened.push(details);
  }
});
addEventListener('afterprint', () => {
  for (const details of opened.splice(0)) details.open = false;
});
