/** What is wrong with a new password, as the server would say it; null when nothing is. */
export function passwordProblem(password: string, user: string): string | null {
  if ([...password].length < 12) return 'At least 12 characters.'
  const lower = password.toLowerCase()
  const rest = user === '' ? lower : lower.replaceAll(user.toLowerCase(), '')
  if ([...rest].length < 6 || new Set(rest).size < 4) return 'Not the user’s name, nor one character again and again.'
  return null
}
