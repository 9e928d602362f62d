// Tables that are sorted by their heads, filtered, and whose columns are chosen.

/** Rows that are laid out at first, and more of them at a time. */
const FIRST_ROWS = 200;
const MORE_ROWS = 1000;
/** Texts from this length on break into lines. */
const LONG = 60;

const collator = new Intl.Collator('en', {numeric: true});

/** A column whose values are asked for by row. */
function columnOf({name, unit, hint, kind, head, shown: isShown, ...stored}) {
  let at = (row) => stored.values[row];
  if (stored.same !== undefined) at = () => stored.same;
  if (stored.at) at = (row) => (stored.at[row] === null ? null : stored.words[stored.at[row]]);
  const isNumeric = kind === 'count' || kind === 'real';
  return {name, unit, hint, kind, head, isShown, isSame: stored.same !== undefined, isNumeric, at};
}

/** A name that may break after its dots and underscores. */
function breakable(name) {
  return name.split(/(?<=[._])/).flatMap((part) => [part, element('wbr')]);
}

/** Rows by a column; those without a value last. */
function order(rows, column, isDescending) {
  const compare = column.isNumeric
    ? (a, b) => Number(a) - Number(b)
    : (a, b) => collator.compare(String(a), String(b));
  return rows.toSorted((a, b) => {
    const [x, y] = [column.at(a), column.at(b)];
    if (x === null || y === null) return (x === null) - (y === null) || a - b;
    return (isDescending ? compare(y, x) : compare(x, y)) || a - b;
  });
}

class DataTable {
  constructor(root, {id, n, columns}) {
    this.id = id;
    this.n = n;
    this.columns = columns.map(columnOf);
    this.rows = Array.from({length: n}, (_, row) => row);
    this.sorted = null;
    this.limit = FIRST_ROWS;
    for (const part of ['thead', 'tbody', '.filter', '.status', '.same', '.choices', '.more', '.download']) {
      this[part.replace('.', '')] = root.querySelector(part);
    }
    this.filter.addEventListener('input', () => this.show());
    this.download.addEventListener('click', () => this.save());
    this.thead.addEventListener('click', (event) => {
      const button = event.target.closest('button');
      if (button) this.sort(button.dataset.column);
    });
    this.choose();
    this.sayWhatIsSame();
    this.show();
  }

  get shownColumns() {
    return this.columns.filter(({isShown}) => isShown);
  }

  /** Check boxes for columns. */
  choose() {
    for (const column of this.columns) {
      const box = element('input', {type: 'checkbox'});
      box.checked = column.isShown;
      box.addEventListener('change', () => {
        column.isShown = box.checked;
        this.show();
      });
      this.choices.append(element('label', {title: column.hint}, box, column.name));
    }
  }

  sayWhatIsSame() {
    const same = this.columns.filter(({isSame}) => isSame);
    if (same.length === 0) return;
    const values = same.map(({name, unit, kind, at}) => `${name} ${shown(at(0), kind)} ${unit}`.trim());
    this.same.append(`The same in every row: ${values.join(' · ')}`);
  }

  sort(name) {
    const isDescending = this.sorted?.name === name && !this.sorted.isDescending;
    this.sorted = {name, isDescending};
    this.show();
    // The head was made anew.
    this.thead.querySelector(`button[data-column="${CSS.escape(name)}"]`)?.focus();
  }

  show() {
    const {matches, unknown} = filterOf(this.filter.value, this.columns);
    let rows = Array.from({length: this.n}, (_, row) => row).filter(matches);
    const sorted = this.sorted && this.columns.find(({name}) => name === this.sorted.name);
    if (sorted) rows = order(rows, sorted, this.sorted.isDescending);
    this.rows = rows;
    this.head();
    this.body();
    const there = unknown.length === 0 ? '' : `; there is no column ${unknown.join(', ')}`;
    const part = this.limit < rows.length ? `, the first ${grouped(String(this.limit))} below` : '';
    const count = rows.length === this.n ? grouped(String(this.n)) : `${grouped(String(rows.length))} of ${grouped(String(this.n))}`;
    const text = `${count} ${this.n === 1 ? 'row' : 'rows'}${part}${there}`;
    if (this.status.textContent !== text) this.status.textContent = text;
    this.status.classList.toggle('bad', unknown.length !== 0);
  }

  head() {
    const cells = this.shownColumns.map((column) => {
      const button = element('button', {type: 'button', 'data-column': column.name, title: column.hint}, ...breakable(column.name));
      if (column.unit) button.append(' ', element('span', {class: 'unit'}, column.unit));
      const cell = element('th', {scope: 'col', class: column.isNumeric ? 'number' : ''}, button);
      if (this.sorted?.name === column.name) {
        cell.setAttribute('aria-sort', this.sorted.isDescending ? 'descending' : 'ascending');
      }
      return cell;
    });
    this.thead.replaceChildren(element('tr', {}, ...cells));
  }

  body() {
    const columns = this.shownColumns;
    const rows = this.rows.slice(0, this.limit).map((row) => element('tr', {}, ...columns.map((column) => this.cell(column, row))));
    this.tbody.replaceChildren(...rows);
    const left = this.rows.length - rows.length;
    if (left <= 0) {
      this.more.replaceChildren();
      return;
    }
    const button = (text, limit) => {
      const made = element('button', {type: 'button'}, text);
      made.addEventListener('click', () => {
        this.limit = limit;
        this.show();
      });
      return made;
    };
    const next = Math.min(left, MORE_ROWS);
    this.more.replaceChildren(button(`Show ${grouped(String(next))} more`, this.limit + next));
    if (next < left) this.more.append(button(`Show all ${grouped(String(this.rows.length))}`, this.rows.length));
  }

  cell({name, kind, head, isNumeric, at}, row) {
    const value = at(row);
    const text = shown(value, kind);
    const cell = element(head ? 'th' : 'td', head ? {scope: 'row'} : {}, text);
    if (isNumeric) cell.classList.add('number');
    if (value === null) cell.classList.add('none');
    else if (isNumeric && text !== String(value)) cell.title = String(value);
    if (value !== null && name === 'error') cell.classList.add('failed');
    else if (LONG <= text.length) cell.classList.add('long');
    return cell;
  }

  save() {
    const rows = this.rows.map((row) => this.columns.map(({at}) => at(row)));
    save(`${this.id}.csv`, csvOf([this.columns.map(({name}) => name), ...rows]));
  }
}

for (const table of data.tables) {
  new DataTable(document.querySelector(`[data-table="${CSS.escape(table.id)}"]`), table);
}
