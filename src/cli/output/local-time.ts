/** A time in the local time zone: `14:20`, and with its date when that is not today. */
export function localTime(at: number, now: number): string {
  const clock = `${two(new Date(at).getHours())}:${two(new Date(at).getMinutes())}`;
  const day = dayOf(at);
  return day === dayOf(now) ? clock : `${day} ${clock}`;
}

function dayOf(at: number): string {
  const date = new Date(at);
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

const two = (number: number): string => String(number).padStart(2, "0");
