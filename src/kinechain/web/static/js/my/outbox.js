// Entries that wait on this phone until the clinic's server has them. A plain script: pages and the service worker share it.
self.outbox = (() => {
  "use strict";
  const NAME = "kinechain";
  const STORE = "outbox";
  const MOST = 100;

  function open() {
    return new Promise((resolve, reject) => {
      const asked = indexedDB.open(NAME, 1);
      asked.onupgradeneeded = () => asked.result.createObjectStore(STORE, { keyPath: "id" });
      asked.onsuccess = () => resolve(asked.result);
      asked.onerror = () => reject(asked.error);
    });
  }

  async function within(mode, work) {
    const database = await open();
    try {
      return await new Promise((resolve, reject) => {
        const transaction = database.transaction(STORE, mode, { durability: "strict" });
        const asked = work(transaction.objectStore(STORE));
        transaction.oncomplete = () => resolve(asked?.result);
        transaction.onabort = () => reject(transaction.error);
        transaction.onerror = () => reject(transaction.error);
      });
    } finally {
      database.close();
    }
  }

  /** An id nobody else makes, also where the page came by plain http. */
  function newId() {
    if (self.crypto.randomUUID) return self.crypto.randomUUID();
    const bytes = self.crypto.getRandomValues(new Uint8Array(16));
    bytes[6] = (bytes[6] & 15) | 64;
    bytes[8] = (bytes[8] & 63) | 128;
    const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
  }

  /** The moment by the clock of this phone, with its offset. */
  function stamp(moment = new Date()) {
    const offset = -moment.getTimezoneOffset();
    const local = new Date(moment.getTime() + offset * 60000).toISOString().slice(0, 19);
    const two = (number) => String(Math.floor(Math.abs(number))).padStart(2, "0");
    return `${local}${offset < 0 ? "-" : "+"}${two(offset / 60)}:${two(offset % 60)}`;
  }

  /** Keep an entry, and where it tells of a danger, the words that stop the exercises and the number to call. */
  const put = (owner, entry, { words: stop = "", call = "" } = {}) =>
    within("readwrite", (store) => store.put({ id: entry.id, owner, entry, stop, call, why: "", kept: Date.now() }));
  const all = () => within("readonly", (store) => store.getAll());
  const remove = (ids) => within("readwrite", (store) => ids.map((id) => store.delete(id))[0]);
  const mark = (rows) => within("readwrite", (store) => rows.map((row) => store.put(row))[0]);

  /** What waits for one person: to be sent, and refused with a reason. */
  async function waiting(owner) {
    const rows = (await all()).filter((row) => !owner || row.owner === owner);
    return { open: rows.filter((row) => !row.why), refused: rows.filter((row) => row.why) };
  }

  /** What somebody wrote of a danger that the server has not taken: it stops the exercises here too. */
  async function held(owner) {
    return (await all()).filter((row) => row.owner === owner && row.stop);
  }

  /** One after the other, also over tabs and the service worker. */
  async function alone(work) {
    if (self.navigator.locks) return self.navigator.locks.request("kinechain-outbox", work);
    return work();
  }

  /**
   * Send what waits; every entry is removed only after the server named it, and sending twice changes nothing.
   * Returns { state: 'sent' | 'nothing' | 'offline' | 'closed' | 'other', answers, left, stopped }; `stopped` tells
   * that a danger was among what the server took, so that what is kept of the exercises is out of date.
   */
  function send() {
    return alone(async () => {
      const rows = (await all()).filter((row) => !row.why);
      if (!rows.length) return { state: "nothing", answers: [], left: 0 };
      let key;
      try {
        const asked = await fetch("/my/token", { credentials: "same-origin", cache: "no-store", headers: { Accept: "application/json" } });
        if (asked.status === 401) return { state: "closed", answers: [], left: rows.length };
        if (!asked.ok) return { state: "offline", answers: [], left: rows.length };
        key = await asked.json();
      } catch {
        return { state: "offline", answers: [], left: rows.length };
      }
      // What somebody else wrote on this phone waits until their own link is opened again.
      const mine = rows.filter((row) => row.owner === key.owner);
      if (!mine.length) return { state: "other", answers: [], left: rows.length };
      const answers = [];
      let stopped = false;
      for (let first = 0; first < mine.length; first += MOST) {
        const batch = mine.slice(first, first + MOST);
        try {
          const answer = await fetch("/my/events", {
            method: "POST",
            credentials: "same-origin",
            headers: { "Content-Type": "application/json", Accept: "application/json", "X-CSRF-Token": key.csrf },
            body: JSON.stringify(batch.map((row) => row.entry)),
          });
          if (answer.status === 401) return { state: "closed", answers, left: mine.length, stopped };
          const content = await answer.json();
          if (!answer.ok) return { state: "offline", answers, left: mine.length, stopped, said: content.error };
          await remove(content.accepted);
          stopped ||= Boolean(content.stop) || batch.some((row) => row.stop && content.accepted.includes(row.id));
          const why = new Map(content.refused.map((row) => [row.id, row.why]));
          const refused = batch.filter((row) => why.has(row.id)).map((row) => ({ ...row, why: why.get(row.id) }));
          if (refused.length) await mark(refused);
          answers.push(content);
        } catch {
          return { state: "offline", answers, left: mine.length, stopped };
        }
      }
      return { state: "sent", answers, left: 0, stopped };
    });
  }

  return { newId, stamp, put, remove, waiting, held, send };
})();
