// Drives Chromium over the status page: node status_page.mjs SETTINGS. Every check that fails is told; ends with 1 if one did.
import assert from 'node:assert/strict';
import { readFileSync, renameSync } from 'node:fs';
import { createRequire } from 'node:module';

const settings = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const require = createRequire(`${settings.modules}/`);
const { chromium } = require('playwright-core');
const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
const base = settings.page;
const faults = [];
const started = Date.now();

async function check(what, steps) {
  const before = Date.now();
  try {
    await steps();
    console.log(`ok ${what} (${Date.now() - before} ms)`);
  } catch (error) {
    faults.push(what);
    console.log(`FAILED ${what}: ${error.stack}`);
  }
}

/* Until the condition holds; the exporter's world changes by itself. */
async function until(what, condition, seconds = 20) {
  for (const end = Date.now() + seconds * 1000; Date.now() < end;) {
    if (await condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`it never came that ${what}`);
}

// Where the sandbox of Chromium cannot be (root, containers) it would not start; it only sees our own page.
const browser = await chromium.launch({ executablePath: settings.browser, args: ['--no-sandbox'] });

/* A page in a context of its own; what it has to complain of is a fault of the check, unless it is expected. */
async function open(address = '', options = {}) {
  const { forgive = [], clock = false, ...rest } = options;
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, reducedMotion: 'reduce', ...rest });
  const page = await context.newPage();
  const complaints = [];
  const complain = (text) => forgive.some((pattern) => pattern.test(text)) || complaints.push(text);
  page.on('console', (message) => ['error', 'warning'].includes(message.type()) && complain(message.text()));
  page.on('pageerror', (error) => complain(`script: ${error.message}`));
  page.on('request', (request) => request.url().startsWith(base) || request.url().startsWith('data:') || complain(`asks for ${request.url()}`));
  page.on('dialog', (dialog) => { complain(`dialog: ${dialog.message()}`); dialog.dismiss(); });
  await context.addInitScript(() => {
    window.violations = [];
    document.addEventListener('securitypolicyviolation', (event) => window.violations.push(`${event.violatedDirective}: ${event.blockedURI}`));
  });
  if (clock) await page.clock.install();
  const answer = await page.goto(base + address);
  const close = async () => {
    if (rest.javaScriptEnabled !== false) assert.deepEqual(await page.evaluate(() => window.violations), [], 'violations of the policy');
    assert.deepEqual(complaints, [], 'complaints of the browser');
    await context.close();
  };
  return { page, close, answer, complaints };
}

async function assertAccessible(page, what) {
  await page.evaluate(axe);
  const { violations, passes } = await page.evaluate(() => window.axe.run(document));
  const told = violations.map((rule) => `${rule.impact} ${rule.id}: ${rule.help}: ${rule.nodes.map((node) => node.html.slice(0, 160)).join(' | ')}`);
  assert.deepEqual(told, [], `accessibility of ${what}`);
  assert.ok(passes.length > 20, `axe looked at ${passes.length} rules only`);
}

const shot = (page, name) => page.screenshot({ path: `${settings.screenshots}/${name}.png`, fullPage: true });
const rows = (page) => page.locator('#rows tbody tr:visible').count();
const html = async (address = '') => (await fetch(base + address)).text();
const detailOf = (appserver, company, probe) => `?appserver=${appserver}&company=${company}&probe=${probe}`;

/* ---- a healthy fleet ---- */

await until('all targets are well', async () => /All 6 targets that ran are well/.test(await html()));

for (const colorScheme of ['light', 'dark']) {
  await check(`healthy, ${colorScheme}`, async () => {
    const { page, close, answer } = await open('', { colorScheme });
    assert.equal(answer.status(), 200);
    assert.match(answer.headers()['content-security-policy'], /^default-src 'none'/);
    assert.match(await page.title(), /^All 6 targets that ran are well/);
    assert.equal(await rows(page), 6);
    assert.equal(await page.locator('article.problem').count(), 0);
    assert.equal(await page.locator('#rows svg.sp[aria-label]').count(), 6);
    if (colorScheme === 'light') await assertAccessible(page, 'the healthy fleet');
    await shot(page, `healthy-${colorScheme}`);
    await close();
  });
}

