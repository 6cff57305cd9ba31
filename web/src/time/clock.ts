// The server's clock as far as the browser knows it: every "now" of the page is the server's, so that a wrong
// clock on a laptop neither hides the newest minutes nor asks for minutes to come.

let offset = 0

export function learnServerTime(serverTime: number): void {
  offset = serverTime - Date.now()
}

export function serverNow(): number {
  return Date.now() + offset
}
