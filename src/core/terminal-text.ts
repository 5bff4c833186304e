/**
 * One alternative per kind of ECMA-48 sequence. Strings (OSC, DCS, SOS, PM, APC) end at BEL or ST;
 * one that never ends is cut at the next ESC or line end, so that the text after it stays.
 * Every class excludes what ends it, which keeps the match linear in the text.
 */
const controls = new RegExp(
  [
    String.raw`(?<sgr>\u001b\[[0-9;:]{0,64}m)`,
    String.raw`(?:\u001b\[|\u009b)[0-?]*[ -/]*[@-~]?`,
    String.raw`(?:\u001b[\]PX^_]|[\u009d\u0090\u0098\u009e\u009f])[^\u0007\u001b\u009c\n]*(?:\u0007|\u001b\\|\u009c)?`,
    String.raw`\u001b[ -/]*[0-~]?`,
    String.raw`[\u0000-\u0008\u000a-\u001f\u007f-\u009f]`,
    String.raw`[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]`,
  ].join("|"),
  "g",
);

/** Makes one line of text from others safe to show: it keeps only tabs and SGR colours, and resets a colour at the end. It removes line ends too, so split first. */
export function stripControls(text: string): string {
  let colour = "";
  const safe = text.replace(controls, (_match, sgr: string | undefined) => {
    if (sgr === undefined) return "";
    colour = sgr;
    return sgr;
  });
  return isReset(colour) ? safe : `${safe}\u001b[0m`;
}

/** Does the same without colours, for names, messages and all text that is compared: it keeps only tabs and visible characters. */
export const plainText = (text: string): string => text.replace(controls, "");

const isReset = (sgr: string): boolean => /^(?:|.\[(?:.*;)?0*m)$/s.test(sgr);
