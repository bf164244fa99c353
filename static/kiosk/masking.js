/* sync/wire/masking.py once more, for what a page keeps in its own store: the same steps on the same tables and patterns
   (MASKS stands before this), which a test holds equal. What each step is for is said there. */
"use strict";

const Masking = (() => {
  const { folds, mails, accounts, phones, plates, tokens } = MASKS;
  const NUMBER = "[0-9]+";
  const named = (words) => new Set(words.split(" "));

  const pattern = (source, flags = "u") => new RegExp(source, flags);
  const whole = (source) => pattern(`^(?:${source})$`);
  const all = (source, text) => Array.from(text.matchAll(pattern(source, "gu")));
  /* The match that begins at this very place. */
  function at(source, text, place) {
    source.lastIndex = place;
    return source.exec(text);
  }

  // -- folding

  const same = new Map();
  for (const [one, ways] of Object.entries(folds.same)) for (const way of ways) same.set(way, one);
  for (let place = 0; place < 94; place++) same.set(String.fromCodePoint(0xff01 + place), String.fromCodePoint(0x21 + place));
  for (const zero of folds.zeros) {
    for (let digit = 0; digit < 10; digit++) same.set(String.fromCodePoint(zero + digit), String(digit));
  }
  for (let code = folds.alphabets[0]; code < folds.alphabets[1]; code++) {
    const place = code - folds.alphabets[0];
    same.set(String.fromCodePoint(code), String.fromCodePoint((Math.floor(place / 26) % 2 ? 97 : 65) + (place % 26)));
  }

  function folded(character) {
    if (same.has(character)) return same.get(character);
    const code = character.codePointAt(0);
    return code < 0xd800 || (code >= 0xe000 && code <= 0xffff) ? character : folds.other;
  }

  const lower = (text) => text.replace(/[A-ZÀ-ÖØ-Þ]/gu, (letter) => letter.toLowerCase());

  /* `text` as its characters. */
  function fold(text) {
    const places = [];
    let plain = "";
    text.forEach((character, place) => {
      const one = folded(character);
      plain += one;
      if (one) places.push(place);
    });
    return { plain, low: lower(plain), places };
  }

  // -- mail

  const AT_WORD = whole(mails.words);
  const DOT = pattern(mails.dot, "uy");
  const DOT_BEFORE = pattern(mails.dotBefore);
  const LITERAL = pattern(mails.literal, "uy");
  const [LOCAL, LABEL, SPACELESS] = [mails.local, mails.label, mails.spaceless].map((one) => pattern(one));
  const ENDINGS = named(mails.endings);
  const PROVIDERS = named(mails.providers);

  function inMails({ plain, low }) {
    const found = [];
    let done = 0;
    for (const mark of all(mails.at, low)) {
      const said = mark[0];
      const isWord = AT_WORD.test(said.replace(/^ +| +$/g, ""));
      const [end, spelled] = domain(plain, low, mark.index + said.length, said === "@", isWord);
      const start = end ? localStart(plain, low, mark.index, spelled || !said.includes("@")) : 0;
      if (end && done <= start && start < mark.index) {
        found.push([start, end]);
        done = end;
      }
    }
    return found;
  }

  function localStart(plain, low, end, spelled) {
    let start = wordStart(plain, end);
    for (let i = 0; spelled && start < end && i < 3; i++) {
      const dot = DOT_BEFORE.exec(low.slice(Math.max(start - 24, 0), start));
      if (!dot) break;
      const before = wordStart(plain, start - dot[0].length);
      if (before === start - dot[0].length) break;
      start = before;
    }
    return start;
  }

  function wordStart(plain, end) {
    if (end && plain[end - 1] === '"') {
      const within = plain.slice(Math.max(end - mails.longest - 2, 0), end - 1);
      const opened = within.lastIndexOf('"') < 0 ? -1 : end - 1 - within.length + within.lastIndexOf('"');
      return opened >= 0 && !plain.slice(opened, end).includes("\n") ? opened : end;
    }
    let start = end;
    const mixed = end > 0 && SPACELESS.test(plain[end - 1]);
    while (start && LOCAL.test(plain[start - 1]) && (mixed || !SPACELESS.test(plain[start - 1]))) start -= 1;
    while (start < end && mails.edges.includes(plain[start])) start += 1;
    return start;
  }

  function domain(plain, low, from, isSure, isWord) {
    const literal = isSure && at(LITERAL, plain, from);
    if (literal) return [from + literal[0].length, false];
    const labels = [];
    let [start, end, spelled] = [from, 0, false];
    const mixed = start < plain.length && SPACELESS.test(plain[start]);
    for (;;) {
      const last = labelEnd(plain, start, mixed);
      if (last === start) break;
      const label = low.slice(start, last);
      if (labels.length && plain[start] !== low[start] && ENDINGS.has(labels[labels.length - 1]) && !ENDINGS.has(label)) break;
      labels.push(label);
      if (isDomain(labels, isSure && !spelled) && (spelled || !isWord)) end = last;
      const dot = at(DOT, low, last);
      if (plain[last] === ".") start = last + 1;
      else if (dot) [start, spelled] = [last + dot[0].length, true];
      else break;
    }
    return [end, spelled];
  }

  function labelEnd(plain, start, mixed) {
    let end = start;
    const most = Math.min(plain.length, start + mails.longest);
    while (end < most && LABEL.test(plain[end]) && (mixed || !SPACELESS.test(plain[end]))) end += 1;
    while (end > start && plain[end - 1] === "-") end -= 1;
    return end;
  }

  function isDomain(labels, isSure) {
    const last = labels[labels.length - 1];
    if (labels.length === 1) return PROVIDERS.has(last);
    if (ENDINGS.has(last) || !isSure) return ENDINGS.has(last);
    return last.startsWith("xn--") || (last.length > 1 && !/[0-9]/.test(last)) || (labels.length === 4 && /^[0-9]+$/.test(last));
  }

  // -- accounts

  const STRUCTURES = new Map(accounts.structures.split(" ").map((one) => [one.slice(0, 2),
    Array.from(one.slice(2).matchAll(/([0-9]+)([nac])/g), ([, count, kind]) => kind.repeat(Number(count))).join("")]));
  const KINDS = new Map(Object.entries(accounts.classes).map(([kind, source]) => [kind, pattern(source)]));
  const GAP = pattern(accounts.gap);
  const CARD_GAP = whole(accounts.cardGap);
  const CARDS = whole(accounts.cards);
  const isEither = (character) => character !== undefined && KINDS.get("c").test(character);

  function inIbans({ plain, low }) {
    const found = [];
    let done = 0;
    for (const head of all(accounts.head, plain)) {
      const start = head.index;
      const glued = start > 0 && isEither(plain[start - 1]) && low.slice(Math.max(start - 4, 0), start) !== "iban";
      const end = glued || start < done ? 0 : ibanEnd(plain, head[0], start + head[0].length);
      if (end) {
        found.push([start, end]);
        done = end;
      }
    }
    return found;
  }

  function ibanEnd(plain, head, from) {
    const [country, check] = [head.slice(0, 2).toUpperCase(), head.replace(/[^0-9]/g, "")];
    let [account, place] = ["", from];
    for (const kind of STRUCTURES.get(country) || "") {
      for (let i = 0; i < accounts.gaps; i++) if (place < plain.length && GAP.test(plain[place])) place += 1;
      if (place === plain.length || !KINDS.get(kind).test(plain[place])) return 0;
      account += plain[place].toUpperCase();
      place += 1;
    }
    if (!account || isEither(plain[place])) return 0;
    let rest = 0;
    for (const one of account + country + check) rest = (rest * (one > "9" ? 100 : 10) + parseInt(one, 36)) % 97;
    return rest === 1 ? place : 0;
  }

  const digitsOf = (plain) => all(NUMBER, plain).map((one) => ({ digits: one[0], start: one.index, end: one.index + one[0].length }));

  function inCards({ plain }) {
    const groups = digitsOf(plain);
    const found = [];
    let done = 0;
    groups.forEach(({ start }, first) => {
      const end = start >= done && plain[start - 1] !== "+" ? cardEnd(plain, groups, first) : 0;
      if (end) {
        found.push([start, end]);
        done = end;
      }
    });
    return found;
  }

  function cardEnd(plain, groups, first) {
    let [digits, found] = ["", 0];
    for (let place = first; place < Math.min(first + 7, groups.length); place++) {
      const { start, end } = groups[place];
      if (end - start > 19 || (place > first && !CARD_GAP.test(plain.slice(groups[place - 1].end, start)))) break;
      digits += groups[place].digits;
      if (digits.length > 19) break;
      if (CARDS.test(digits) && luhn(digits)) found = end;
      if (end - start < 3) break;
    }
    return found;
  }

  function luhn(digits) {
    let sum = 0;
    for (let place = 0; place < digits.length; place++) {
      const number = Number(digits[digits.length - 1 - place]) * (1 + (place % 2));
      sum += Math.floor(number / 10) + (number % 10);
    }
    return sum % 10 === 0;
  }

  // -- plates

  const DISTRICTS = named(plates.districts);
  const WORDS = named(plates.words);
  const PLATE_CUE = pattern(plates.cue);
  const upper = (text) => text.replace(/[a-zäöü]/gu, (letter) => letter.toUpperCase());
  const spanOf = (match) => [match.index + match[1].length, match.index + match[1].length + match[2].length];
  const says = (plate) => (plate.match(/[A-ZÄÖÜ]+/gu) || []).some((letters) => WORDS.has(letters));

  function isGerman(district, letters) {
    const [one, two] = [upper(district), upper(letters)];
    return DISTRICTS.has(one) && !WORDS.has(two) && !plates.never.includes(`${one}-${two}`);
  }

  function inPlates({ plain, low }) {
    const shouts = !/[a-zß-ÿ]/u.test(plain) && (plain.match(/[A-Z]/g) || []).length >= plates.shouted;
    const found = [];
    for (const [source, check] of plates.forms) {
      for (const match of all(source, plain)) {
        if (["loud", "both"].includes(check) && (shouts || says(match[2]))) continue;
        if (["district", "both"].includes(check) && !isGerman(match[3], match[4])) continue;
        found.push(spanOf(match));
      }
    }
    for (const match of all(plates.piece, plain)) {
      const [start] = spanOf(match);
      if (PLATE_CUE.test(low.slice(Math.max(start - plates.before, 0), start))) found.push(spanOf(match));
    }
    found.sort((one, two) => one[0] - two[0] || one[1] - two[1]);
    return found.reduce((kept, span) => (kept.length && span[0] < kept[kept.length - 1][1] ? kept : [...kept, span]), []);
  }

  // -- telephones

  const PHONE_GAP = whole(phones.gap);
  const [CUE, OTHERS] = [phones.cue, phones.others].map((one) => pattern(one));
  const [EVEN, WHOLE] = [phones.even, phones.whole].map(whole);
  const SHAPES = new Map(Object.entries(phones.shapes).map(([shape, begins]) => [shape, pattern(begins)]));
  const COUNTRIES = new Map(Object.entries(phones.countries));
  const isApart = ({ gap }) => gap === null || /[ \n]/.test(gap);

  function inPhones({ plain: text, low }) {
    let plain = text;
    for (const never of [phones.date, phones.hours]) {
      plain = plain.replace(pattern(never, "gu"), (found, before) => before + folds.other.repeat(found.length - before.length));
    }
    const groups = digitsOf(plain);
    groups.forEach((group, place) => {
      const between = place ? plain.slice(groups[place - 1].end, group.start) : "";
      group.gap = PHONE_GAP.test(between) && between.split("\n").length < 3 ? between : null;
    });
    const found = [];
    for (let place = 0; place < groups.length; place++) {
      const [start, last] = phoneAt(plain, low, groups, place);
      if (last < 0) continue;
      found.push([start, groups[last].end]);
      place = last;
    }
    return found;
  }

  function phoneAt(plain, low, groups, place) {
    const group = groups[place];
    const plus = ["+(", "+ (", "(+", "+ ", "+"].find((sign) => plain.slice(0, group.start).endsWith(sign)) || "";
    let start = group.start - plus.length;
    if (plus || (group.digits.startsWith("00") && isApart(group))) {
      const last = abroad(groups, place, plus ? 0 : 2);
      if (last >= 0) return [start, last];
    }
    const before = low.slice(Math.max(group.start - phones.before, 0), group.start);
    const inBrackets = start > 0 && plain[start - 1] === "(";
    if (!isApart(group) && !inBrackets && group.gap !== "/" && group.gap !== "(") return [start, -1];
    const isOther = OTHERS.test(before);
    start -= Number(inBrackets);
    const called = CUE.test(before) && !isOther ? run(groups, place, 7) : -1;
    if (called >= 0) return [start, called];
    if (group.digits[0] === "0") {
      const isHome = !["0", ""].includes(group.digits.slice(1, 2)) || (inBrackets && group.digits === "0");
      return [start, isHome ? run(groups, place, 9) : -1];
    }
    const last = shaped(groups, place);
    const isWhole = WHOLE.test(group.digits) && (place + 1 === groups.length || isApart(groups[place + 1]));
    return [start, last >= 0 || !isWhole || isOther ? last : place];
  }

  function abroad(groups, from, skip) {
    const known = groups.slice(from, from + 3).map(({ digits }) => digits).join("").slice(skip, skip + 3);
    const code = [1, 2, 3].map((size) => known.slice(0, size)).find((one) => COUNTRIES.has(one));
    let most = (code ? COUNTRIES.get(code) : phones.most) + skip;
    let [total, last] = [0, -1];
    for (let here = from; here < groups.length; here++) {
      const group = groups[here];
      const size = group.digits.length;
      if (here > from && (group.gap === null || isNext(group, total - skip))) break;
      if (here > from && here < from + 3 && group.digits[0] === "0" && group.gap.endsWith("(")) most += 1;
      if (total + size > most && here > from) break;
      [total, last] = [total + size, here];
    }
    return total - skip >= 8 && total - skip <= phones.most + 1 ? last : -1;
  }

  const isNext = (group, total) => total >= 9 && group.digits.length === 1 && isApart(group);

  function run(groups, from, least) {
    let total = groups[from].digits.length;
    let last = from;
    while (last + 1 < groups.length && goesOn(groups, from, last, total)) {
      last += 1;
      total += groups[last].digits.length;
    }
    return total >= least && total <= 12 ? last : -1;
  }

  function goesOn(groups, first, last, total) {
    const group = groups[last + 1];
    const [size, before] = [group.digits.length, groups[last].digits.length];
    if (group.gap === null || total + size > 12 || isNext(group, total)) return false;
    if (total < 9 || !isApart(group)) return true;
    if (total === 9) return size === 1 || Math.min(before, size) > 2 || (size === before && groups[first].digits.length > 3);
    return total === 10 && size === 2 && before === 2 && groups[first].digits.length > 2;
  }

  function shaped(groups, from) {
    const [sizes, gaps] = [[], new Set()];
    let found = -1;
    for (let here = from; here < Math.min(from + 5, groups.length); here++) {
      if (here > from && groups[here].gap === null) break;
      if (here > from) gaps.add(groups[here].gap);
      sizes.push(groups[here].digits.length);
      const shape = sizes.join("-");
      const ends = here + 1 === groups.length || isApart(groups[here + 1]);
      const begins = SHAPES.has(shape) && SHAPES.get(shape).test(groups[from].digits[0]);
      if (ends && begins && (phones.broad.includes(shape) || (gaps.size === 1 && EVEN.test([...gaps][0])))) found = here;
    }
    return found;
  }

  // -- all of it

  const WORTH = pattern(`[0-9@]|${mails.at}`);
  const KINDS_OF = [inMails, inIbans, inCards, inPlates, inPhones];

  function once(text) {
    return KINDS_OF.reduce((before, spans, kind) => {
      const told = fold(before);
      return WORTH.test(told.low) ? replaced(before, told, spans(told), tokens[kind]) : before;
    }, text);
  }

  function replaced(text, { plain, places }, spans, token) {
    const parts = [];
    let done = 0;
    for (const [start, end] of spans) {
      const first = start ? places[start - 1] + 1 : 0;
      parts.push(...text.slice(done, Math.max(done, first)), ...token);
      done = end < plain.length ? places[end] : text.length;
    }
    return [...parts, ...text.slice(done)];
  }

  /* The text without what could reach or identify somebody. */
  function mask(text) {
    for (let before = Array.from(text); ; ) {
      const masked = once(before);
      if (masked.length === before.length && masked.every((one, place) => one === before[place])) return masked.join("");
      before = masked;
    }
  }

  return { mask };
})();
