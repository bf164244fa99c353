/* What waits in a tablet's own store is for its gateway alone: sealed to the gateway's public key, with a key that is
   forgotten at once, and all of one length. kiosk/sealed.py opens it. */
"use strict";

const Seal = (() => {
  const BLOCK = 12 * 1024; // whatever was written fits, so its length tells nothing
  const CURVE = { name: "ECDH", namedCurve: "P-256" };
  const utf8 = new TextEncoder();
  const { subtle } = crypto;
  const theirs = subtle && subtle.importKey("raw", bytes(document.querySelector("main").dataset.seal), CURVE, false, []);

  function bytes(base64) {
    return Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  }

  function base64(parts) {
    return btoa(parts.map((part) => Array.from(new Uint8Array(part), (byte) => String.fromCharCode(byte)).join("")).join(""));
  }

  function padded(record) {
    const told = utf8.encode(JSON.stringify(record));
    const whole = new Uint8Array(Math.ceil(told.length / BLOCK) * BLOCK).fill(0x20); // spaces after it mean nothing
    whole.set(told);
    return whole;
  }

  /* The record as it may be stored. Rejects where this browser can't. */
  async function close(record) {
    const { id, rev, kind, screen, load, ended } = record;
    const ours = await subtle.generateKey(CURVE, false, ["deriveBits"]);
    const point = await subtle.exportKey("raw", ours.publicKey);
    const shared = await subtle.deriveBits({ name: "ECDH", public: await theirs }, ours.privateKey, 256);
    const known = await subtle.importKey("raw", shared, "HKDF", false, ["deriveKey"]);
    const derived = { name: "HKDF", hash: "SHA-256", salt: point, info: utf8.encode("smilepost sealed 1") };
    const key = await subtle.deriveKey(derived, known, { name: "AES-GCM", length: 256 }, false, ["encrypt"]);
    const iv = crypto.getRandomValues(new Uint8Array(12));
    const about = utf8.encode(`${id} ${rev} ${screen} ${load}`);
    const sealed = base64([point, iv, await subtle.encrypt({ name: "AES-GCM", iv, additionalData: about }, key, padded(record))]);
    return { id, rev, ...(kind ? { kind } : {}), screen, load, ended, sealed };
  }

  return { close };
})();
