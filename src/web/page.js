'use strict';
/* The page is whole without this. With it, it renews itself in place: focus, scroll and what is being typed stay; and it filters
   at once. */
(() => {
  const PERIOD = 15000, LIMIT = 10000;
  const $ = (id, of = document) => of.getElementById(id);
  const generator = (of) => of.querySelector('meta[name=generator]')?.content;
  const whole = () => $('rows')?.hasAttribute('data-all');
  const time = (at) => new Date(at).toISOString().slice(11, 19) + ' UTC';

  /* ---- making one tree like another: only what differs is touched ---- */

  /* By their ids: what the reader or this script holds. */
  const KEPT = new Set(whole() ? ['filter', 'lost', 'age', 'shown', 'all'] : ['filter', 'lost', 'age']);
  const key = (node) => node.nodeType !== 1 ? node.nodeName
    : node.id || node.dataset.key || node.nodeName + (node.nodeName === 'TR' ? rowKey(node) : '');
  const rowKey = (row) => row.cells[0]?.querySelector('time')?.dateTime || row.cells[0]?.textContent;

  function likenChildren(old, now) {
    const known = new Map();
    for (const child of old.childNodes) {
      const name = key(child);
      known.has(name) ? known.get(name).push(child) : known.set(name, [child]);
    }
    const pairs = [...now.childNodes].map((wanted) => [wanted, known.get(key(wanted))?.shift()]);
    const left = new Set([...known.values()].flat());
    for (const child of left) if (!KEPT.has(child.id)) child.remove();
    let place = old.firstChild;
    for (const [wanted, found] of pairs) {
      while (left.has(place)) place = place.nextSibling;
      if (!found) old.insertBefore(document.importNode(wanted, true), place);
      else if (found === place) place = place.nextSibling;
      else old.insertBefore(found, place);
      if (found) liken(found, wanted);
    }
  }

  function liken(old, now) {
    if (old.nodeType !== 1) {
      if (old.nodeValue !== now.nodeValue) old.nodeValue = now.nodeValue;
      return;
    }
    if (KEPT.has(old.id) || old.isEqualNode(now)) return;
    for (const { name } of [...old.attributes]) if (!now.hasAttribute(name)) old.removeAttribute(name);
    for (const { name, value } of now.attributes) if (old.getAttribute(name) !== value) old.setAttribute(name, value);
    likenChildren(old, now);
  }

  /* ---- filtering ---- */

  const form = $('filter');
  const filterNames = ['q', 'state', 'sort'];

  /* What the form says, as it stands in an address. */
  function filterSaid() {
    const said = new URLSearchParams(new FormData(form)), kept = new URLSearchParams();
    for (const name of filterNames) {
      const value = said.get(name).trim();
      if (value && !(name === 'sort' && value === 'state')) kept.set(name, value);
    }
    return kept;
  }

  function filterIn(address) {
    const url = new URL(address);
    url.hash = '';
    if (form) {
      for (const name of filterNames) url.searchParams.delete(name);
      for (const [name, value] of filterSaid()) url.searchParams.set(name, value);
    }
    return url;
  }

  /* Hides the rows of a table that are not asked for, as the server does (page_targets.c). Returns how many are shown. */
  function filterRows(of) {
    const words = form.q.value.toLowerCase().split(/\s+/).filter(Boolean), state = form.state.value;
    const said = filterSaid().toString(), suffix = said && '&' + said;
    let shown = 0;
    for (const row of $('rows', of).tBodies[0].rows) {
      const [name, cell] = row.cells, link = name.querySelector('a'), href = link.getAttribute('href');
      const bare = href.replace(/&(q|state|sort)=[^&]*/g, '') + suffix;
      const own = [...cell.childNodes].filter((node) => node.nodeType === 3).map((node) => node.data);
      const text = `${name.textContent}\n${own.join('')}`.toLowerCase();
      row.hidden = (state && cell.className !== state) || !words.every((word) => text.includes(word));
      if (!row.hidden) shown++;
      if (bare !== href) link.setAttribute('href', bare);
    }
    return shown;
  }

  function tellFilter(shown) {
    const all = $('rows').tBodies[0].rows.length, text = shown === 0 && all > 0 ? `None of ${all} targets is like that.`
      : `${shown} of ${all} target${all === 1 ? '' : 's'}`;
    if ($('shown').textContent !== text) $('shown').textContent = text;
    let link = $('all');
    if (!link) {
      link = document.createElement('a');
      link.id = 'all';
      link.textContent = 'Show all';
      $('shown').after(link);
    }
    const bare = filterIn(location.href);
    bare.searchParams.delete('q');
    bare.searchParams.delete('state');
    link.setAttribute('href', bare.search || './');
    link.hidden = shown === all && !form.q.value && !form.state.value;
  }

  function filter() {
    tellFilter(filterRows(document));
    history.replaceState(null, '', filterIn(location.href));
  }

  /* ---- renewing ---- */

  let still = new URL(location.href).searchParams.get('refresh') === 'off';
  let loaded = Date.now(), lostSince = 0, stamp = '', busy = null, timer = 0;

  function tellAge() {
    const seconds = Math.round((Date.now() - loaded) / 1000);
    const age = seconds < 120 ? `${seconds} s` : seconds < 7200 ? `${Math.floor(seconds / 60)} min` : `${Math.floor(seconds / 3600)} h`;
    if (lostSince) $('age-now').textContent = `, ${age} ago`;
  }

  function tellLost(why) {
    lostSince ||= Date.now();
    const text = `${why} since ${time(lostSince)}. What stands here is ${stamp.replace('As', 'as')}.`;
    if (!$('lost').textContent) $('lost').textContent = text;
    tellAge();
  }

  function tellFound() {
    loaded = Date.now();
    lostSince = 0;
    $('lost').textContent = '';
    $('age-now').textContent = '';
  }

  /* The whole page again, unfiltered where the filter is ours. */
  function address() {
    if (!whole()) return new URL(location.href); // the server filters, when it is asked to
    const url = filterIn(location.href);
    url.searchParams.delete('q');
    url.searchParams.delete('state');
    return url;
  }

  function take(text) {
    const now = new DOMParser().parseFromString(text, 'text/html');
    if (!generator(now)?.startsWith('epicor_exporter ')) return tellLost('Something other than the exporter answers');
    if (generator(now) !== generator(document)) return location.reload(); // upgraded
    const filtering = whole() && $('rows', now);
    const shown = filtering ? filterRows(now) : 0;
    if (document.title !== now.title) document.title = now.title;
    const icon = document.querySelector('link[rel=icon]'), href = now.querySelector('link[rel=icon]')?.getAttribute('href');
    if (icon && href && icon.getAttribute('href') !== href) icon.setAttribute('href', href);
    const focused = document.activeElement;
    for (const part of ['main', 'body > header', 'footer']) liken(document.querySelector(part), now.querySelector(part));
    if (focused !== document.activeElement && focused.isConnected) focused.focus({ preventScroll: true });
    dressAge(now);
    tellFound();
    if (filtering) tellFilter(shown);
  }

  async function renew() {
    clearTimeout(timer);
    busy?.abort();
    const mine = busy = new AbortController(), limit = setTimeout(() => mine.abort(), LIMIT);
    try {
      const answer = await fetch(address(), { cache: 'no-store', headers: { Accept: 'text/html' }, signal: mine.signal });
      const text = await answer.text();
      if (busy !== mine) return;
      if (answer.ok || answer.status === 404) take(text);
      else tellLost(`The exporter answers ${answer.status}`);
    } catch {
      if (busy !== mine) return;
      tellLost('The exporter does not answer');
    } finally {
      clearTimeout(limit);
      if (busy === mine) {
        busy = null;
        plan();
      }
    }
  }

  function plan() {
    clearTimeout(timer);
    if (!still && !document.hidden) timer = setTimeout(renew, Math.max(0, loaded + PERIOD - Date.now()) || PERIOD);
  }

  /* The line of the age: its link becomes a button. */
  function dressAge(of) {
    stamp = $('age', of)?.textContent.match(/As of [-0-9]+ [:0-9]+ UTC/)?.[0] ?? '';
    if ($('pause')) {
      $('age').firstChild.data = stamp;
      return;
    }
    const old = document.createElement('span'), button = document.createElement('button');
    old.id = 'age-now';
    button.id = 'pause';
    button.type = 'button';
    button.addEventListener('click', () => {
      still = !still;
      tellButton();
      if (still) clearTimeout(timer);
      else renew();
    });
    $('age').replaceChildren(stamp, old, button);
    tellButton();
  }

  function tellButton() {
    const text = still ? 'Refresh again' : 'Pause refreshing';
    if ($('pause').textContent !== text) $('pause').textContent = text;
  }

  dressAge(document);
  tellFound();
  document.addEventListener('visibilitychange', () => {
    if (document.hidden) clearTimeout(timer);
    else if (!still) Date.now() - loaded > PERIOD ? renew() : plan();
  });
  setInterval(tellAge, 1000);
  if (form && whole()) {
    form.addEventListener('input', filter);
    form.sort.addEventListener('change', renew);
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      filter();
    });
    document.addEventListener('click', (event) => {
      const link = event.target.closest('a');
      if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
      if (link.dataset.state !== undefined || link.id === 'all') {
        event.preventDefault();
        form.q.value = '';
        form.state.value = link.dataset.state ?? '';
        filter();
        if (link.id === 'all') form.q.focus();
        else $('targets').scrollIntoView();
      }
    });
    if (form.q.value || form.state.value) renew(); // the rows that the server left out
  }
  plan();
})();