/* ---- it fails while somebody looks ---- */

const watched = await open('', { clock: true, viewport: { width: 1280, height: 400 } });
await check('a fleet that begins to fail is shown without loading the page anew', async () => {
  const { page } = watched;
  await page.evaluate(() => { window.stayed = true; });
  renameSync(settings.failing, settings.configuration);
  process.kill(settings.agent, 'SIGHUP');
  await until('targets fail', async () => {
    const text = await html();
    return /10 of 18 targets fail/.test(text) && /the whole app server: <b>connect/.test(text) && !text.includes('for the first run');
  }, 30);
  await page.getByLabel('Find').fill('pilot');
  await page.getByLabel('Find').focus();
  await page.evaluate(() => scrollTo(0, 50));
  await page.clock.runFor(15500);
  await until('the page has renewed itself', async () => /^10 of 18 targets fail/.test(await page.title()));
  assert.equal(await page.evaluate(() => window.stayed), true);
  assert.equal(await page.getByLabel('Find').inputValue(), 'pilot');
  assert.equal(await page.evaluate(() => document.activeElement.name), 'q');
  assert.equal(await page.evaluate(() => scrollY), 50);
  assert.equal(await rows(page), 6);
  assert.match(await page.locator('#shown').textContent(), /^6 of 18 targets$/);
  assert.match(await page.locator('.sum[role=status]').textContent(), /10 of 18 targets fail/);
  await page.getByLabel('Find').fill('');
  assert.equal(await rows(page), 18);
});

await check('focus on a link of the table stays over a renewal', async () => {
  const { page } = watched;
  const link = page.locator('#rows a').nth(3);
  await link.focus();
  const before = await page.evaluate(() => document.activeElement.getAttribute('href'));
  const stamp = await page.locator('#age').textContent();
  await new Promise((resolve) => setTimeout(resolve, 1100)); // the stamp has seconds
  await page.clock.runFor(15500);
  await until('the page has renewed itself', async () => await page.locator('#age').textContent() !== stamp);
  assert.equal(await page.evaluate(() => document.activeElement.getAttribute('href')), before);
});

for (const colorScheme of ['light', 'dark']) {
  await check(`failing, ${colorScheme}`, async () => {
    const { page, close } = await open('', { colorScheme });
    assert.equal(await page.locator('h2').first().textContent(), 'What is wrong, and what to do');
    const problems = await page.locator('article.problem h3').allTextContents();
    assert.match(problems[0], /^gone, the whole app server: connect$/);
    assert.ok(problems.includes('pilot, 2 targets: client_error'), problems.join('; '));
    assert.ok(problems.includes('pilot, 2 targets: query_timeout'), problems.join('; '));
    assert.equal(problems.filter((text) => text.startsWith('gone')).length, 1);
    await assertAccessible(page, 'the failing fleet');
    await shot(page, `failing-${colorScheme}`);
    await close();
  });
}

await check('what a server says stays text', async () => {
  const { page, close } = await open('');
  const said = page.locator('blockquote', { hasText: '<script>window.hurt=1</script>' });
  assert.match(await said.first().textContent(), /<img src=x onerror="window\.hurt=2"><a href="javascript:window\.hurt=3">/);
  await page.goto(base + detailOf('pilot', 'EPIC06', 'open-orders'));
  assert.match(await page.locator('td.said').first().textContent(), /<script>window\.hurt=1<\/script>/);
  assert.equal(await page.evaluate(() => window.hurt), undefined);
  assert.equal(await page.locator('img, base, a[href^=javascript], [onerror], [onfocus]').count(), 0);
  assert.equal(await page.locator('script').count(), 1);
  await close();
});

