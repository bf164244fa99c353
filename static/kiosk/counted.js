/* What a message says of a number, in the language of a screen, where no terminal has to be asked. */
"use strict";

const Counted = (() => {
  const rules = new Map(); // one takes a while to make, and a countdown asks each second

  function category(lang, n) {
    if (!rules.has(lang)) rules.set(lang, new Intl.PluralRules(lang));
    return rules.get(lang).select(n);
  }

  /* `forms`: all that the message may say, by the category of the number (sync.i18n.forms); {n} is filled. */
  function say(forms, lang, n) {
    return (forms[category(lang, n)] || forms.other).replaceAll("{n}", n);
  }

  return { say };
})();
