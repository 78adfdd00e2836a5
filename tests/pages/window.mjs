// A window of a real browser, for the test that runs it: a command a line, and for each a line that tells what came of it.
// It decides nothing; what a page must be like stands in the test.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { chromium } from 'playwright-core';
import { settings, tell } from './talk.mjs';

const given = await settings();
const rules = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const browser = await chromium.launch({ executablePath: given.chromium, args: ['--disable-gpu'] });
const context = await browser.newContext({ viewport: { width: 1000, height: 800 } });
context.setDefaultTimeout(given.patience_ms);
const page = await context.newPage();
const tools = await context.newCDPSession(page);

const requests = [];
const complaints = [];
page.on('request', (request) => requests.push({ url: request.url(), kind: request.resourceType() }));
page.on('requestfailed', (request) => complaints.push(`${request.url()}: ${request.failure()?.errorText}`));
page.on('pageerror', (error) => complaints.push(String(error)));
page.on('console', (message) => complaints.push(`${message.type()}: ${message.text()}`));

// The rules need promises and timers of their own, so scripts are switched by hand, and on only while nothing is done.
const allow = (value) => tools.send('Emulation.setScriptExecutionDisabled', { value: !value });

await allow(given.scripts);
await page.goto('data:text/html,<p>off</p><script>document.querySelector("p").innerText = "on"</script>');
const scripts = await page.evaluate(() => document.querySelector('p').innerText);
if (scripts !== (given.scripts ? 'on' : 'off')) throw new Error(`scripts are ${scripts}`);
requests.length = 0;

let status = 0;

async function leading(action) {
  const arrived = page.waitForEvent('framenavigated', (frame) => frame === page.mainFrame());
  const answered = page.waitForEvent('response', (answer) => {
    const request = answer.request();
    return request.isNavigationRequest() && answer.status() !== 302 && answer.status() !== 303;
  });
  await Promise.all([arrived, answered, action()]);
  status = (await answered).status();
  await page.waitForLoadState('load');
}

// Where the keyboard is, as a program for people who do not see the page is told of it.
async function focus() {
  const { result } = await tools.send('Runtime.evaluate', { expression: 'document.activeElement' });
  const { nodes } = await tools.send('Accessibility.getPartialAXTree', { objectId: result.objectId, fetchRelatives: false });
  const [node] = nodes;
  const property = (name) => node.properties?.find((own) => own.name === name)?.value.value ?? null;
  const outside = await page.evaluate(() => document.activeElement === document.body);
  const drawn = await page.evaluate(() => {
    const element = document.activeElement;
    const style = getComputedStyle(element);
    const box = element.getBoundingClientRect();
    return {
      outline: { style: style.outlineStyle, width: parseFloat(style.outlineWidth), color: style.outlineColor },
      behind: getComputedStyle(document.querySelector('main')).backgroundColor,
      within: box.top >= 0 && box.bottom <= innerHeight && box.left >= 0 && box.right <= innerWidth,
      value: element.value ?? null,
    };
  });
  return {
    outside,
    node: node.backendDOMNodeId,
    role: node.role?.value ?? '',
    name: node.name?.value ?? '',
    description: node.description?.value ?? '',
    invalid: property('invalid'),
    ...drawn,
  };
}

// What the document says of itself.
function document_facts() {
  const all = (selector) => [...document.querySelectorAll(selector)];
  const near = (field, alert) => alert.getBoundingClientRect().top - field.getBoundingClientRect().bottom;
  return {
    title: document.title,
    language: document.documentElement.lang,
    address: location.href,
    headings: all('h1').map((heading) => heading.innerText),
    levels: all('h1, h2, h3, h4, h5, h6').map((heading) => Number(heading.tagName[1])),
    alerts: all('[role=alert]').map((alert) => alert.innerText),
    scripts: all('script, [onclick], [onload], [onsubmit], a[href^="javascript:"]').length,
    styles: all('style, [style]').length,
    text: document.body.innerText,
    fields: all('input:not([type=hidden]), textarea, select').map((field) => ({
      name: field.name,
      type: field.type,
      autocomplete: field.autocomplete,
      label: field.labels[0]?.innerText ?? null,
      described: (field.getAttribute('aria-describedby') ?? '').split(' ').filter(Boolean).map((id) => {
        const words = document.getElementById(id);
        return { text: words?.innerText ?? null, gap: words === null ? null : Math.round(near(field, words)) };
      }),
    })),
    steps: all('a[href], button, input:not([type=hidden]), textarea, select, [tabindex]').length,
    tabindexes: all('[tabindex]').map((element) => element.tabIndex),
  };
}

// What does not fit into the window.
function measures() {
  const root = document.documentElement;
  const beyond = [...document.querySelectorAll('body *')].filter((element) => {
    const box = element.getBoundingClientRect();
    return box.width > 0 && (box.right > innerWidth + 0.5 || box.left < -0.5);
  });
  return {
    excess: root.scrollWidth - root.clientWidth,
    beyond: beyond.map((element) => element.outerHTML.slice(0, 120)),
    small: [...document.querySelectorAll('button, input:not([type=hidden]), textarea')]
      .filter((element) => element.getBoundingClientRect().height < 24)
      .map((element) => element.outerHTML.slice(0, 120)),
  };
}

async function offences() {
  await allow(true);
  try {
    if (await page.evaluate(() => typeof axe === 'undefined')) await page.evaluate(rules);
    const found = await page.evaluate(() => axe.run(document, { resultTypes: ['violations', 'incomplete'] }));
    const told = (sort) =>
      found[sort].map(({ id, help, nodes }) => ({ sort, id, help, nodes: nodes.map(({ html }) => html.slice(0, 160)) }));
    return { offences: [...told('violations'), ...told('incomplete')], passed: found.passes.map(({ id }) => id) };
  } finally {
    await allow(given.scripts);
  }
}

async function look({ name }) {
  // Before the rules run, which leave traces.
  const facts = await page.evaluate(document_facts);
  const views = [];
  for (const scheme of ['light', 'dark']) {
    for (const width of [320, 1000]) {
      await page.emulateMedia({ colorScheme: scheme });
      await page.setViewportSize({ width, height: 800 });
      const path = `${given.pictures}/${name}-${width}-${scheme}.png`;
      await page.screenshot({ path, fullPage: true });
      // Colours depend on the scheme, places on the width: twice is enough for the rules.
      const judged = (scheme === 'light') === (width === 320) ? await offences() : null;
      views.push({ scheme, width, ...(await page.evaluate(measures)), judged });
    }
  }
  return { ...facts, views };
}

const commands = {
  open: ({ address }) => leading(() => page.goto(address, { waitUntil: 'commit' })),
  press: ({ key }) => page.keyboard.press(key),
  press_and_go: ({ key }) => leading(() => page.keyboard.press(key)),
  type: ({ text }) => page.keyboard.type(text),
  focus,
  look,
  page: () => page.evaluate(document_facts),
  heard: () => ({ requests, complaints }),
};

// What never answers must end the test with its name.
const patient = (what, action) => {
  const late = (_, reject) => setTimeout(() => reject(new Error(`${what} took too long`)), 2 * given.patience_ms).unref();
  return Promise.race([action, new Promise(late)]);
};

for (;;) {
  const command = await settings();
  if (command.do === 'close') break;
  try {
    const told = await patient(command.do, commands[command.do](command));
    tell(command.do, { status, ...told });
  } catch (error) {
    tell('fault', { error: String(error), address: page.url(), complaints });
  }
}
await browser.close();
process.exit(0);
