// Filters: words in any column, and comparisons of one.

const COMPARISONS = {
  '<=': (a, b) => a <= b,
  '>=': (a, b) => b <= a,
  '!=': (a, b) => a !== b,
  '<': (a, b) => a < b,
  '>': (a, b) => b < a,
  '=': (a, b) => a === b,
};

/** Words, and texts in quotes, apart. */
function wordsOf(text) {
  return [...text.matchAll(/(?:[^\s"]|"[^"]*"?)+/g)].map(([word]) => word.replaceAll('"', ''));
}

/**
 * What a row must be, as functions of its number.
 * A word that compares something which is not a column is said to be one that is not there.
 */
function filterOf(text, columns) {
  const tests = [];
  const unknown = [];
  let words = null;
  for (const word of wordsOf(text)) {
    const parts = /^([A-Za-z_][\w.]*)(<=|>=|!=|<|>|=)(.*)$/.exec(word);
    const column = parts && columns.find(({name}) => name.toLowerCase() === parts[1].toLowerCase());
    if (!column) {
      if (parts && /^[<>]/.test(parts[2])) unknown.push(parts[1]);
      const wanted = word.toLowerCase();
      words ??= searchable(columns);
      tests.push((row) => words(row).includes(wanted));
      continue;
    }
    const [, , sign, right] = parts;
    // Nothing to compare with yet: the reader is still typing.
    if (right === '') continue;
    const compare = COMPARISONS[sign];
    const isNumeric = column.kind === 'count' || column.kind === 'real';
    const wanted = isNumeric ? Number(right) : right.toLowerCase();
    tests.push((row) => {
      const value = column.at(row);
      if (value === null) return false;
      return compare(isNumeric ? Number(value) : String(shown(value, column.kind)).toLowerCase(), wanted);
    });
  }
  return {unknown, matches: (row) => tests.every((test) => test(row))};
}

/** All of a row in small letters, made once. */
function searchable(columns) {
  const made = columns[0]?.searchable ?? [];
  if (columns[0]) columns[0].searchable = made;
  return (row) => {
    made[row] ??= columns
      .map((column) => {
        const value = column.at(row);
        return value === null ? '' : `${value}\n${shown(value, column.kind)}`;
      })
      .join('\n')
      .toLowerCase();
    return made[row];
  };
}
