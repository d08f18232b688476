// Messages as a SockJS server must write them, to the byte.

const named = { 8: '\\b', 9: '\\t', 10: '\\n', 12: '\\f', 13: '\\r', 34: '\\"', 92: '\\\\' };

// What some browser or proxy has mangled, and what is no character by itself.
const escaped = [[0x0000, 0x001f], [0x200c, 0x200f], [0x2028, 0x202f], [0x2060, 0x206f], [0xd800, 0xdfff], [0xfff0, 0xffff]];

export const escape = (unit) => `\\u${unit.toString(16).padStart(4, '0')}`;

// A JSON string. Both halves of a pair are one character, which needs no escape.
export function quoted(text) {
  return `"${Array.from(text, (character) => {
    const code = character.codePointAt(0);
    if (named[code]) return named[code];
    return escaped.some(([first, last]) => code >= first && code <= last) ? escape(code) : character;
  }).join('')}"`;
}

// The frame that brings these messages.
export const messageFrame = (...texts) => `a[${texts.map(quoted).join()}]`;

// What UTF-8 makes of a text: U+FFFD for each half of a pair that stands alone.
export const wellFormed = (text) => Buffer.from(text).toString();

// As a line of EventSource, whose clients unescape what they receive.
export const percent = (frame) => frame.replace(/[%\r\n\0]/g, (c) => (
  `%${c.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`));

// As a string in a script, which "</script>" must not end.
export const scripted = (frame) => `"${frame.replace(/["\\]/g, '\\$&').replace(/</g, '\\u003c')}"`;

// Texts that one or the other encoding has broken somewhere before.
export const hardTexts = ['</script>', '%20', '%zz', '\u2028', '\0', '', '%', '%0', '%25', '%u0041', '\r\n', '\\', '"\\\'', '\\u0041',
  '<!--', ']]>', '&lt;', '\u2028\u2029', '\ud83d\ude00', '\ud83d', '\ude00\ud83d', '\ufffd\ufffe\uffff', '\x7f\x80\x9f',
  'data: x\n\ndata: y', 'a["b"]', '\u200c\u200f\u202f\u2060\u206f\ufff0', '\u4f60 \u0439 \u00fc'];
