// Values of figures: under the pointer, by the arrow keys, and as a table.

/** From the pointer to a value that is meant, in pixels. */
const NEAR = 16;

const bubble = element('div', {class: 'value', hidden: ''});
document.body.append(bubble);

/** Say a value beside a place of the window. */
function say(text, x, y) {
  bubble.textContent = text;
  bubble.hidden = false;
  const {width, height} = bubble.getBoundingClientRect();
  const left = Math.min(Math.max(4, x - width / 2), document.documentElement.clientWidth - width - 4);
  const above = y - height - 12;
  bubble.style.left = `${left}px`;
  bubble.style.top = `${above < 4 ? y + 18 : above}px`;
}

class Drawing {
  constructor(svg) {
    this.svg = svg;
    this.current = null;
    this.spots = [...svg.querySelectorAll('.spot')].map((spot) => {
      // The browser's own bubble would come late and lie over ours.
      const title = spot.querySelector('title');
      const label = title.textContent;
      title.remove();
      spot.setAttribute('role', 'img');
      spot.setAttribute('aria-label', label);
      spot.setAttribute('tabindex', '-1');
      const [left, top, width, height] = ['x', 'y', 'width', 'height'].map((name) => Number(spot.getAttribute(name)));
      return {spot, label, left, top, right: left + width, bottom: top + height};
    });
    if (this.spots.length === 0) return;
    this.spots[0].spot.setAttribute('tabindex', '0');
    svg.addEventListener('pointermove', (event) => this.point(event));
    svg.addEventListener('pointerdown', (event) => this.point(event));
    svg.addEventListener('pointerleave', () => this.leave());
    svg.addEventListener('keydown', (event) => this.key(event));
    svg.addEventListener('focusin', (event) => {
      const spot = this.spots.find(({spot}) => spot === event.target);
      if (spot) this.enter(spot);
    });
    svg.addEventListener('focusout', () => this.leave());
  }

  /** The value at or near a place, of several the one with the smallest area. */
  at(x, y, near) {
    let found = null;
    let least = Infinity;
    for (const spot of this.spots) {
      const dx = Math.max(spot.left - x, 0, x - spot.right);
      const dy = Math.max(spot.top - y, 0, y - spot.bottom);
      const distance = Math.hypot(dx, dy);
      const area = (spot.right - spot.left) * (spot.bottom - spot.top);
      // Any that holds the place comes before all that are near it.
      const rank = distance === 0 ? -1 / (1 + area) : distance;
      if (distance <= near && rank < least) [found, least] = [spot, rank];
    }
    return found;
  }

  point(event) {
    const toDrawing = this.svg.getScreenCTM().inverse();
    const {x, y} = new DOMPoint(event.clientX, event.clientY).matrixTransform(toDrawing);
    const found = this.at(x, y, NEAR * toDrawing.a);
    if (!found) {
      this.leave();
      return;
    }
    this.mark(found);
    say(found.label, event.clientX, event.clientY);
  }

  enter(spot) {
    this.mark(spot);
    const {left, top, width} = spot.spot.getBoundingClientRect();
    say(spot.label, left + width / 2, top);
  }

  mark(spot) {
    this.current?.spot.classList.remove('current');
    this.current = spot;
    spot.spot.classList.add('current');
  }

  leave() {
    this.current?.spot.classList.remove('current');
    this.current = null;
    bubble.hidden = true;
  }

  key(event) {
    const here = this.spots.findIndex(({spot}) => spot === document.activeElement);
    if (here < 0) return;
    const last = this.spots.length - 1;
    const places = {
      ArrowRight: Math.min(here + 1, last),
      ArrowDown: Math.min(here + 1, last),
      ArrowLeft: Math.max(here - 1, 0),
      ArrowUp: Math.max(here - 1, 0),
      Home: 0,
      End: last,
    };
    if (event.key === 'Escape') this.leave();
    const place = places[event.key];
    if (place === undefined) return;
    event.preventDefault();
    this.spots[here].spot.setAttribute('tabindex', '-1');
    this.spots[place].spot.setAttribute('tabindex', '0');
    this.spots[place].spot.focus();
  }
}

for (const svg of document.querySelectorAll('.drawing > svg')) new Drawing(svg);
addEventListener('scroll', () => { bubble.hidden = true; }, {passive: true, capture: true});

for (const {name, csv} of data.figures) {
  const details = document.querySelector(`figure[data-name="${CSS.escape(name)}"] .values`);
  details?.addEventListener('toggle', () => {
    if (!details.open || details.querySelector('table')) return;
    const [head, ...rows] = rowsOf(csv);
    const isNumber = (text) => text !== '' && Number.isFinite(Number(text));
    const cell = (text) => {
      if (!isNumber(text)) return element('td', {}, text);
      return element('td', {class: 'number', title: text}, /^\d+$/.test(text) ? text : rounded(Number(text)));
    };
    const button = element('button', {type: 'button'}, 'Save as CSV');
    button.addEventListener('click', () => save(`${name}.csv`, csv));
    const table = element('table', {},
      element('thead', {}, element('tr', {}, ...head.map((text) => element('th', {scope: 'col'}, text)))),
      element('tbody', {}, ...rows.map((row) => element('tr', {}, ...row.map(cell)))));
    details.append(button, element('div', {class: 'scroll', tabindex: '0', role: 'region', 'aria-label': 'Values'}, table));
  });
}
