'use strict';
// Every text is there in every language, says the same things, and is shown somewhere.

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const test = require('node:test');

const ROOT = process.env.REGULARS_MINIPROGRAM;
const { LANGUAGES, TABLES, labels, languageOf, speaker } = require(path.join(ROOT, 'shared/texts.js'));

const names = (table) =>
  Object.keys(table)
    .filter((group) => group !== 'name')
    .flatMap((group) => Object.keys(table[group]).map((name) => `${group}.${name}`));
const placeholders = (text) => [...new Set([text].flat().join(' ').match(/\{\w+\}/g) || [])].sort();

test('the same texts are there in every language, with the same names to fill in', () => {
  assert.deepEqual(LANGUAGES, ['zh_Hans', 'zh_Hant', 'en', 'es']);
  for (const language of LANGUAGES) {
    assert.deepEqual(names(TABLES[language]), names(TABLES.en), language);
    for (const name of names(TABLES.en)) {
      const [group, key] = name.split('.');
      const text = TABLES[language][group][key];
      assert.deepEqual(placeholders(text), placeholders(TABLES.en[group][key]), `${language} ${name}`);
      [text].flat().forEach((one) => assert.ok(one.trim() || key === 'colon', `${language} ${name} says nothing`));
    }
  }
});

test('English is in no other table', () => {
  const same = names(TABLES.en).filter((name) => {
    const [group, key] = name.split('.');
    return TABLES.zh_Hans[group][key] === TABLES.en[group][key];
  });
  assert.deepEqual(same.filter((name) => name !== 'time.clock'), []);
});

test('plurals are chosen by number, tags of any telephone find their table', () => {
  assert.equal(speaker('en')('wallet.card_left', { n: 1 }), '1 stamp to go');
  assert.equal(speaker('en-US')('wallet.card_left', { n: 2 }), '2 stamps to go');
  assert.equal(speaker('es_MX')('wallet.card_left', { n: 1 }), 'Falta 1 sello');
  assert.equal(speaker('zh_CN')('wallet.card_left', { n: 1 }), '还差 1 个');
  assert.equal(languageOf('zh-Hant-TW'), 'zh_Hant');
  assert.equal(speaker('zh_TW')('wallet.card_left', { n: 1 }), '還差 1 個');
  assert.equal(TABLES.zh_Hant.name, '繁體中文');
  assert.equal(languageOf('fr'), 'en');
  assert.equal(languageOf(undefined), 'en');
  assert.throws(() => speaker('en')('wallet.no_such'), /no text wallet.no_such/);
  assert.deepEqual(Object.keys(labels('en', ['wallet'])), ['common', 'wallet']);
});

test('each text that is named is there, and each that is there is named', () => {
  const folders = [ROOT, path.join(ROOT, '../bot/web/h5')];
  const sources = folders
    .filter((folder) => fs.existsSync(folder))
    .flatMap((folder) => fs.readdirSync(folder, { recursive: true }).map((name) => path.join(folder, name)))
    .filter((file) => /\.(js|wxml|html)$/.test(file) && !/shared\/texts\.js$/.test(file));
  const written = sources.map((file) => fs.readFileSync(file, 'utf8')).join('\n');
  const there = new Set(names(TABLES.en));
  const groups = Object.keys(TABLES.en).filter((group) => group !== 'name');
  const named = new Set(
    [...written.matchAll(new RegExp(`(?:\\bt\\.|['"\`])((?:${groups.join('|')})\\.[a-z_]+)\\b`, 'g'))].map((one) => one[1])
  );
  const missing = [...named].filter((name) => !there.has(name) && !/_$/.test(name) && name !== 'wallet.js');
  assert.deepEqual(missing, [], 'named, but in no table');
  const composed = (name) => /^(problem\.|rewards\.state_|orders\.is_|nav\.)/.test(name);
  const idle = [...there].filter((name) => !named.has(name) && !composed(name));
  assert.deepEqual(idle, [], 'in the tables, but nowhere named');
});
