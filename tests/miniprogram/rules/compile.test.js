'use strict';
// Tencent's own compiler takes every template and every style; it refuses broken ones.

const assert = require('node:assert/strict');
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const test = require('node:test');

const ROOT = process.env.REGULARS_MINIPROGRAM;
const BIN = path.join(path.dirname(require.resolve('miniprogram-compiler')), 'bin');
const SYSTEM = { linux: 'linux', darwin: 'mac', win32: 'windows' }[process.platform];

function compiled(program, folder, args) {
  const file = path.join(BIN, SYSTEM, process.platform === 'win32' ? `${program}.exe` : program);
  fs.chmodSync(file, 0o755);
  const ended = spawnSync(file, args, { cwd: folder, maxBuffer: 1 << 24 });
  return { ok: ended.status === 0, output: String(ended.stderr) + (ended.status === 0 ? '' : String(ended.stdout)) };
}

const files = (kind) =>
  fs
    .readdirSync(ROOT, { recursive: true })
    .filter((name) => name.endsWith(`.${kind}`))
    .map((name) => name.split(path.sep).join('/'));

function broken(kind, text, program, args) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'broken-'));
  fs.writeFileSync(path.join(folder, `bad.${kind}`), text);
  const ended = compiled(program, folder, args);
  fs.rmSync(folder, { recursive: true });
  return ended;
}

test('every wxml compiles', () => {
  assert.ok(files('wxml').length >= 15);
  for (const file of files('wxml')) {
    const ended = compiled('wcc', ROOT, ['-d', '-cc', '0', file, '-gn', '$gwx']);
    assert.ok(ended.ok, `${file}: ${ended.output}`);
  }
});

test('every wxss compiles', () => {
  const own = files('wxss').filter((file) => file.includes('/'));
  const shared = files('wxss').filter((file) => !file.includes('/'));
  const ended = compiled('wcsc', ROOT, ['-db', '-pc', String(own.length), ...own, ...shared]);
  assert.ok(ended.ok, ended.output);
  assert.ok(own.length >= 15);
});

test('a broken one is refused', () => {
  assert.match(broken('wxml', '<view><text></view>', 'wcc', ['-d', '-cc', '0', 'bad.wxml', '-gn', '$gwx']).output, /bad\.wxml/);
  assert.ok(!broken('wxml', '<view wx:if="{{a b}}"></view>', 'wcc', ['-d', '-cc', '0', 'bad.wxml', '-gn', '$gwx']).ok);
  assert.ok(!broken('wxss', '.a { color: red', 'wcsc', ['-db', '-pc', '1', 'bad.wxss']).ok);
});

test('every component that is used is there, and every handler that is bound', () => {
  for (const file of files('wxml')) {
    const here = path.join(ROOT, file.replace(/\.wxml$/, ''));
    const uses = JSON.parse(fs.readFileSync(`${here}.json`, 'utf8')).usingComponents;
    const template = fs.readFileSync(`${here}.wxml`, 'utf8');
    for (const [name, where] of Object.entries(uses)) {
      assert.ok(template.includes(`<${name}`), `${file} does not use ${name}`);
      assert.ok(fs.existsSync(path.join(path.dirname(here), `${where}.wxml`)), `${file}: ${where}`);
    }
    for (const [, name] of template.matchAll(/<(shop-\w+|privacy-\w+)/g)) {
      assert.ok(uses[name], `${file}: <${name}> is not declared`);
    }
    const script = fs.readFileSync(`${here}.js`, 'utf8') + fs.readFileSync(path.join(ROOT, 'page.js'), 'utf8');
    for (const [, handler] of template.matchAll(/(?:bind|catch)[a-z]+="(\w+)"/g)) {
      assert.match(script, new RegExp(`\\b${handler}\\(`), `${file}: nothing is called ${handler}`);
    }
  }
});