/* ---- filter and order ---- */

await check('the filter works at once and without a request', async () => {
  const { page, close } = await open('');
  const asked = [];
  page.on('request', (request) => asked.push(request.url()));
  await page.getByRole('combobox', { name: 'State' }).selectOption('failing');
  assert.equal(await rows(page), 10);
  await page.getByLabel('Find').fill('PILOT part');
  assert.equal(await rows(page), 2);
  assert.match(await page.locator('#shown').textContent(), /^2 of 18 targets$/);
  assert.match(page.url(), /\?q=PILOT\+part&state=failing$/);
  await page.getByLabel('Find').fill('nothing like this');
  assert.equal(await rows(page), 0);
  assert.match(await page.locator('#shown').textContent(), /^None of 18 targets is like that\.$/);
  await page.getByRole('link', { name: 'Show all' }).click();
  assert.equal(await rows(page), 18);
  await page.locator('.tiles a.good').click();
  assert.equal(await rows(page), 8);
  assert.deepEqual(asked, []);
  await page.getByRole('combobox', { name: 'Order' }).selectOption('probe');
  await until('the order is another', async () => (await page.locator('#rows tbody a').first().textContent()) === 'companies.more');
  assert.equal(await rows(page), 8);
  await page.reload();
  assert.equal(await rows(page), 8);
  assert.equal(await page.getByRole('combobox', { name: 'State' }).inputValue(), 'good');
  await page.getByRole('combobox', { name: 'State' }).selectOption('');
  await until('the rows that were left out have come', async () => (await rows(page)) === 18);
  await close();
});

await check('the filter, drill-down and the way back without JavaScript', async () => {
  const { page, close } = await open('', { javaScriptEnabled: false });
  assert.equal(await rows(page), 18);
  await page.getByLabel('Find').fill('live open');
  await page.getByRole('combobox', { name: 'State' }).selectOption('good');
  await page.getByRole('button', { name: 'Show' }).click();
  assert.match(page.url(), /\?q=live\+open&state=good&sort=state$/);
  assert.equal(await rows(page), 2);
  await page.locator('#rows a').first().click();
  assert.equal(await page.locator('h1').textContent(), 'open-orders');
  await page.getByRole('link', { name: 'Back to the filtered targets' }).click();
  assert.equal(await rows(page), 2);
  assert.equal(await page.getByLabel('Find').inputValue(), 'live open');
  await page.getByRole('link', { name: 'Pause' }).click();
  assert.match(page.url(), /refresh=off/);
  assert.equal(await page.locator('meta[http-equiv]').count(), 0);
  assert.equal(await rows(page), 2);
  await page.getByRole('link', { name: 'Refresh it' }).click();
  assert.match(await page.content(), /<meta http-equiv="refresh" content="15">/);
  await close();
});

/* ---- one target ---- */

for (const colorScheme of ['light', 'dark']) {
  await check(`a failing target, ${colorScheme}`, async () => {
    const { page, close } = await open('?state=failing', { colorScheme });
    await page.locator('#rows tbody tr:visible', { hasText: 'pilot · EPIC06' }).getByRole('link', { name: 'part_on_hand' }).click();
    assert.match(page.url(), /\?appserver=pilot&company=EPIC06&probe=part_on_hand&state=failing$/);
    assert.equal(await page.locator('h1').textContent(), 'part_on_hand');
    assert.match(await page.locator('.sum').textContent(), /Failing: query_timeout/);
    assert.match(await page.locator('article.problem').textContent(), /Execution Timeout Expired/);
    assert.match(await page.locator('svg.ph').getAttribute('aria-label'), /^Last \d+ runs, \d+ failed/);
    assert.deepEqual((await page.locator('.runs thead th').allTextContents()).slice(4, 9), ['Resolve', 'Connect', 'TLS', 'Processing', 'Transfer']);
    const failure = page.locator('.failures tbody tr').first();
    assert.match(await failure.textContent(), /query_timeout500.*Execution Timeout Expired.*[0-9a-f]{8}-[0-9a-f-]{27}/);
    await assertAccessible(page, 'a failing target');
    await shot(page, `detail-${colorScheme}`);
    await page.getByRole('link', { name: 'Back to the filtered targets' }).click();
    assert.equal(await page.getByRole('combobox', { name: 'State' }).inputValue(), 'failing');
    assert.equal(await rows(page), 10);
    await close();
  });
}

await check('a target that is not there', async () => {
  const { page, close, answer } = await open(detailOf('live', 'EPIC06', 'never'), { forgive: [/status of 404/] });
  assert.equal(answer.status(), 404);
  assert.match(await page.locator('main').textContent(), /no such target/);
  await close();
});

/* ---- widths, paper, keyboard ---- */

await check('375 pixels', async () => {
  const { page, close } = await open('', { viewport: { width: 375, height: 740 } });
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth) <= 375, 'the page is wider than the screen');
  await assertAccessible(page, 'the narrow page');
  await shot(page, 'failing-narrow');
  await page.goto(base + detailOf('pilot', 'EPIC06', 'open-orders'));
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth) <= 375, 'the detail is wider than the screen');
  await shot(page, 'detail-narrow');
  await page.setViewportSize({ width: 794, height: 1123 });
  await page.goto(base);
  await page.emulateMedia({ media: 'print' });
  assert.equal(await page.locator('#filter').isVisible(), false);
  await shot(page, 'failing-print');
  await close();
});

await check('the keyboard', async () => {
  const { page, close } = await open('');
  await page.keyboard.press('Tab');
  assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Skip to the content');
  await page.keyboard.press('Enter');
  assert.equal(await page.evaluate(() => document.activeElement.id), 'main');
  await close();
});

/* ---- pausing, hiding, losing the exporter ---- */

await check('a paused or hidden page asks for nothing', async () => {
  const { page, close } = await open('', { clock: true });
  let asked = 0;
  page.on('request', () => asked++);
  const hide = (hidden) => page.evaluate((value) => {
    Object.defineProperty(document, 'hidden', { configurable: true, value });
    document.dispatchEvent(new Event('visibilitychange'));
  }, hidden);
  await page.getByRole('button', { name: 'Pause refreshing' }).click();
  await page.clock.fastForward(60000);
  assert.equal(asked, 0);
  await page.getByRole('button', { name: 'Refresh again' }).click();
  await until('it asks again', () => asked === 1);
  await until('it has an answer', () => page.getByRole('button', { name: 'Pause refreshing' }).isVisible());
  await hide(true);
  await page.clock.fastForward(120000);
  assert.equal(asked, 1);
  await hide(false);
  await until('it asks at once when it is shown again', () => asked === 2);
  await close();
});

await check('an exporter that has stopped is told', async () => {
  const { page } = watched;
  const complaints = watched.complaints.splice(0);
  assert.deepEqual(complaints, []);
  process.kill(settings.agent, 'SIGTERM');
  await until('the exporter has ended', () => fetch(base).then(() => false, () => true));
  await page.clock.runFor(15500);
  await until('the page says so', async () => /The exporter does not answer since/.test(await page.locator('#lost').textContent()));
  await page.clock.fastForward(200000);
  assert.match(await page.locator('#age').textContent(), /As of .* UTC, [34] min ago/);
  assert.equal(await rows(page), 18);
  await assertAccessible(page, 'the page that has lost its exporter');
  await page.setViewportSize({ width: 1280, height: 900 });
  await shot(page, 'lost');
  assert.ok(watched.complaints.every((text) => /ERR_CONNECTION_REFUSED/.test(text)), watched.complaints.join('; '));
  assert.deepEqual(await page.evaluate(() => window.violations), []);
});

await browser.close();
console.log(`${faults.length} checks failed; ${Date.now() - started} ms`);
process.exit(faults.length === 0 ? 0 : 1);
